/**
 * Boundaries: how many a heap has passed on its first timeline, and to how many the GPU has come.
 *
 * Cost     pass: O(1); settled: O(boundaries that have been reached since the last look).
 * Promise  a use between two boundaries is over for the GPU when the second of them is settled.
 */
import type { Serial } from '../base/quantities.ts';
import { SerialQueue } from '../tables/serial-queue.ts';

export class Boundaries {
  /** Passed so far. */
  count = 0;
  private settledCount = 0;
  /** The serial of the last. */
  last: Serial = 0;
  private readonly waiting = new SerialQueue<undefined>();

  /** One has been passed; `serial` is the point after it. */
  pass(serial: Serial): void {
    this.count++;
    this.last = serial;
    this.waiting.put(undefined, 0);
    this.waiting.stamp(serial);
  }

  /** Those that the GPU has come to, when it has completed `serial`. */
  settled(serial: Serial): number {
    while (this.waiting.isDue(serial)) {
      this.waiting.drop();
      this.settledCount++;
    }
    return this.settledCount;
  }

  /** There is no GPU any more that could still come to one. */
  flush(): void {
    this.settled(Number.MAX_SAFE_INTEGER);
  }
}
