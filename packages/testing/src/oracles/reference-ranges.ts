/**
 * Reference ranges: the list of ranges that the reference suballocator works on, and its policy, which
 * stand-ins for other kinds change.
 *
 * Layout   one array of ranges in offset order, live and free; one of regions; a map from handle to index.
 */
import { UsageError } from '@gpuheap/core/errors';
import { type Handle, MAX_ALIGNMENT, NO_SPACE, type RegionView } from '@gpuheap/core/ranges';
import { isPositive } from './reference-arguments.ts';
import type { Figures, ReferenceContents, ReferenceRange } from './reference-state.ts';

/** A place that a request could take. */
export interface ReferencePlace {
  /** The free range, as its index in the list. */
  readonly at: number;
  readonly offset: number;
  readonly size: number;
}

let lastHandle = 0;

/** See the head of the file. */
export class ReferenceRanges {
  readonly granularity: number;
  protected list: ReferenceRange[];
  protected spans: RegionView[];
  protected readonly ended: Set<Handle> = new Set();
  protected readonly indices: Map<Handle, number> = new Map();
  /** Marks given out: each is the last handle before it. */
  protected readonly marks: Set<number> = new Set();
  protected peakUsed = 0;
  protected peakLiveCount = 0;
  protected allocationCount = 0;
  protected freeCount = 0;
  protected allocatedBytes = 0;
  protected splitCount = 0;
  protected mergeCount = 0;

  constructor(capacity: number, granularity: number) {
    this.granularity = granularity;
    this.spans = [{ offset: 0, size: capacity - (capacity % granularity) }];
    this.list = this.spans.map(freeRange);
  }

  /** @throws UsageError `bad-alignment` */
  protected checkAlignment(alignment: number): void {
    if (!isPositive(alignment) || alignment > MAX_ALIGNMENT) {
      throw new UsageError('bad-alignment', 'alignment is not an integer from 1 to 2^31-1; pass one');
    }
  }

  /** Bytes to reserve for a request. */
  protected reservedFor(size: number): number {
    return Number(roundUpExactly(BigInt(size), BigInt(this.granularity)));
  }

  /** Whether requests are served from this range. */
  protected serves(range: ReferenceRange): boolean {
    return range.handle === NO_SPACE;
  }

  /** Whether two neighbours in the list may become one range. */
  protected canJoin(left: ReferenceRange, right: ReferenceRange): boolean {
    return (
      left.offset + left.size === right.offset && !this.spans.some((span) => span.offset === right.offset)
    );
  }

  /** The lowest, or highest, place in every hole that fits, in offset order. */
  protected places(reserved: number, alignment: number, end: 'low' | 'high'): ReferencePlace[] {
    const step = Number(stepOf(alignment, this.granularity));
    const found: ReferencePlace[] = [];
    for (const [at, hole] of this.list.entries()) {
      if (!this.serves(hole)) continue;
      const lowest = this.alignedFrom(hole.offset, alignment);
      const latest = hole.offset + hole.size - reserved;
      if (lowest > latest) continue;
      found.push({
        at,
        offset: end === 'low' ? lowest : latest - ((latest - lowest) % step),
        size: reserved,
      });
    }
    return found;
  }

  /** The first multiple of alignment and granularity from `offset` on; imprecise beyond the span. */
  protected alignedFrom(offset: number, alignment: number): number {
    return Number(roundUpExactly(BigInt(offset), stepOf(alignment, this.granularity)));
  }

  protected rangeAt(at: number): ReferenceRange {
    return this.list[at] as ReferenceRange;
  }

  /** Makes a place live. Answers its new handle; NO_SPACE when there is no place. */
  protected take(place: ReferencePlace | undefined, requested: number): Handle {
    if (place === undefined) return NO_SPACE;
    const { at, offset, size } = place;
    const hole = this.rangeAt(at);
    const end = offset + size;
    const handle: Handle = ++lastHandle;
    const parts = [
      freeRange({ offset: hole.offset, size: offset - hole.offset }),
      { offset, size, handle, requested },
      freeRange({ offset: end, size: hole.offset + hole.size - end }),
    ].filter((part) => part.size > 0);
    this.list.splice(at, 1, ...parts);
    this.indices.set(handle, this.freeIndex());
    this.splitCount += parts.length - 1;
    this.allocationCount++;
    this.countBytes(size);
    return handle;
  }

