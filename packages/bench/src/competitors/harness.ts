/**
 * Harness: an allocator that does nothing, to show what the measuring itself costs.
 */
import type { Competitor, Subject } from './competitor.ts';

class NullSubject implements Subject {
  private next = 1;

  allocate(size: number): number {
    this.next += size;
    if (this.next > 1e9) this.next = 1;
    return this.next;
  }

  free(handle: number): void {
    this.next ^= handle & 1;
  }

  offsetOf(handle: number): number {
    return handle;
  }
}

/** Hands out numbers and keeps nothing. Its ranges overlap: for timing only. */
export const HARNESS: Competitor = {
  name: 'harness',
  mostBytes: Number.MAX_SAFE_INTEGER,
  ownAlignment: 1,
  affordableOperations: () => Number.POSITIVE_INFINITY,
  open: () => ({ start: () => new NullSubject(), drain() {} }),
};
