/**
 * Interval oracle: the free ranges as a sorted list, cut on `take` and joined on `give`.
 *
 * Cost     O(free ranges) a question; any span.
 */
import type { FreeRange, SpaceOracle } from './space-oracle.ts';

interface Interval {
  start: number;
  end: number;
}

/** See the head of the file. */
export class IntervalOracle implements SpaceOracle {
  readonly name: string = 'interval list';
  private readonly capacity: number;
  private readonly granularity: number;
  private free: Interval[];

  /** `capacity` and `granularity` in bytes. */
  constructor(capacity: number, granularity: number) {
    this.capacity = capacity;
    this.granularity = granularity;
    this.free = [{ start: 0, end: capacity }];
  }

  take(offset: number, size: number): string | undefined {
    const end = offset + size;
    const at = this.free.findIndex((hole) => hole.start <= offset && end <= hole.end);
    const hole = this.free[at];
    if (hole === undefined || size <= 0) return `[${offset}, ${end}) is not inside a free range`;
    if (offset % this.granularity !== 0 || size % this.granularity !== 0) {
      return `[${offset}, ${end}) is not whole units`;
    }
    const rests = [
      { start: hole.start, end: offset },
      { start: end, end: hole.end },
    ];
    this.free.splice(at, 1, ...rests.filter((rest) => rest.start < rest.end));
    return undefined;
  }

  give(offset: number, size: number): string | undefined {
    const end = offset + size;
    if (offset < 0 || size <= 0 || end > this.capacity) return `[${offset}, ${end}) leaves the span`;
    if (this.free.some((hole) => hole.start < end && offset < hole.end)) {
      return `[${offset}, ${end}) is free already, in part at least`;
    }
    this.free.push({ start: offset, end });
    this.free.sort((left, right) => left.start - right.start);
    for (let i = this.free.length - 1; i > 0; i--) {
      const left = this.free[i - 1] as Interval;
      const right = this.free[i] as Interval;
      if (left.end !== right.start) continue;
      left.end = right.end;
      this.free.splice(i, 1);
    }
    return undefined;
  }

  clear(): void {
    this.free = [{ start: 0, end: this.capacity }];
  }

  largest(alignment: number): number {
    let shared = alignment;
    for (let rest = this.granularity; rest !== 0; ) [shared, rest] = [rest, shared % rest];
    const stepUnits = alignment / shared;
    let best = 0;
    for (const { start, end } of this.free) {
      const startUnits = start / this.granularity;
      const endUnits = end / this.granularity;
      best = Math.max(best, endUnits - Math.ceil(startUnits / stepUnits) * stepUnits);
    }
    return best * this.granularity;
  }

  freeRanges(): FreeRange[] {
    return this.free.map(({ start, end }) => ({ offset: start, size: end - start }));
  }
}
