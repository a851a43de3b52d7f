/**
 * Waiting: for what takes time, at most until somebody has had enough.
 *
 * Promise  the work goes on by itself; nothing listens to the signal any more when it has ended.
 */
import type { AbortSignalLike } from './residency-options.ts';

/** As `work`, but rejects with the signal's reason as soon as it is aborted. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignalLike | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort);
    const end = (): void => signal.removeEventListener('abort', abort);
    work.then(
      (value) => {
        end();
        resolve(value);
      },
      (error: unknown) => {
        end();
        reject(error);
      },
    );
  });
}

/** @throws the signal's reason when it is aborted */
export function checkAborted(signal: AbortSignalLike | undefined): void {
  if (signal?.aborted === true) throw signal.reason;
}
