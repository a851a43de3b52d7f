/**
 * Reference suballocator: first fit over a sorted list of ranges, with every operation that the contract
 * names. Slow and plain; what the contract means, in code, and the baseline that every other kind is compared
 * with.
 *
 * Layout   one array of ranges in offset order, live and free; one of regions; a map from handle to index.
 * Cost     every operation O(ranges).
 * Promise  serves whatever fits, at the lowest offset that fits; no two instances ever give out the same
 *          handle.
 * Refusal  remembers every handle it ever gave out, so memory grows with use.
 */
import { UsageError } from '@gpuheap/core/errors';
import {
  type Handle,
  NO_SPACE,
  type RangeRequest,
  type RangeView,
  type RegionView,
  type Strategy,
  type Suballocator,
  type SuballocatorCapabilities,
  type SuballocatorOptions,
  type SuballocatorState,
  type SuballocatorStatistics,
} from '@gpuheap/core/ranges';
import {
  checkCapacity,
  checkOffset,
  checkOptions,
  checkRequests,
  checkSize,
  MOST_UNITS,
} from './reference-arguments.ts';
import { freeRange, ReferenceRanges, sumOf } from './reference-ranges.ts';
import { type ReferenceRange, readContents, writeContents } from './reference-state.ts';

/** What the reference can do: everything. */
export const REFERENCE_CAPABILITIES: SuballocatorCapabilities = {
  freesInAnyOrder: true,
  anyAlignment: true,
  exact: true,
  exactSizes: true,
  mergesNeighbours: true,
  exactLargestFree: true,
  strategies: ['min-time', 'min-waste', 'min-offset', 'max-offset'],
  allocateAt: true,
  resize: true,
  grow: true,
  shrinkTo: true,
  track: true,
  freeUpTo: true,
};

/** See the head of the file. */
export class ReferenceSuballocator extends ReferenceRanges implements Suballocator {
  readonly kind: string = 'reference';
  readonly capabilities: SuballocatorCapabilities;

  /**
   * `claims`: where the capabilities differ from the reference's own; methods that it takes away are absent.
   * What else it changes is for heirs to live up to.
   * @throws UsageError `bad-argument`, `unknown-option`, `bad-capacity`, `bad-granularity`
   */
  constructor(options: SuballocatorOptions, claims: Partial<SuballocatorCapabilities> = {}) {
    checkOptions(options);
    super(options.capacity, options.granularity ?? 1);
    this.capabilities = { ...REFERENCE_CAPABILITIES, ...claims };
    for (const [name, isThere] of methodsOf(this.capabilities)) {
      if (!isThere) Object.defineProperty(this, name, { value: undefined });
    }
  }

  /**
   * A suballocator in a serialized state. `make` makes an empty one of the same kind, for heirs.
   * @throws UsageError `bad-state`
   */
  static restore(
    state: SuballocatorState,
    make: (options: SuballocatorOptions) => ReferenceSuballocator = (options) =>
      new ReferenceSuballocator(options),
  ): ReferenceSuballocator {
    const { kind } = make({ capacity: 1024 });
    const { granularity, contents } = readContents(state, kind);
    const made = make({ capacity: granularity, granularity });
    made.load(contents);
    return made;
  }

  get capacity(): number {
    return this.spans.reduce((sum, { size }) => sum + size, 0);
  }

  allocate(size: number, alignment = 1): Handle {
    checkSize(size);
    this.checkAlignment(alignment);
    return this.take(this.places(this.reservedFor(size), alignment, 'low')[0], size);
  }

  allocateMany(requests: readonly RangeRequest[]): Handle[] | undefined {
    checkRequests(requests);
    for (const { alignment = 1 } of requests) this.checkAlignment(alignment);
    const before = this.contents();
    const handles: Handle[] = [];
    for (const { size, alignment = 1 } of requests) {
      const handle = this.take(this.places(this.reservedFor(size), alignment, 'low')[0], size);
      if (handle === NO_SPACE) {
        this.load(before);
        return undefined;
      }
      handles.push(handle);
    }
    return handles;
  }

