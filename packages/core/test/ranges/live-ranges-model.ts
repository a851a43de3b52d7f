/**
 * Model: what a linear or a ring holds, unit by unit. Slow and plain: it looks at every unit, and knows
 * neither gaps nor neighbours.
 */
import type { RangeView, SuballocatorStatistics } from '@gpuheap/core/ranges';

/** A live range, in units. */
export interface ModelRange {
  readonly offset: number;
  readonly handle: number;
  size: number;
}

/** Live ranges in the order in which they were given out. */
export class Model {
  capacity: number;
  live: ModelRange[] = [];

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** Whether each unit of `[from, to)` lies in the span and is free. */
  isFree(from: number, to: number): boolean {
    if (from < 0 || to > this.capacity) return false;
    return this.live.every(({ offset, size }) => offset >= to || offset + size <= from);
  }

  /** What `ranges()` must show. */
  get views(): RangeView[] {
    const views: RangeView[] = [];
    let free = 0;
    const addFree = (end: number): void => {
      if (free > 0) views.push({ offset: end - free, size: free, handle: 0 });
      free = 0;
    };
    for (let at = 0; at < this.capacity; ) {
      const range = this.live.find(({ offset }) => offset === at);
      if (range === undefined) {
        free++;
        at++;
      } else {
        addFree(at);
        views.push({ offset: at, size: range.size, handle: range.handle });
        at += range.size;
      }
    }
    addFree(this.capacity);
    return views;
  }

  /** What the statistics must say about the present, and the bound that largestFree must keep. */
  get figures(): Partial<SuballocatorStatistics> & { readonly longest: number } {
    const holes = this.views.filter(({ handle }) => handle === 0).map(({ size }) => size);
    const free = holes.reduce((sum, size) => sum + size, 0);
    return {
      capacity: this.capacity,
      free,
      used: this.capacity - free,
      liveCount: this.live.length,
      holeCount: holes.length,
      longest: Math.max(0, ...holes),
    };
  }

  resize(range: ModelRange, size: number): boolean {
    const end = range.offset + range.size;
    if (size > range.size && !this.isFree(end, range.offset + size)) return false;
    range.size = size;
    return true;
  }

  shrinkTo(capacity: number): boolean {
    if (this.live.some(({ offset, size }) => offset + size > capacity)) return false;
    this.capacity = capacity;
    return true;
  }
}
