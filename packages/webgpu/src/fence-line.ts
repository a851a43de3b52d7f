/**
 * Fence line: serials of one queue, and how far the queue has come.
 *
 * Cost     `signal` O(1) and one promise of the queue; reaching a serial is O(waiters).
 * Promise  `completedSerial` only grows, and stays where it is once the device is lost.
 * Source   WebGPU: `onSubmittedWorkDone` promises of one queue settle in call order.
 */
import { BackendError, type Serial, UsageError } from '@gpuheap/core';
import type { WebGpuBuffer, WebGpuQueue } from './device-types.ts';
import type { LossWatch } from './loss-watch.ts';

interface Waiter {
  readonly serial: Serial;
  readonly resolve: () => void;
  readonly reject: (error: BackendError) => void;
}

/** Serials of one queue. */
export class FenceLine<Buffer extends WebGpuBuffer> {
  private readonly queue: WebGpuQueue<Buffer>;
  private readonly watch: LossWatch;
  private signalled: Serial = 0;
  private completed: Serial = 0;
  private waiters: Waiter[] = [];

  constructor(queue: WebGpuQueue<Buffer>, watch: LossWatch) {
    this.queue = queue;
    this.watch = watch;
  }

  /** The latest serial known to be reached. */
  get completedSerial(): Serial {
    return this.completed;
  }

  /** A serial after everything submitted so far. */
  signal(): Serial {
    this.signalled += 1;
    const serial = this.signalled;
    // A fence of a lost device resolves: the loss is looked at first, and no fence is asked for after it.
    if (this.watch.isLost) return serial;
    this.queue.onSubmittedWorkDone().then(
      () => this.reach(serial),
      (error: unknown) => this.fail(serial, error),
    );
    return serial;
  }

  /**
   * Resolves when `serial` is reached. @throws UsageError `bad-argument` for one that was never signalled.
   */
  whenCompleted(serial: Serial): Promise<void> {
    if (!Number.isSafeInteger(serial) || serial < 0 || serial > this.signalled) {
      throw new UsageError(
        'bad-argument',
        `serial is ${String(serial)}; pass one that signal() returned, 0 to ${this.signalled}`,
      );
    }
    if (serial <= this.completed) return Promise.resolve();
    return this.watch.guard(
      new Promise<void>((resolve, reject) => {
        this.waiters.push({ serial, resolve, reject });
      }),
    );
  }

  private reach(serial: Serial): void {
    if (this.watch.isLost || serial <= this.completed) return;
    this.completed = serial;
    for (const waiter of this.takeWaiters(serial)) waiter.resolve();
  }

  private fail(serial: Serial, cause: unknown): void {
    // A later fence still completes this serial; only those who wait now must not wait for ever.
    const error = new BackendError('backend-failed', `the fence of serial ${serial} failed`, { cause });
    for (const waiter of this.takeWaiters(serial)) waiter.reject(error);
  }

  private takeWaiters(upTo: Serial): Waiter[] {
    const due = this.waiters.filter((waiter) => waiter.serial <= upTo);
    this.waiters = this.waiters.filter((waiter) => waiter.serial > upTo);
    return due;
  }
}
