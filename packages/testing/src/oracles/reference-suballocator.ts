/**
 * Reference suballocator: first fit over a sorted list of ranges. Slow and plain; what the contract means, in
 * code, and the baseline that every other kind is compared with.
 *
 * Layout   one array of ranges in offset order, live and free; a map from handle to live range.
 * Cost     allocate, free: O(ranges).
 * Promise  serves whatever fits, at the lowest offset that fits; no two instances ever give out the same
 *          handle.
 * Refusal  remembers every handle it ever gave out, so memory grows with use.
 */
import { UsageError } from '@gpuheap/core/errors';
import {
  type Handle,
  MAX_ALIGNMENT,
  NO_SPACE,
  type RangeView,
  type Suballocator,
  type SuballocatorCapabilities,
  type SuballocatorOptions,
  type SuballocatorStatistics,
} from '@gpuheap/core/ranges';

interface Range {
  readonly offset: number;
  readonly size: number;
  /** NO_SPACE when free. */
  readonly handle: Handle;
  /** Bytes asked for; 0 when free. */
  readonly requested: number;
}

let lastHandle = 0;

/** See the head of the file. */
export class ReferenceSuballocator implements Suballocator {
  readonly kind: string = 'reference';
  readonly capabilities: SuballocatorCapabilities = {
    freesInAnyOrder: true,
    anyAlignment: true,
    exact: true,
  };
  readonly capacity: number;
  readonly granularity: number;
  // Protected for the broken kinds that test the contract suite.
  protected list: Range[];
  protected readonly ended: Set<Handle> = new Set();
  private readonly indices = new Map<Handle, number>();
  protected peakUsed = 0;
  protected peakLiveCount = 0;
  protected allocationCount = 0;
  protected freeCount = 0;
  protected splitCount = 0;
  protected mergeCount = 0;

  /** Throws UsageError `bad-argument`, `unknown-option`, `bad-capacity`, `bad-granularity`. */
  constructor(options: SuballocatorOptions) {
    if (options === null || typeof options !== 'object' || Array.isArray(options)) {
      throw new UsageError('bad-argument', 'options is not an object; pass { capacity, granularity? }');
    }
    const unknown = Object.keys(options).find((key) => key !== 'capacity' && key !== 'granularity');
    if (unknown !== undefined) {
      throw new UsageError('unknown-option', `options has no option ${unknown}; pass capacity, granularity`);
    }
    const { capacity, granularity = 1 } = options;
    if (!isPositive(granularity)) {
      throw new UsageError('bad-granularity', 'granularity is not an integer from 1 to 2^53-1; pass one');
    }
    if (!isPositive(capacity) || capacity < granularity) {
      throw new UsageError('bad-capacity', 'capacity is not an integer that holds one unit; raise it');
    }
    const units = Math.floor(capacity / granularity);
    if (units > 2 ** 31 - 1) {
      const fitting = Math.ceil(capacity / (2 ** 31 - 1));
      throw new UsageError('bad-capacity', `capacity is ${units} units; pass a granularity of ${fitting}`);
    }
    this.capacity = capacity - (capacity % granularity);
    this.granularity = granularity;
    this.list = [this.freeRange(0, this.capacity)];
  }

  allocate(size: number, alignment = 1): Handle {
    if (!isPositive(size)) throw new UsageError('bad-size', 'size is not an integer from 1 to 2^53-1');
    checkAlignment(alignment);
    const reserved = Number(roundUpExactly(BigInt(size), BigInt(this.granularity)));
    for (const [at, hole] of this.list.entries()) {
      if (hole.handle !== NO_SPACE || hole.size < reserved) continue;
      const offset = this.alignedFrom(hole.offset, alignment);
      if (offset + reserved > hole.offset + hole.size) continue;
      const handle: Handle = ++lastHandle;
      const before = this.freeRange(hole.offset, offset - hole.offset);
      const after = this.freeRange(offset + reserved, hole.offset + hole.size - offset - reserved);
      const rests = [before, { offset, size: reserved, handle, requested: size }, after].filter(
        (range) => range.size > 0,
      );
      this.list.splice(at, 1, ...rests);
      this.indices.set(handle, this.freeIndex());
      this.splitCount += rests.length - 1;
      this.allocationCount++;
      const { used, liveCount } = this.recount();
      this.peakUsed = Math.max(this.peakUsed, used);
      this.peakLiveCount = Math.max(this.peakLiveCount, liveCount);
      return handle;
    }
    return NO_SPACE;
  }