  allocateBy(strategy: Strategy, size: number, alignment = 1): Handle {
    const known: readonly unknown[] = this.capabilities.strategies;
    if (!known.includes(strategy)) throw new UsageError('bad-argument', 'not a strategy of this kind');
    checkSize(size);
    this.checkAlignment(alignment);
    const places = this.places(this.reservedFor(size), alignment, strategy === 'max-offset' ? 'high' : 'low');
    if (strategy === 'max-offset') return this.take(places.at(-1), size);
    if (strategy !== 'min-waste') return this.take(places[0], size);
    const least = Math.min(...places.map(({ at }) => this.rangeAt(at).size));
    return this.take(
      places.find(({ at }) => this.rangeAt(at).size === least),
      size,
    );
  }

  allocateAt(offset: number, size: number): Handle {
    checkOffset(offset, this.granularity);
    checkSize(size);
    const reserved = this.reservedFor(size);
    const at = this.list.findIndex(
      (range) =>
        range.handle === NO_SPACE && range.offset <= offset && offset + reserved <= range.offset + range.size,
    );
    return this.take(at < 0 ? undefined : { at, offset, size: reserved }, size);
  }

  free(handle: Handle): void {
    const { offset, size } = this.find(handle);
    this.end(handle);
    this.vacate(offset, size);
  }