  /** The live range of a handle. @throws UsageError `bad-handle`, `stale-handle` */
  protected find(handle: Handle): ReferenceRange {
    const range = this.list.find((each) => each.handle === handle && handle !== NO_SPACE);
    if (range !== undefined) return range;
    if (this.ended.has(handle)) throw new UsageError('stale-handle', 'the range of this handle has ended');
    throw new UsageError('bad-handle', 'not a handle of this suballocator');
  }

  /** Makes these bytes one free range, and joins it with its neighbours. */
  protected vacate(offset: number, size: number): void {
    this.list = this.list.filter((range) => range.offset < offset || range.offset >= offset + size);
    const found = this.list.findIndex((range) => range.offset > offset);
    const at = found < 0 ? this.list.length : found;
    this.list.splice(at, 0, freeRange({ offset, size }));
    for (const i of [at + 1, at]) {
      const left = this.list[i - 1];
      const right = this.list[i];
      if (left === undefined || right === undefined || !this.canJoin(left, right)) continue;
      if (left.handle !== NO_SPACE || right.handle !== NO_SPACE) continue;
      this.list.splice(i - 1, 2, { ...left, size: left.size + right.size });
      this.mergeCount++;
    }
  }

  protected load(contents: ReferenceContents): void {
    const { figures } = contents;
    this.list = [...contents.list];
    this.spans = [...contents.spans];
    replaceAll(this.ended, contents.ended);
    replaceAll(this.marks, contents.marks);
    this.indices.clear();
    for (const [handle, index] of contents.indices) this.indices.set(handle, index);
    [this.peakUsed, this.peakLiveCount, this.allocationCount, this.freeCount] = figures as Figures;
    [, , , , this.allocatedBytes, this.splitCount, this.mergeCount] = figures as Figures;
  }

  protected contents(): ReferenceContents {
    const { list, spans, ended, marks, indices } = this;
    const { peakUsed, peakLiveCount, allocationCount, freeCount, allocatedBytes } = this;
    const figures = [peakUsed, peakLiveCount, allocationCount, freeCount, allocatedBytes];
    figures.push(this.splitCount, this.mergeCount);
    return {
      list: [...list],
      spans: [...spans],
      ended: [...ended],
      marks: [...marks],
      indices: [...indices],
      figures,
    };
  }

  protected end(handle: Handle): void {
    this.ended.add(handle);
    this.indices.delete(handle);
    this.freeCount++;
  }

  /** Counts bytes that have become live, and looks at the peaks. */
  protected countBytes(more: number): void {
    const live = this.list.filter((range) => range.handle !== NO_SPACE);
    this.allocatedBytes += more;
    this.peakUsed = Math.max(this.peakUsed, sumOf(live, 'size'));
    this.peakLiveCount = Math.max(this.peakLiveCount, live.length);
  }

  /** The smallest index that no live range has. */
  private freeIndex(): number {
    const used = new Set(this.indices.values());
    let index = 0;
    while (used.has(index)) index++;
    return index;
  }

  protected newestHandle(): Handle {
    return lastHandle;
  }
}

/** A free range of these bytes. */
export function freeRange({ offset, size }: RegionView): ReferenceRange {
  return { offset, size, handle: NO_SPACE, requested: 0 };
}

/** The sum of a field. */
export function sumOf(ranges: readonly ReferenceRange[], field: 'size' | 'requested'): number {
  return ranges.reduce((sum, range) => sum + range[field], 0);
}

function replaceAll<T>(set: Set<T>, values: readonly T[]): void {
  set.clear();
  for (const value of values) set.add(value);
}

function roundUpExactly(value: bigint, multiple: bigint): bigint {
  return ((value + multiple - 1n) / multiple) * multiple;
}

/** The least common multiple: offsets that suit both are multiples of it. */
function stepOf(alignment: number, granularity: number): bigint {
  let left = BigInt(alignment);
  let right = BigInt(granularity);
  while (right !== 0n) [left, right] = [right, left % right];
  return (BigInt(alignment) / left) * BigInt(granularity);
}
