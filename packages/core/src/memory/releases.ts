/**
 * Releases: ranges that were given up and wait until the GPU can no longer confuse them with what comes next.
 *
 * Layout   a queue for each timeline. A range that several timelines use stands in the queue of each and goes
 *          when it has left the last, so that no timeline holds back what only others use.
 * Cost     enqueue, stamp: O(1) a range and timeline; reclaim: O(ranges that it gives back).
 * Promise  a range waits for the boundary that follows its release on each of its timelines, and where the
 *          backend demands it for the completion of that boundary's serial.
 */
import type { GpuBackend } from '../backend/port.ts';
import type { Handle, Serial } from '../base/quantities.ts';
import { SerialQueue } from '../tables/serial-queue.ts';
import type { Chunk } from './chunk.ts';

/** What takes ranges back. */
export interface Recycler<Buffer> {
  /** The range is free again. */
  giveBack(chunk: Chunk<Buffer>, handle: Handle): void;
}

export class Releases<Buffer> {
  private readonly backend: GpuBackend<Buffer>;
  private readonly recycler: Recycler<Buffer>;
  private readonly queues: SerialQueue<Chunk<Buffer>>[] = [];
  /** The last boundary of each timeline. */
  private readonly lastSerials: Serial[] = [];

  constructor(backend: GpuBackend<Buffer>, recycler: Recycler<Buffer>) {
    this.backend = backend;
    this.recycler = recycler;
    for (let timeline = 0; timeline < backend.timelineCount; timeline++) {
      this.queues.push(new SerialQueue());
      this.lastSerials.push(0);
    }
  }

  /** Timelines, at least 1. */
  get timelineCount(): number {
    return this.queues.length;
  }

  /** The serial of the last boundary of a timeline; 0 before the first. */
  lastSerialOn(timeline: number): Serial {
    return this.lastSerials[timeline] as Serial;
  }

  /** Whether ranges wait for a boundary that has not come yet. */
  get awaitsBoundary(): boolean {
    return this.queues.some((queue) => queue.hasUnstamped);
  }

  /** Whether ranges wait for a boundary that has come, and that the GPU has yet to reach. */
  get awaitsCompletion(): boolean {
    return this.queues.some((queue) => queue.hasStamped);
  }

  /** A released range waits from now on. */
  enqueue(chunk: Chunk<Buffer>, handle: Handle): void {
    const timelines = chunk.timelinesOf(handle);
    if (timelines === undefined) {
      this.queueOf(0).put(chunk, handle);
      return;
    }
    chunk.setWaits(handle, timelines.length);
    for (const timeline of timelines) this.queueOf(timeline).put(chunk, handle);
  }

  /** A boundary on a timeline: what was released before it waits for its serial, which is answered. */
  stamp(timeline: number): Serial {
    if (!this.backend.isLost) this.lastSerials[timeline] = this.backend.signal(timeline);
    const serial = this.lastSerials[timeline] as Serial;
    this.queueOf(timeline).stamp(serial);
    return serial;
  }

  /** Gives back what is due, oldest first and at most so many ranges; answers how many. */
  reclaim(most: number): number {
    let count = 0;
    for (let timeline = 0; timeline < this.queues.length; timeline++) {
      count += this.reclaimOn(timeline, most - count);
    }
    return count;
  }

  private reclaimOn(timeline: number, most: number): number {
    const queue = this.queueOf(timeline);
    const { backend } = this;
    const isOrdered = backend.reuseAfter === 'submitted';
    // A device that is lost completes nothing any more: all is given back by a rebuild.
    if (!queue.hasStamped || (backend.isLost && !isOrdered)) return 0;
    return this.drain(
      queue,
      isOrdered ? (this.lastSerials[timeline] as Serial) : backend.completedOn(timeline),
      most,
    );
  }

  private drain(queue: SerialQueue<Chunk<Buffer>>, due: Serial, most: number): number {
    let count = 0;
    while (count < most && queue.isDue(due)) {
      const chunk = queue.peekItem();
      const handle = queue.peekNumber();
      queue.drop();
      if (!chunk.endWait(handle)) continue;
      this.recycler.giveBack(chunk, handle);
      count++;
    }
    return count;
  }

  /** Gives everything back: there is no GPU any more that could use it. */
  flush(): void {
    for (const queue of this.queues) {
      queue.stamp(Number.MAX_SAFE_INTEGER);
      this.drain(queue, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    }
    this.lastSerials.fill(0);
  }

  /**
   * Resolves when one of the timelines that ranges wait for has come to its last boundary. Rejects as
   * `whenCompleted` does.
   */
  async whenReached(): Promise<void> {
    const awaited = this.lastSerials.filter((_, timeline) => this.queueOf(timeline).hasStamped);
    await Promise.race(awaited.map((serial) => this.backend.whenCompleted(serial)));
  }

  private queueOf(timeline: number): SerialQueue<Chunk<Buffer>> {
    return this.queues[timeline] as SerialQueue<Chunk<Buffer>>;
  }
}
