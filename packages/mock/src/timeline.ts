/**
 * Timeline: work that was submitted and waits for its turn. Nothing happens on the virtual GPU until it is completed.
 *
 * Promise  work runs in the order of submission, once, when the clock of the test passes it.
 */
import type { Serial } from '@gpuheap/core';

interface Point {
  readonly serial: Serial;
  readonly resolve: () => void;
}

export class Timeline {
  /** The latest point that the clock has passed. */
  completedSerial: Serial = 0;
  /** The latest point that was set. */
  signalledSerial: Serial = 0;
  private readonly work: (() => void)[] = [];
  /** How many items of `work` lie before each point that was not passed yet. */
  private readonly points: { readonly serial: Serial; readonly before: number }[] = [];
  private readonly waiting: Point[] = [];
  private workDone = 0;
  private workCount = 0;
  private readonly runsAtOnce: boolean;

  /** `runsAtOnce`: there is no clock, everything is over when it is submitted. */
  constructor(runsAtOnce: boolean) {
    this.runsAtOnce = runsAtOnce;
  }

  /** Pieces of work that wait. */
  get pendingCount(): number {
    return this.work.length;
  }

  submit(work: () => void): void {
    if (this.runsAtOnce) {
      work();
      return;
    }
    this.work.push(work);
    this.workCount++;
  }

  signal(): Serial {
    this.signalledSerial++;
    if (this.runsAtOnce) this.completedSerial = this.signalledSerial;
    else this.points.push({ serial: this.signalledSerial, before: this.workCount });
    return this.signalledSerial;
  }

  /** Resolves when the clock has passed `serial`. */
  wait(serial: Serial): Promise<void> {
    if (serial <= this.completedSerial) return Promise.resolve();
    return new Promise((resolve) => {
      this.waiting.push({ serial, resolve });
    });
  }

  /** Runs all work up to the point `serial`. */
  completeUpTo(serial: Serial): void {
    while (this.points.length > 0 && (this.points[0] as { serial: Serial }).serial <= serial) {
      const point = this.points.shift() as { serial: Serial; before: number };
      this.runUntil(point.before);
      this.completedSerial = point.serial;
    }
    const due = this.waiting.filter((point) => point.serial <= this.completedSerial);
    for (const point of due) this.waiting.splice(this.waiting.indexOf(point), 1);
    for (const point of due) point.resolve();
  }

  /** Runs all work there is, behind the last point too. */
  completeAll(): void {
    this.completeUpTo(this.signalledSerial);
    this.runUntil(this.workCount);
  }

  /** Forgets work that has not run: the device is gone. */
  drop(): void {
    this.workDone += this.work.length;
    this.work.length = 0;
    this.points.length = 0;
    this.waiting.length = 0;
  }

  private runUntil(count: number): void {
    while (this.workDone < count) {
      const work = this.work.shift();
      this.workDone++;
      work?.();
    }
  }
}
