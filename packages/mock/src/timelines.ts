/**
 * Timelines: the queues of one virtual GPU, and the one numbering of their signals.
 *
 * Cost     O(timelines) a question or completion, beside the work that is done.
 * Promise  serials grow from signal to signal, whatever the timeline; `completedSerial` only grows. Nothing
 *          orders the work of one timeline with that of another but the clock.
 */
import { checkInteger, checkTimeline, type Serial } from '@gpuheap/core/backend';
import { Timeline } from './timeline.ts';

/** The queues of one virtual GPU. */
export class Timelines {
  private readonly all: Timeline[];
  private signalled: Serial = 0;

  /** `isEager`: work is done the moment it is submitted. `onReached` runs whenever a serial was reached. */
  constructor(count: number, isEager: boolean, onReached: () => void) {
    this.all = Array.from({ length: count }, () => new Timeline(isEager, onReached));
  }

  get count(): number {
    return this.all.length;
  }

  /** @throws UsageError `bad-argument` when there is no such timeline */
  at(timeline: number): Timeline {
    checkTimeline(timeline, this.all.length);
    return this.all[timeline] as Timeline;
  }

  /** The latest serial that was signalled, on whatever timeline. */
  get signalledSerial(): Serial {
    return this.signalled;
  }

  /** The largest serial that is reached with all before it, on every timeline. */
  get completedSerial(): Serial {
    let completed = this.signalled;
    for (const { firstOpenSerial } of this.all) {
      if (firstOpenSerial !== undefined && firstOpenSerial <= completed) completed = firstOpenSerial - 1;
    }
    return completed;
  }

  /** Whether a serial that was signalled is reached on its own timeline. */
  isReached(serial: Serial): boolean {
    return !this.all.some((timeline) => timeline.isOpen(serial));
  }

  /** Pieces of work, signals included, that are submitted and not done. */
  get queuedCount(): number {
    return this.all.reduce((count, timeline) => count + timeline.queuedCount, 0);
  }

  /**
   * The next serial, after everything submitted to one timeline, reported `heldSteps` completions late.
   * @throws UsageError `bad-argument` when there is no such timeline
   */
  signal(timeline: number, heldSteps: number): Serial {
    const chosen = this.at(timeline);
    this.signalled++;
    chosen.signal(this.signalled, heldSteps);
    return this.signalled;
  }

  /**
   * Does the work of every timeline up to its last signal that is not above `serial`. A serial that is
   * reached already needs no work.
   * @throws UsageError `bad-argument` for a serial that was never signalled
   */
  completeUpTo(serial: Serial): void {
    this.checkSignalled(serial);
    for (const timeline of this.all) timeline.completeUpTo(serial);
  }

  /** Does all the work, a timeline after the other. */
  completeAll(): void {
    for (const timeline of this.all) timeline.completeAll();
  }

  /**
   * Does the work of one timeline up to its last signal that is not above `serial`; all of it by default.
   * @throws UsageError `bad-argument` for no such timeline, or a serial that was never signalled
   */
  completeOn(timeline: number, serial?: Serial): void {
    const chosen = this.at(timeline);
    if (serial === undefined) {
      chosen.completeAll();
      return;
    }
    this.checkSignalled(serial);
    chosen.completeUpTo(serial);
  }

  /** Drops all work. */
  stop(): void {
    for (const timeline of this.all) timeline.stop();
  }

  private checkSignalled(serial: Serial): void {
    checkInteger(serial, 'serial', 0, this.signalled, 'bad-argument');
  }
}
