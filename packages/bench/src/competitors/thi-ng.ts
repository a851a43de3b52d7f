/**
 * Baseline `@thi.ng/malloc`: two singly linked lists, first fit.
 *
 * Cost     free: O(live); so a pass is cut to what a fraction of a second can hold.
 */
import { MemPool } from '@thi.ng/malloc';
import type { Competitor, SessionRequest, Subject } from './competitor.ts';

class ThiNgSubject implements Subject {
  readonly pool: MemPool;

  constructor(roomBytes: number) {
    this.pool = new MemPool({ size: roomBytes, align: 16 });
  }

  allocate(size: number): number {
    return this.pool.malloc(size);
  }

  free(handle: number): void {
    this.pool.free(handle);
  }

  offsetOf(handle: number): number {
    return handle;
  }
}

/** `@thi.ng/malloc` with compaction and splitting, as it comes. */
export const THI_NG: Competitor = {
  name: '@thi.ng/malloc',
  mostBytes: 2 ** 31,
  ownAlignment: 8,
  affordableOperations: (liveCount) => Math.max(100, Math.min(200_000, Math.floor(1e7 / liveCount))),
  open({ roomBytes }: SessionRequest) {
    const subject = new ThiNgSubject(roomBytes);
    return { start: () => subject, drain: () => subject.pool.freeAll() };
  },
};
