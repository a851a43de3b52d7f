/**
 * Error scopes: runs device calls and tells afterwards what the device thought of them.
 *
 * Cost     two scopes and one promise a run.
 * Promise  no out-of-memory or validation error of the run reaches the device's `uncapturederror`; scopes
 *          stay balanced.
 * Refusal  a lost device reports nothing: look at the loss as well.
 */
import type { WebGpuBuffer, WebGpuDevice } from './device-types.ts';

/** What went wrong in one run; `undefined` where nothing did. */
export interface ScopeVerdict {
  readonly outOfMemory: string | undefined;
  readonly validation: string | undefined;
}

/** A verdict with nothing to say. */
export const NOTHING_WRONG: ScopeVerdict = { outOfMemory: undefined, validation: undefined };

/** What `run` returned, and the verdict, which never rejects. What `run` throws is passed on. */
export interface ScopedRun<Result> {
  readonly result: Result;
  readonly verdict: Promise<ScopeVerdict>;
}

/** Runs `run` at once inside an out-of-memory and a validation scope. */
export function runInScopes<Buffer extends WebGpuBuffer, Result>(
  device: WebGpuDevice<Buffer>,
  run: () => Result,
): ScopedRun<Result> {
  device.pushErrorScope('validation');
  device.pushErrorScope('out-of-memory');
  let result: Result;
  let verdict: Promise<ScopeVerdict>;
  try {
    result = run();
  } finally {
    verdict = popVerdict(device);
  }
  return { result, verdict };
}

function popVerdict<Buffer extends WebGpuBuffer>(device: WebGpuDevice<Buffer>): Promise<ScopeVerdict> {
  const messages = [popMessage(device), popMessage(device)] as const;
  return Promise.all(messages).then(([outOfMemory, validation]) => ({ outOfMemory, validation }));
}

/** The message of the innermost scope; a scope that can not be read counts as an error with that message. */
function popMessage<Buffer extends WebGpuBuffer>(device: WebGpuDevice<Buffer>): Promise<string | undefined> {
  return device.popErrorScope().then(
    (error) => (error === null ? undefined : error.message || 'no reason given'),
    (error: unknown) => `the error scope could not be read: ${String(error)}`,
  );
}
