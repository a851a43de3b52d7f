/**
 * Tally: the figures behind `statistics()`, kept up to date by every kind in the same words.
 *
 * Cost     O(1) a call; the figures live in one Float64Array, so that counting allocates nothing.
 */
import type { Units } from '../base/quantities.ts';
import type { SuballocatorStatistics } from './suballocator.ts';

const USED_UNITS = 0;
const REQUESTED = 1;
const LIVE = 2;
const HOLES = 3;
const PEAK_USED_UNITS = 4;
const PEAK_LIVE = 5;
const ALLOCATIONS = 6;
const FREES = 7;
const SPLITS = 8;
const MERGES = 9;
const FIELDS = 10;

export class Tally {
  private readonly figures = new Float64Array(FIELDS);

  /** A range of `units`, asked for as `requested` bytes, has become live. */
  allocated(units: Units, requested: number): void {
    const figures = this.figures;
    const used = figures[USED_UNITS] + units;
    const live = figures[LIVE] + 1;
    figures[USED_UNITS] = used;
    figures[REQUESTED] += requested;
    figures[LIVE] = live;
    figures[ALLOCATIONS]++;
    if (used > figures[PEAK_USED_UNITS]) figures[PEAK_USED_UNITS] = used;
    if (live > figures[PEAK_LIVE]) figures[PEAK_LIVE] = live;
  }

  /** A live range of `units`, asked for as `requested` bytes, has ended. */
  freed(units: Units, requested: number): void {
    const figures = this.figures;
    figures[USED_UNITS] -= units;
    figures[REQUESTED] -= requested;
    figures[LIVE]--;
    figures[FREES]++;
  }

  holes(change: number): void {
    this.figures[HOLES] += change;
  }

  split(): void {
    this.figures[SPLITS]++;
  }

  merged(): void {
    this.figures[MERGES]++;
  }

  /** Everything has been freed; `holes` free ranges remain. */
  cleared(holes: number): void {
    const figures = this.figures;
    figures[FREES] += figures[LIVE];
    figures[USED_UNITS] = 0;
    figures[REQUESTED] = 0;
    figures[LIVE] = 0;
    figures[HOLES] = holes;
  }

  get usedUnits(): Units {
    return this.figures[USED_UNITS];
  }

  get liveCount(): number {
    return this.figures[LIVE];
  }

  /** Writes the figures of a span with this capacity, granularity and longest hole (bytes) into a record. */
  report(
    capacity: number,
    granularity: number,
    largestFree: number,
    into: SuballocatorStatistics | undefined,
  ): SuballocatorStatistics {
    const out = into ?? ({} as SuballocatorStatistics);
    const figures = this.figures;
    const used = figures[USED_UNITS] * granularity;
    out.capacity = capacity;
    out.used = used;
    out.requested = figures[REQUESTED];
    out.free = capacity - used;
    out.largestFree = largestFree;
    out.liveCount = figures[LIVE];
    out.holeCount = figures[HOLES];
    out.peakUsed = figures[PEAK_USED_UNITS] * granularity;
    out.peakLiveCount = figures[PEAK_LIVE];
    out.allocationCount = figures[ALLOCATIONS];
    out.freeCount = figures[FREES];
    out.splitCount = figures[SPLITS];
    out.mergeCount = figures[MERGES];
    return out;
  }
}
