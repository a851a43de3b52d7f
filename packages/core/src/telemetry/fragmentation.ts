/**
 * Fragmentation: how much of some chunks is free, and in what pieces.
 *
 * Cost     measureFragmentation: O(chunks); collectHistogram: O(ranges).
 * Promise  the figures are those of the suballocators: what is pending counts as used, since nothing can be
 *          placed there.
 */
import { type HistogramBar, histogram } from '../ranges/histogram.ts';
import type { Suballocator, SuballocatorStatistics } from '../ranges/suballocator.ts';

/** How free some chunks are. Bytes unless the name says otherwise. */
export interface Fragmentation {
  capacityBytes: number;
  /** Free in all of them together. */
  freeBytes: number;
  /** `freeBytes / capacityBytes`; 0 without chunks. */
  freeShare: number;
  /**
   * The longest free range of any one of them; a bound from below where a suballocator does not keep it
   * exactly (`capabilities.exactLargestFree`).
   */
  largestFreeBytes: number;
  holeCount: number;
  /** `1 - largestFreeBytes / freeBytes`: 0 when what is free lies together, or nothing is free. */
  fragmentation: number;
}

/** Anything with a suballocator, such as a chunk. */
export interface Suballocated {
  readonly suballocator: Suballocator;
}

/** Read anew for each chunk. */
const SCRATCH = {} as SuballocatorStatistics;

/** Fills and returns `into`, or a fresh record. O(chunks). */
export function measureFragmentation(chunks: Iterable<Suballocated>, into?: Fragmentation): Fragmentation {
  const out = into ?? ({} as Fragmentation);
  out.capacityBytes = 0;
  out.freeBytes = 0;
  out.largestFreeBytes = 0;
  out.holeCount = 0;
  for (const { suballocator } of chunks) {
    const { capacity, free, largestFree, holeCount } = suballocator.statistics(SCRATCH);
    out.capacityBytes += capacity;
    out.freeBytes += free;
    out.holeCount += holeCount;
    if (largestFree > out.largestFreeBytes) out.largestFreeBytes = largestFree;
  }
  out.freeShare = shareOf(out.freeBytes, out.capacityBytes);
  out.fragmentation = unevennessOf(out.largestFreeBytes, out.freeBytes);
  return out;
}

/** `part / whole`; 0 of nothing. */
export function shareOf(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

/** `1 - largest / free`: 0 when what is free lies together, or nothing is free. */
export function unevennessOf(largest: number, free: number): number {
  return free === 0 ? 0 : 1 - largest / free;
}

/** The lengths of live and free ranges over all chunks, by powers of two; see `histogram`. O(ranges). */
export function collectHistogram(chunks: Iterable<Suballocated>): HistogramBar[] {
  const bars = new Map<number, HistogramBar>();
  let least = Number.POSITIVE_INFINITY;
  let most = 0;
  for (const { suballocator } of chunks) {
    for (const bar of histogram(suballocator)) {
      const sum = bars.get(bar.from) ?? emptyBar(bar.from);
      bars.set(bar.from, sum);
      sum.liveCount += bar.liveCount;
      sum.liveBytes += bar.liveBytes;
      sum.freeCount += bar.freeCount;
      sum.freeBytes += bar.freeBytes;
      least = Math.min(least, bar.from);
      most = Math.max(most, bar.from);
    }
  }
  const all: HistogramBar[] = [];
  for (let from = least; from <= most; from *= 2) all.push(bars.get(from) ?? emptyBar(from));
  return all;
}

function emptyBar(from: number): HistogramBar {
  return { from, liveCount: 0, liveBytes: 0, freeCount: 0, freeBytes: 0 };
}
