/**
 * Destroy queue: what is to be destroyed once the GPU has left it. For anything that a graphics API makes and
 * a callback can destroy: textures, query sets, samplers of its own pools.
 *
 * Cost     defer: O(1). boundary: O(deferred since the last). reclaim, flush: O(callbacks run).
 * Promise  callbacks run once, in the order in which they came, after a `reclaim` of the serial of the
 *          boundary that followed; the queue is whole while they run, so they may defer more. One that throws
 *          stops no other: what was thrown is gathered, and thrown as one when all have run.
 * Refusal  knows no fence: who owns the queue passes its serials. A callback that has thrown is not run
 *          again.
 */
import { checkInteger, show } from '../base/check.ts';
import { BackendError, UsageError } from '../base/errors.ts';
import type { Serial } from '../base/quantities.ts';
import { SerialQueue } from '../tables/serial-queue.ts';

/** Destroys GPU objects after their last use. */
export class DestroyQueue {
  private readonly queue: SerialQueue<() => void> = new SerialQueue();
  private lastSerial: Serial = 0;
  private stamped = 0;
  private done = 0;
  private isRunning = false;

  /** Callbacks that wait. */
  get pendingCount(): number {
    return this.queue.length;
  }

  /** Those of them that know their serial; the others wait for a boundary. */
  get stampedCount(): number {
    return this.stamped;
  }

  /** Callbacks run since construction, those included that threw. */
  get destroyedCount(): number {
    return this.done;
  }

  /**
   * `destroy` is called when the serial of the next `boundary` has completed. O(1).
   * @throws UsageError `bad-argument`
   */
  defer(destroy: () => void): void {
    if (typeof destroy !== 'function') {
      throw new UsageError('bad-argument', `destroy is ${show(destroy)}; pass a function`);
    }
    this.queue.put(destroy, 0);
  }

  /**
   * Everything recorded so far has been submitted, and `serial` is a point after it: what was deferred since
   * the last boundary waits for it. Serials never go back. O(deferred since).
   * @throws UsageError `bad-argument`
   */
  boundary(serial: Serial): void {
    checkInteger(serial, 'serial', this.lastSerial, Number.MAX_SAFE_INTEGER, 'bad-argument');
    this.lastSerial = serial;
    this.queue.stamp(serial);
    this.stamped = this.queue.length;
  }

  /**
   * Runs what waits for nothing later than `completedSerial`; answers how many. Within a callback it does
   * nothing and answers 0. O(callbacks run).
   * @throws UsageError `bad-argument` · BackendError `backend-failed` when callbacks threw; `cause` is an
   *   AggregateError of what they threw
   */
  reclaim(completedSerial: Serial): number {
    checkInteger(completedSerial, 'completedSerial', 0, Number.MAX_SAFE_INTEGER, 'bad-argument');
    return this.run(completedSerial);
  }

  /**
   * The device is idle: runs all that waits now, with a serial or without; answers how many. What callbacks
   * defer meanwhile waits for its own turn. Within a callback it does nothing and answers 0.
   * O(callbacks run).
   * @throws BackendError as `reclaim` does
   */
  flush(): number {
    return this.run(undefined);
  }

  /** Runs those of the callbacks waiting now that are due, or all of them when `due` is undefined. */
  private run(due: Serial | undefined): number {
    if (this.isRunning) return 0;
    this.isRunning = true;
    let errors: unknown[] | undefined;
    const before = this.done;
    // No more than wait now: a callback that defers itself again must not keep this running.
    for (let left = this.queue.length; left > 0 && (due === undefined || this.queue.isDue(due)); left--) {
      const destroy = this.queue.peekItem();
      this.queue.drop();
      if (this.stamped > 0) this.stamped--;
      this.done++;
      try {
        destroy();
      } catch (error) {
        errors ??= [];
        errors.push(error);
      }
    }
    this.isRunning = false;
    const count = this.done - before;
    if (errors !== undefined) throw failureOf(errors, count);
    return count;
  }
}

function failureOf(errors: unknown[], count: number): BackendError {
  const first = errors[0] instanceof Error ? errors[0].message : show(errors[0]);
  return new BackendError(
    'backend-failed',
    `${errors.length} of ${count} destroy callbacks threw, the first: ${first}; all have run, see cause.errors`,
    { cause: new AggregateError(errors) },
  );
}
