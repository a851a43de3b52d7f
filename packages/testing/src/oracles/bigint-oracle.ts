/**
 * BigInt oracle: the live ranges as exact integers of any length; what is free is worked out anew for each
 * question.
 *
 * Cost     O(live ranges) a question; any span, and no rounding anywhere.
 */
import type { FreeRange, SpaceOracle } from './space-oracle.ts';

interface LiveRange {
  readonly start: bigint;
  readonly end: bigint;
}

/** See the head of the file. */
export class BigIntOracle implements SpaceOracle {
  readonly name: string = 'BigInt arithmetic';
  private readonly capacity: bigint;
  private readonly granularity: bigint;
  /** In offset order. */
  private live: LiveRange[] = [];

  /** `capacity` and `granularity` in bytes. */
  constructor(capacity: number, granularity: number) {
    this.capacity = BigInt(capacity);
    this.granularity = BigInt(granularity);
  }

  take(offset: number, size: number): string | undefined {
    const start = BigInt(offset);
    const end = start + BigInt(size);
    if (start < 0n || end <= start || end > this.capacity) return `[${start}, ${end}) leaves the span`;
    if (start % this.granularity !== 0n || end % this.granularity !== 0n) {
      return `[${start}, ${end}) is not whole units`;
    }
    const clash = this.live.find((range) => range.start < end && start < range.end);
    if (clash !== undefined) return `[${start}, ${end}) overlaps the live [${clash.start}, ${clash.end})`;
    const at = this.live.findIndex((range) => range.start > start);
    this.live.splice(at < 0 ? this.live.length : at, 0, { start, end });
    return undefined;
  }

  give(offset: number, size: number): string | undefined {
    const start = BigInt(offset);
    const end = start + BigInt(size);
    const at = this.live.findIndex((range) => range.start === start && range.end === end);
    if (at < 0) return `[${start}, ${end}) is not a live range`;
    this.live.splice(at, 1);
    return undefined;
  }

  clear(): void {
    this.live = [];
  }

  largest(alignment: number): number {
    const step = leastCommonMultiple(BigInt(alignment), this.granularity);
    let best = 0n;
    for (const { start, end } of this.gaps()) {
      const from = ((start + step - 1n) / step) * step;
      if (end - from > best) best = end - from;
    }
    return Number(best);
  }

  freeRanges(): FreeRange[] {
    return this.gaps().map(({ start, end }) => ({ offset: Number(start), size: Number(end - start) }));
  }

  private gaps(): LiveRange[] {
    const found: LiveRange[] = [];
    let reached = 0n;
    for (const { start, end } of this.live) {
      if (start > reached) found.push({ start: reached, end: start });
      reached = end;
    }
    if (reached < this.capacity) found.push({ start: reached, end: this.capacity });
    return found;
  }
}

function leastCommonMultiple(a: bigint, b: bigint): bigint {
  let left = a;
  let right = b;
  while (right !== 0n) [left, right] = [right, left % right];
  return (a / left) * b;
}
