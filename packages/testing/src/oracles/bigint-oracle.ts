/**
 * BigInt oracle: regions and live ranges as exact integers of any length; what is free is worked out anew for
 * each question.
 *
 * Cost     `take`, `give`: O(log live ranges) but for moving the list; the rest O(live ranges). Any span, and
 *          no rounding anywhere.
 */
import type { FreeRange, SpaceOracle } from './space-oracle.ts';

interface ExactRange {
  readonly start: bigint;
  readonly end: bigint;
}

/** See the head of the file. */
export class BigIntOracle implements SpaceOracle {
  readonly name: string = 'BigInt arithmetic';
  private readonly granularity: bigint;
  /** In offset order. */
  private regions: ExactRange[];
  /** In offset order. */
  private live: ExactRange[] = [];

  /** `capacity` and `granularity` in bytes. */
  constructor(capacity: number, granularity: number) {
    this.granularity = BigInt(granularity);
    this.regions = [{ start: 0n, end: BigInt(capacity) }];
  }

  take(offset: number, size: number): string | undefined {
    const start = BigInt(offset);
    const end = start + BigInt(size);
    if (end <= start || !this.isManaged(start, end)) return `[${start}, ${end}) is not inside a region`;
    if (start % this.granularity !== 0n || end % this.granularity !== 0n) {
      return `[${start}, ${end}) is not whole units`;
    }
    const at = this.firstFrom(start);
    for (const clash of [this.live[at - 1], this.live[at]]) {
      if (clash === undefined || clash.end <= start || end <= clash.start) continue;
      return `[${start}, ${end}) overlaps the live [${clash.start}, ${clash.end})`;
    }
    this.live.splice(at, 0, { start, end });
    return undefined;
  }

  give(offset: number, size: number): string | undefined {
    const start = BigInt(offset);
    const end = start + BigInt(size);
    const at = this.firstFrom(start);
    const found = this.live[at];
    if (found === undefined || found.start !== start || found.end !== end) {
      return `[${start}, ${end}) is not a live range`;
    }
    this.live.splice(at, 1);
    return undefined;
  }

  clear(): void {
    this.live = [];
  }

  open(offset: number, size: number, asMore: boolean): string | undefined {
    const start = BigInt(offset);
    const end = start + BigInt(size);
    if (this.regions.some((region) => region.start < end && start < region.end)) {
      return `[${start}, ${end}) is managed already`;
    }
    const before = this.regions.find((region) => region.end === start);
    if (asMore && before === undefined) return `no region ends at ${start}`;
    const whole = asMore && before !== undefined ? { start: before.start, end } : { start, end };
    this.regions = this.regions.filter((region) => region.start !== whole.start);
    this.regions.push(whole);
    this.regions.sort((left, right) => (left.start < right.start ? -1 : 1));
    return undefined;
  }

  close(offset: number, size: number): string | undefined {
    const start = BigInt(offset);
    const end = start + BigInt(size);
    const region = this.regions.find((each) => each.start <= start && each.end === end);
    if (region === undefined) return `[${start}, ${end}) is not the end of a region`;
    const clash = this.live.find((range) => range.start < end && start < range.end);
    if (clash !== undefined) return `[${start}, ${end}) holds the live [${clash.start}, ${clash.end})`;
    const rest = region.start < start ? [{ start: region.start, end: start }] : [];
    this.regions = this.regions.flatMap((each) => (each === region ? rest : [each]));
    return undefined;
  }

  largest(alignment: number): number {
    const step = leastCommonMultiple(BigInt(alignment), this.granularity);
    let best = 0n;
    for (const { start, end } of this.gaps()) {
      if (end - start <= best) continue;
      const from = ((start + step - 1n) / step) * step;
      if (end - from > best) best = end - from;
    }
    return Number(best);
  }

  freeRanges(): FreeRange[] {
    return this.gaps().map(({ start, end }) => ({ offset: Number(start), size: Number(end - start) }));
  }

  /** Whether one region holds all of [start, end). */
  private isManaged(start: bigint, end: bigint): boolean {
    return this.regions.some((region) => region.start <= start && end <= region.end);
  }

  /** The index of the first live range that begins at `start` or behind it. */
  private firstFrom(start: bigint): number {
    let low = 0;
    let high = this.live.length;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if ((this.live[middle] as ExactRange).start < start) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private gaps(): ExactRange[] {
    const found: ExactRange[] = [];
    let at = 0;
    for (const region of this.regions) {
      let reached = region.start;
      for (; at < this.live.length && (this.live[at] as ExactRange).start < region.end; at++) {
        const { start, end } = this.live[at] as ExactRange;
        if (start > reached) found.push({ start: reached, end: start });
        reached = end;
      }
      if (reached < region.end) found.push({ start: reached, end: region.end });
    }
    return found;
  }
}

function leastCommonMultiple(a: bigint, b: bigint): bigint {
  let left = a;
  let right = b;
  while (right !== 0n) [left, right] = [right, left % right];
  return (a / left) * b;
}
