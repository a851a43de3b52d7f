/**
 * Timeline: work in the order of its submission, done when the clock is moved and not before.
 *
 * Cost     O(1) a piece of work.
 * Promise  in order; `completedSerial` only grows. Work of a stopped timeline is never done.
 */
import { checkInteger, type Serial } from '@gpuheap/core/backend';

interface Entry {
  readonly run: () => void;
  /** The serial that this entry signals, if it signals one. */
  readonly serial: Serial | undefined;
}

interface HeldFence {
  readonly serial: Serial;
  stepsLeft: number;
}

/** The queue of one virtual GPU. */
export class Timeline {
  private readonly isEager: boolean;
  private readonly onReached: (serial: Serial) => void;
  private queue: Entry[] = [];
  private head = 0;
  private endings: (() => void)[] = [];
  private held: HeldFence[] = [];
  private signalled: Serial = 0;
  private completed: Serial = 0;
  private isStopped = false;

  /**
   * `isEager`: work is done the moment it is submitted. `onReached` runs whenever `completedSerial` has
   * grown.
   */
  constructor(isEager: boolean, onReached: (serial: Serial) => void) {
    this.isEager = isEager;
    this.onReached = onReached;
  }

  /** The latest serial that was signalled. */
  get signalledSerial(): Serial {
    return this.signalled;
  }

  /** The latest serial that is known to be reached. */
  get completedSerial(): Serial {
    return this.completed;
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

  /** A serial after everything submitted so far, which is reported `heldSteps` completions late. */
  signal(heldSteps = 0): Serial {
    this.signalled++;
    const serial = this.signalled;
    if (this.isStopped) return serial;
    const reach = (): void => {
      if (heldSteps === 0) this.reach(serial);
      else this.held.push({ serial, stepsLeft: heldSteps });
    };
    if (this.isIdleAndEager) reach();
    else this.queue.push({ run: reach, serial });
    return serial;
  }

  /** Runs when the completion in progress has done its last piece of work. */
  atEnd(run: () => void): void {
    this.endings.push(run);
  }

  /**
   * Does the work up to a signal, and all of it that comes before. A serial that is reached already needs no
   * work.
   * @throws UsageError `bad-argument` for a serial that was never signalled
   */
  completeUpTo(serial: Serial): void {
    checkInteger(serial, 'serial', 0, this.signalled, 'bad-argument');
    const last = this.queue.findIndex((entry, index) => index >= this.head && entry.serial === serial);
    this.complete(last + 1);
  }

  /** Does all the work. */
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

  /** One completion: the entries before `end`. */
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
    this.onReached(serial);
  }
}
