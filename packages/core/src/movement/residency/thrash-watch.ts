/**
 * Thrash watch: whether what is evicted is needed again at once.
 *
 * Cost     O(1) an eviction, a restore, a boundary.
 * Promise  tells once when a window begins a stretch in which at least half of what was evicted has come
 *          back; a single eviction is no stretch.
 */
import type { Thrashing } from './residency-options.ts';

/** Boundaries in a window; what comes back sooner than this has gone in vain. */
const WINDOW_BOUNDARIES = 60;
/** Evictions in a window below which it says nothing. */
const LEAST_EVICTIONS = 8;

export class ThrashWatch {
  /** Bytes that came back too soon, since the heap was made. */
  returnedBytes = 0;
  /** Whether the last window was one of thrashing. */
  isThrashing = false;
  private windowReturned = 0;
  private windowEvicted = 0;
  private windowCount = 0;
  private endsAt = WINDOW_BOUNDARIES;

  /** Something was evicted for lack of memory. */
  noteEvicted(bytes: number): void {
    this.windowEvicted += bytes;
    this.windowCount++;
  }

  /** Something has come back that was evicted so many boundaries ago for lack of memory. */
  noteReturned(bytes: number, age: number): void {
    if (age >= WINDOW_BOUNDARIES) return;
    this.windowReturned += bytes;
    this.returnedBytes += bytes;
  }

  /** A boundary has passed; what there is to tell, if a stretch of thrashing has begun. */
  pass(boundaries: number): Thrashing | undefined {
    if (boundaries < this.endsAt) return undefined;
    const was = this.isThrashing;
    const returnedBytes = this.windowReturned;
    const evictedBytes = this.windowEvicted;
    this.isThrashing = this.windowCount >= LEAST_EVICTIONS && returnedBytes * 2 >= evictedBytes;
    this.windowReturned = 0;
    this.windowEvicted = 0;
    this.windowCount = 0;
    this.endsAt = boundaries + WINDOW_BOUNDARIES;
    return this.isThrashing && !was ? { returnedBytes, evictedBytes } : undefined;
  }
}
