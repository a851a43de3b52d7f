/**
 * Histogram: how long the live and the free ranges of a suballocator are, by powers of two. On demand;
 * nothing is kept for it.
 *
 * Cost     O(ranges).
 */
import { NO_SPACE, type Suballocator } from './suballocator.ts';

/** One bar: ranges of at least `from` bytes and fewer than twice that. */
export interface HistogramBar {
  /** A power of two, in bytes. */
  readonly from: number;
  liveCount: number;
  /** Bytes. */
  liveBytes: number;
  freeCount: number;
  /** Bytes. */
  freeBytes: number;
}

/** The bars from the shortest range to the longest, empty ones in between included. O(ranges). */
export function histogram(suballocator: Suballocator): HistogramBar[] {
  const bars = new Map<number, HistogramBar>();
  let least = Number.POSITIVE_INFINITY;
  let most = 0;
  for (const { size, handle } of suballocator.ranges()) {
    const from = powerBelow(size);
    const bar = bars.get(from) ?? makeBar(from);
    bars.set(from, bar);
    least = Math.min(least, from);
    most = Math.max(most, from);
    if (handle === NO_SPACE) {
      bar.freeCount++;
      bar.freeBytes += size;
    } else {
      bar.liveCount++;
      bar.liveBytes += size;
    }
  }
  const all: HistogramBar[] = [];
  for (let from = least; from <= most; from *= 2) all.push(bars.get(from) ?? makeBar(from));
  return all;
}

function makeBar(from: number): HistogramBar {
  return { from, liveCount: 0, liveBytes: 0, freeCount: 0, freeBytes: 0 };
}

/** The largest power of two that is not larger than a safe integer from 1 on; exact, unlike a logarithm. */
function powerBelow(size: number): number {
  let power = 1;
  while (power * 2 <= size) power *= 2;
  return power;
}