  free(handle: Handle): void {
    const { offset, size } = this.find(handle);
    this.ended.add(handle);
    this.indices.delete(handle);
    this.freeCount++;
    const left = this.list.find((range) => range.handle === NO_SPACE && range.offset + range.size === offset);
    const right = this.list.find((range) => range.handle === NO_SPACE && range.offset === offset + size);
    const joined = [left, right].filter((range) => range !== undefined);
    this.mergeCount += joined.length;
    const start = left?.offset ?? offset;
    const whole = joined.reduce((sum, range) => sum + range.size, size);
    this.list = this.list.filter((range) => range.offset < start || range.offset >= start + whole);
    this.list.push(this.freeRange(start, whole));
    this.list.sort((a, b) => a.offset - b.offset);
  }

  offsetOf(handle: Handle): number {
    return this.find(handle).offset;
  }

  sizeOf(handle: Handle): number {
    return this.find(handle).size;
  }

  indexOf(handle: Handle): number {
    this.find(handle);
    return this.indices.get(handle) as number;
  }

  /** The smallest index that no live range has. */
  private freeIndex(): number {
    const used = new Set(this.indices.values());
    let index = 0;
    while (used.has(index)) index++;
    return index;
  }

  largestAllocatable(alignment = 1): number {
    checkAlignment(alignment);
    const fits = this.list
      .filter((range) => range.handle === NO_SPACE)
      .map((hole) => hole.offset + hole.size - this.alignedFrom(hole.offset, alignment));
    return Math.max(0, ...fits);
  }

  statistics(into?: SuballocatorStatistics): SuballocatorStatistics {
    return Object.assign(into ?? {}, {
      capacity: this.capacity,
      ...this.recount(),
      peakUsed: this.peakUsed,
      peakLiveCount: this.peakLiveCount,
      allocationCount: this.allocationCount,
      freeCount: this.freeCount,
      splitCount: this.splitCount,
      mergeCount: this.mergeCount,
    });
  }

  reset(): void {
    this.indices.clear();
    for (const { handle } of this.list) {
      if (handle === NO_SPACE) continue;
      this.ended.add(handle);
      this.freeCount++;
    }
    this.list = [this.freeRange(0, this.capacity)];
  }

  *ranges(): IterableIterator<RangeView> {
    for (const { offset, size, handle } of this.list) yield { offset, size, handle };
  }

  private freeRange(offset: number, size: number): Range {
    return { offset, size, handle: NO_SPACE, requested: 0 };
  }

  private find(handle: Handle): Range {
    const range = this.list.find((each) => each.handle === handle && handle !== NO_SPACE);
    if (range !== undefined) return range;
    if (this.ended.has(handle)) throw new UsageError('stale-handle', 'the range of this handle has ended');
    throw new UsageError('bad-handle', 'not a handle of this suballocator');
  }

  /** The first multiple of alignment and granularity from `offset` on; imprecise beyond the span. */
  private alignedFrom(offset: number, alignment: number): number {
    const granularity = BigInt(this.granularity);
    const leastCommonMultiple =
      (BigInt(alignment) / commonDivisor(BigInt(alignment), granularity)) * granularity;
    return Number(roundUpExactly(BigInt(offset), leastCommonMultiple));
  }

  private recount(): Pick<
    SuballocatorStatistics,
    'used' | 'requested' | 'free' | 'largestFree' | 'liveCount' | 'holeCount'
  > {
    const live = this.list.filter((range) => range.handle !== NO_SPACE);
    const holes = this.list.filter((range) => range.handle === NO_SPACE);
    const used = live.reduce((sum, range) => sum + range.size, 0);
    return {
      used,
      requested: live.reduce((sum, range) => sum + range.requested, 0),
      free: this.capacity - used,
      largestFree: holes.reduce((most, range) => Math.max(most, range.size), 0),
      liveCount: live.length,
      holeCount: holes.length,
    };
  }
}

function isPositive(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function checkAlignment(alignment: number): void {
  if (!isPositive(alignment) || alignment > MAX_ALIGNMENT) {
    throw new UsageError('bad-alignment', 'alignment is not an integer from 1 to 2^31-1; pass one');
  }
}

function roundUpExactly(value: bigint, multiple: bigint): bigint {
  return ((value + multiple - 1n) / multiple) * multiple;
}

function commonDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : commonDivisor(b, a % b);
}
