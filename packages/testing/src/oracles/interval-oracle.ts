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
  private readonly granularity: number;
  /** In offset order; neighbours that touch are two regions. */
  private regions: Interval[];
  /** In offset order; neighbours that touch lie in two regions. */
  private free: Interval[];

  /** `capacity` and `granularity` in bytes. */
  constructor(capacity: number, granularity: number) {
    this.granularity = granularity;
    this.regions = [{ start: 0, end: capacity }];
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
    this.cut(at, offset, end);
    return undefined;
  }

  give(offset: number, size: number): string | undefined {
    const end = offset + size;
    const region = this.regions.find((each) => each.start <= offset && end <= each.end);
    if (region === undefined || size <= 0) return `[${offset}, ${end}) is not inside a region`;
    if (this.free.some((hole) => hole.start < end && offset < hole.end)) {
      return `[${offset}, ${end}) is free already, in part at least`;
    }
    this.addFree(offset, end);
    return undefined;
  }

  clear(): void {
    this.free = this.regions.map((region) => ({ ...region }));
  }

  open(offset: number, size: number, asMore: boolean): string | undefined {
    const end = offset + size;
    if (this.regions.some((region) => region.start < end && offset < region.end)) {
      return `[${offset}, ${end}) is managed already`;
    }
    const before = this.regions.find((region) => region.end === offset);
    if (asMore && before === undefined) return `no region ends at ${offset}`;
    if (asMore && before !== undefined) before.end = end;
    else this.regions = [...this.regions, { start: offset, end }].sort((a, b) => a.start - b.start);
    this.addFree(offset, end);
    return undefined;
  }

  close(offset: number, size: number): string | undefined {
    const end = offset + size;
    const at = this.free.findIndex((hole) => hole.start <= offset && end <= hole.end);
    const region = this.regions.find((each) => each.start <= offset && end === each.end);
    if (at < 0 || region === undefined) return `[${offset}, ${end}) is not the free end of a region`;
    this.cut(at, offset, end);
    region.end = offset;
    this.regions = this.regions.filter((each) => each.start < each.end);
    return undefined;
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

  /** Takes [start, end) out of the hole at `at`. */
  private cut(at: number, start: number, end: number): void {
    const hole = this.free[at] as Interval;
    const rests = [
      { start: hole.start, end: start },
      { start: end, end: hole.end },
    ];
    this.free.splice(at, 1, ...rests.filter((rest) => rest.start < rest.end));
  }

  /** Adds a free interval and joins it with its neighbours, but not across the start of a region. */
  private addFree(start: number, end: number): void {
    const found = this.free.findIndex((hole) => hole.start > start);
    const at = found < 0 ? this.free.length : found;
    this.free.splice(at, 0, { start, end });
    for (const i of [at + 1, at]) {
      const left = this.free[i - 1];
      const right = this.free[i];
      if (left === undefined || right === undefined || left.end !== right.start) continue;
      if (this.regions.some((region) => region.start === right.start)) continue;
      left.end = right.end;
      this.free.splice(i, 1);
    }
  }
}