  resize(handle: Handle, size: number): boolean {
    const range = this.find(handle);
    checkSize(size);
    const reserved = this.reservedFor(size);
    const at = this.list.indexOf(range);
    const next = this.list[at + 1];
    const room = next !== undefined && this.canJoin(range, next) && next.handle === NO_SPACE ? next.size : 0;
    if (reserved > range.size + room) return false;
    const rest = freeRange({ offset: range.offset + reserved, size: range.size + room - reserved });
    const resized = { ...range, size: reserved, requested: size };
    this.list.splice(at, room > 0 ? 2 : 1, ...[resized, rest].filter((each) => each.size > 0));
    if (room === 0 && rest.size > 0) this.splitCount++;
    if (room > 0 && rest.size === 0) this.mergeCount++;
    this.countBytes(Math.max(0, reserved - range.size));
    return true;
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

  largestAllocatable(alignment = 1): number {
    this.checkAlignment(alignment);
    const fits = this.list
      .filter((range) => this.serves(range))
      .map((hole) => hole.offset + hole.size - this.alignedFrom(hole.offset, alignment));
    return Math.max(0, ...fits);
  }

  statistics(into?: SuballocatorStatistics): SuballocatorStatistics {
    const live = this.list.filter((range) => range.handle !== NO_SPACE);
    const holes = this.list.filter((range) => range.handle === NO_SPACE);
    const used = sumOf(live, 'size');
    const free = this.capacity - used;
    const largestFree = Math.max(0, ...holes.map(({ size }) => size));
    return Object.assign(into ?? {}, {
      capacity: this.capacity,
      used,
      requested: sumOf(live, 'requested'),
      free,
      largestFree,
      liveCount: live.length,
      holeCount: holes.length,
      fragmentation: free === 0 ? 0 : 1 - largestFree / free,
      peakUsed: this.peakUsed,
      peakLiveCount: this.peakLiveCount,
      allocationCount: this.allocationCount,
      freeCount: this.freeCount,
      allocatedBytes: this.allocatedBytes,
      freedBytes: this.allocatedBytes - used,
      splitCount: this.splitCount,
      mergeCount: this.mergeCount,
    });
  }

  reset(): void {
    for (const { handle } of this.list) if (handle !== NO_SPACE) this.end(handle);
    this.list = this.spans.map(freeRange);
  }

  *ranges(): IterableIterator<RangeView> {
    for (const { offset, size, handle } of this.list) yield { offset, size, handle };
  }

  grow(capacity: number): void {
    this.checkOneRegion();
    const size = checkCapacity(capacity, this.granularity) - this.capacity;
    if (size < 0) throw new UsageError('bad-capacity', 'capacity is less than before; use shrinkTo');
    const offset = this.capacity;
    this.spans = [{ offset: 0, size: offset + size }];
    if (size > 0) this.vacate(offset, size);
  }

  shrinkTo(capacity: number): boolean {
    this.checkOneRegion();
    const end = checkCapacity(capacity, this.granularity);
    if (end > this.capacity) throw new UsageError('bad-capacity', 'capacity is more than before; use grow');
    const isLiveBeyond = (range: ReferenceRange): boolean =>
      range.handle !== NO_SPACE && range.offset + range.size > end;
    if (this.list.some(isLiveBeyond)) return false;
    this.spans = [{ offset: 0, size: end }];
    this.list = this.list
      .map((range) => ({ ...range, size: Math.min(range.size, end - range.offset) }))
      .filter((range) => range.size > 0);
    return true;
  }

  track(offset: number, size: number): void {
    checkOffset(offset, this.granularity);
    checkSize(size);
    if (size % this.granularity !== 0) {
      throw new UsageError('bad-size', 'size is not a multiple of the granularity');
    }
    if (offset + size > MOST_UNITS * this.granularity || !Number.isSafeInteger(offset + size)) {
      throw new UsageError('bad-size', 'the region ends behind the last unit that can be managed');
    }
    if (this.spans.some((span) => span.offset < offset + size && offset < span.offset + span.size)) {
      throw new UsageError('bad-region', 'some of these bytes are managed already');
    }
    this.spans = [...this.spans, { offset, size }].sort((a, b) => a.offset - b.offset);
    this.vacate(offset, size);
  }

  untrack(offset: number): boolean {
    checkOffset(offset, this.granularity);
    const region = this.spans.find((span) => span.offset === offset);
    if (region === undefined) throw new UsageError('bad-region', 'no region begins at this offset');
    const inside = (range: ReferenceRange): boolean =>
      range.offset >= offset && range.offset < offset + region.size;
    if (this.list.some((range) => inside(range) && range.handle !== NO_SPACE)) return false;
    this.spans = this.spans.filter((span) => span !== region);
    this.list = this.list.filter((range) => !inside(range));
    return true;
  }

  regions(): readonly RegionView[] {
    return this.spans.map((span) => ({ ...span }));
  }

  mark(): number {
    const mark = this.newestHandle();
    this.marks.add(mark);
    return mark;
  }

  freeUpTo(mark: number): number {
    if (!this.marks.has(mark)) throw new UsageError('bad-argument', 'not a mark of this suballocator');
    const before = this.list.filter(({ handle }) => handle !== NO_SPACE && handle <= mark);
    for (const { handle } of before) this.free(handle);
    return before.length;
  }

  serialize(): SuballocatorState {
    return writeContents(this.kind, this.granularity, this.contents());
  }

  private checkOneRegion(): void {
    if (this.spans.length === 1 && this.spans[0]?.offset === 0) return;
    throw new UsageError('bad-region', 'regions are tracked; untrack all but the first');
  }
}

/** The optional methods, and whether a kind of these capabilities has them. */
function methodsOf(capabilities: SuballocatorCapabilities): [keyof Suballocator, boolean][] {
  const { strategies, allocateAt, resize, grow, shrinkTo, track, freeUpTo } = capabilities;
  return [
    ['allocateBy', strategies.length > 0],
    ['allocateAt', allocateAt],
    ['resize', resize],
    ['grow', grow],
    ['shrinkTo', shrinkTo],
    ['track', track],
    ['untrack', track],
    ['regions', track],
    ['mark', freeUpTo],
    ['freeUpTo', freeUpTo],
  ];
}
