/**
 * Timeline: one queue's work in the order of its submission, done when the clock is moved and not before.
 *
 * Cost     O(1) a piece of work; reaching a signal is O(serials that are open).
 * Promise  in order; `completedSerial` only grows. Work of a stopped timeline is never done.
 */
import type { Serial } from '@gpuheap/core/backend';

interface Entry {
  readonly run: () => void;
  /** The serial that this entry signals, if it signals one. */
  readonly serial: Serial | undefined;
}

interface HeldFence {
  readonly serial: Serial;
  stepsLeft: number;
}

/** One queue of the virtual GPU. */
export class Timeline {
  private readonly isEager: boolean;
  private readonly onReached: () => void;
  private queue: Entry[] = [];
  private head = 0;
  private endings: (() => void)[] = [];
  private held: HeldFence[] = [];
  /** Serials that are signalled and not reached, in order. */
  private open: Serial[] = [];
  private completed: Serial = 0;
  private isStopped = false;

  /** `isEager`: work is done the moment it is submitted. `onReached` runs whenever a serial was reached. */
  constructor(isEager: boolean, onReached: () => void) {
    this.isEager = isEager;
    this.onReached = onReached;
  }

  /** The latest serial of this timeline that is known to be reached. */
  get completedSerial(): Serial {
    return this.completed;
  }

  /** The first serial that is signalled and not reached, if there is one. */
  get firstOpenSerial(): Serial | undefined {
    return this.open[0];
  }

  /** Whether a serial is signalled here and not reached. O(open serials) */
  isOpen(serial: Serial): boolean {
    return this.open.includes(serial);
  }

  /** Pieces of work, signals included, that are submitted and not done. */
  get queuedCount(): number {
    return this.queue.length - this.head;
  }

  /** Whether something that is submitted would be done at once. */
  get isIdleAndEager(): boolean {
    return this.isEager && this.queuedCount === 0;
  }

  /** Queues one piece of work. */
  submit(run: () => void): void {
    if (this.isStopped) return;
    if (this.isIdleAndEager) run();
    else this.queue.push({ run, serial: undefined });
  }

  /** `serial`, above all before, comes after everything submitted, told `heldSteps` completions late. */
  signal(serial: Serial, heldSteps: number): void {
    this.open.push(serial);
    if (this.isStopped) return;
    const reach = (): void => {
      if (heldSteps === 0) this.reach(serial);
      else this.held.push({ serial, stepsLeft: heldSteps });
    };
    if (this.isIdleAndEager) reach();
    else this.queue.push({ run: reach, serial });
  }

  /** Runs when the completion in progress has done its last piece of work. */
  atEnd(run: () => void): void {
    this.endings.push(run);
  }

  /** One completion: the work up to the last signal that is not above `serial`, and all that comes before. */
  completeUpTo(serial: Serial): void {
    this.complete(
      this.queue.findLastIndex((entry) => entry.serial !== undefined && entry.serial <= serial) + 1,
    );
  }

  /** One completion: all the work. */
  completeAll(): void {
    this.complete(this.queue.length);
  }

  /** Drops all work. */
  stop(): void {
    this.isStopped = true;
    this.queue = [];
    this.head = 0;
    this.endings = [];
    this.held = [];
  }

  /** Does the entries before `end`. */
  private complete(end: number): void {
    for (const fence of this.held) fence.stepsLeft--;
    for (const fence of this.held) if (fence.stepsLeft === 0) this.reach(fence.serial);
    this.held = this.held.filter((fence) => fence.stepsLeft > 0);
    while (this.head < end) {
      const entry = this.queue[this.head] as Entry;
      this.head++;
      entry.run();
    }
    for (const run of this.endings) run();
    this.endings = [];
    this.queue = this.queue.slice(this.head);
    this.head = 0;
  }

  private reach(serial: Serial): void {
    if (serial <= this.completed) return;
    this.completed = serial;
    this.open = this.open.filter((other) => other > serial);
    this.onReached();
  }
}
