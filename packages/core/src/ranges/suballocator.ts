/**
 * Suballocator: hands out ranges of an abstract span `[0, capacity)`. Knows neither buffers nor time.
 *
 * Promise  live ranges never overlap, lie inside the span and respect their alignment; placement is a
 *          function of the calls alone; nothing is allocated on the JavaScript heap by `allocate` and `free`
 *          but the growth of tables.
 * Refusal  a call that throws, or answers NO_SPACE, undefined or false, has changed nothing. `allocate(0)`
 *          throws `bad-size`, in every kind. An operation that a kind does not have is absent, and its
 *          capability false.
 */
import type { Handle } from '../base/quantities.ts';

/** What `allocate` answers when no free range fits. Never a handle. */
export const NO_SPACE = 0;

/** The largest alignment, in bytes: any integer from 1 up to this. */
export const MAX_ALIGNMENT: number = 2 ** 31 - 1;

/** One piece of the span as `ranges()` reports it. */
export interface RangeView {
  /** First byte. */
  readonly offset: number;
  /** Bytes, a multiple of the granularity. */
  readonly size: number;
  /** The live range's handle, or NO_SPACE for a free one. */
  readonly handle: Handle;
}

/** A piece of the span that is managed: from construction, or since `track`. Bytes. */
export interface RegionView {
  readonly offset: number;
  readonly size: number;
}

/** One request of `allocateMany`. */
export interface RangeRequest {
  /** Bytes, 1 or more. */
  readonly size: number;
  /** Bytes, 1 or more. Default 1. */
  readonly alignment?: number;
}

/**
 * Where a single request should go: `min-time` as the kind does best, `min-waste` into the smallest hole that
 * holds it, `min-offset` as low and `max-offset` as high as it fits.
 */
export type Strategy = 'min-time' | 'min-waste' | 'min-offset' | 'max-offset';

/** Figures in bytes unless the name says count. Every field is maintained, not recounted: reading is O(1). */
export interface SuballocatorStatistics {
  /** Bytes managed. */
  capacity: number;
  /** Reserved by live ranges, rounding included. */
  used: number;
  /** Asked for by live ranges, before rounding. */
  requested: number;
  /** `capacity - used`. */
  free: number;
  /**
   * The longest free range, whatever its offset. Where the capability `exactLargestFree` is false: a bound
   * from below that the kind documents, 0 only when nothing is free.
   */
  largestFree: number;
  liveCount: number;
  /** Free ranges, as `ranges()` shows them. */
  holeCount: number;
  /** `1 - largestFree / free`: 0 when what is free lies together, or nothing is free; below 1. */
  fragmentation: number;
  peakUsed: number;
  peakLiveCount: number;
  /** Ranges given out since construction. */
  allocationCount: number;
  /** Ranges ended since construction, those of a `reset` included. */
  freeCount: number;
  /** Reserved since construction, growth by `resize` included. */
  allocatedBytes: number;
  /** `allocatedBytes - used`. */
  freedBytes: number;
  /** Free ranges cut in two, since construction. */
  splitCount: number;
  /** Pairs of free neighbours joined, since construction. */
  mergeCount: number;
}

/** What a kind can do beyond the contract. Those of a method's name say whether the kind has the method. */
export interface SuballocatorCapabilities {
  /** Ranges may be freed in any order and their space is reused at once. */
  readonly freesInAnyOrder: boolean;
  /** Every alignment is served. Else only those of which the kind's header speaks; others throw. */
  readonly anyAlignment: boolean;
  /** A request is refused only when no free range can hold it, or the tables are full (2^21 ranges). */
  readonly exact: boolean;
  /** `sizeOf` is the requested size rounded up to the granularity. Else the kind rounds further. */
  readonly exactSizes: boolean;
  /** Two free neighbours within a region are always one free range. */
  readonly mergesNeighbours: boolean;
  /** `statistics().largestFree` is the longest free range. Else a documented bound from below. */
  readonly exactLargestFree: boolean;
  /** What `allocateBy` takes; empty when there is no such method. */
  readonly strategies: readonly Strategy[];
  readonly allocateAt: boolean;
  readonly resize: boolean;
  readonly grow: boolean;
  readonly shrinkTo: boolean;
  /** `track`, `untrack` and `regions`. */
  readonly track: boolean;
  /** `mark` and `freeUpTo`. */
  readonly freeUpTo: boolean;
}

/** The contract of every kind. */
export interface Suballocator {
  /** The kind's name: `tlsf`, `linear`, `best-fit` … */
  readonly kind: string;
  readonly capabilities: SuballocatorCapabilities;
  /** Bytes managed, a multiple of the granularity. */
  readonly capacity: number;
  /** Bytes per unit: every offset and reserved size is a multiple of it. */
  readonly granularity: number;

  /**
   * Reserves `size` bytes (1 or more; rounded up to the granularity) at an offset that is a multiple of
   * `alignment` (1 or more, not only powers of two; default 1). Answers NO_SPACE when nothing fits.
   * @throws UsageError `bad-size`, `bad-alignment`
   */
  allocate(size: number, alignment?: number): Handle;

  /**
   * Reserves all of the requests in their order, or none: undefined when one does not fit. O(requests);
   * O(ranges) too where the longest hole is shorter than all of them together, so that it can be undone.
   * @throws UsageError `bad-argument`, `bad-size`, `bad-alignment`
   */
  allocateMany(requests: readonly RangeRequest[]): Handle[] | undefined;

  /**
   * Like `allocate`, placed as the strategy says.
   * @throws UsageError `bad-argument` for a strategy that is not in the capabilities, `bad-size`,
   *   `bad-alignment`
   */
  allocateBy?(strategy: Strategy, size: number, alignment?: number): Handle;

  /**
   * Reserves `size` bytes at exactly `offset`, a multiple of the granularity; NO_SPACE when any of them is
   * not free.
   * @throws UsageError `bad-offset`, `bad-size`
   */
  allocateAt?(offset: number, size: number): Handle;

  /**
   * Ends a live range.
   * @throws UsageError `bad-handle` (never given out by this suballocator), `stale-handle` (freed, or from
   *   before a reset)
   */
  free(handle: Handle): void;

  /**
   * Makes a live range shorter or longer where it is; false when what follows it is not free. The handle
   * stays.
   * @throws UsageError `bad-size`, and as `free` does
   */
  resize?(handle: Handle, size: number): boolean;

  /** First byte of a live range. @throws UsageError as `free` does */
  offsetOf(handle: Handle): number;

  /** Reserved bytes of a live range, at least what was asked for. @throws UsageError as `free` does */
  sizeOf(handle: Handle): number;

  /**
   * A number of its own for a live range: an integer from 0 to 2^21-1, small while few ranges have lived at
   * once, used again after the range has ended. For side tables. @throws UsageError as `free` does
   */
  indexOf(handle: Handle): number;

  /**
   * Bytes of the largest `allocate` with this alignment that would succeed now; one unit more would not. 0
   * when even one unit would fail. May be O(holes).
   * @throws UsageError `bad-alignment`
   */
  largestAllocatable(alignment?: number): number;

  /** Fills and returns `into`, or a fresh record. O(1). */
  statistics(into?: SuballocatorStatistics): SuballocatorStatistics;

  /** Frees everything; every handle from before is stale. O(ranges). */
  reset(): void;

  /**
   * Live and free ranges in offset order, tiling each region exactly. Do not allocate or free while
   * iterating.
   */
  ranges(): IterableIterator<RangeView>;

  /**
   * Calls `visit` with offset, size and handle of what `ranges()` yields, without an object for each. For
   * speed alone: a kind may do without, and then it is absent. O(ranges).
   */
  eachRange?(visit: (offset: number, size: number, handle: Handle) => void): void;

  /**
   * Manages `capacity` bytes (rounded down to the granularity) from now on, no fewer than before. Not while
   * regions are tracked.
   * @throws UsageError `bad-capacity`, `bad-region`
   */
  grow?(capacity: number): void;

  /**
   * Manages only the first `capacity` bytes (rounded down to the granularity) from now on; false while a
   * range lives beyond them. Not while regions are tracked.
   * @throws UsageError `bad-capacity`, `bad-region`
   */
  shrinkTo?(capacity: number): boolean;

  /**
   * Manages `[offset, offset + size)` too: multiples of the granularity, apart from every region so far.
   * Ranges never reach from one region into the next, even where they touch. O(regions).
   * @throws UsageError `bad-offset`, `bad-size`, `bad-region`
   */
  track?(offset: number, size: number): void;

  /**
   * Stops managing the region at `offset`; false while a range lives in it. O(regions).
   * @throws UsageError `bad-region` when no region begins there
   */
  untrack?(offset: number): boolean;

  /** What is managed, in offset order. */
  regions?(): readonly RegionView[];

  /** The present moment: `freeUpTo` of it ends what lives now and nothing that comes later. */
  mark?(): number;

  /**
   * Ends every range that was given out before `mark`; answers how many. Those handles are stale.
   * O(ranges ended).
   * @throws UsageError `bad-argument` for a mark that this suballocator has not given out
   */
  freeUpTo?(mark: number): number;

  /**
   * All of the state, to be stored, or sent to another thread, and given to the class's `restore`. O(ranges).
   */
  serialize(): SuballocatorState;
}

/** The state of a suballocator as plain data that can be cloned; handles stay valid in what is restored. */
export interface SuballocatorState {
  readonly format: 'gpuheap-suballocator';
  readonly version: 1;
  readonly kind: string;
  /** Bytes per unit. */
  readonly granularity: number;
  /** What else the kind needs, by name; typed arrays are copies. */
  readonly parts: Readonly<Record<string, number | Int32Array | Float64Array>>;
}

/** How a suballocator is made. */
export interface SuballocatorOptions {
  /** Bytes, rounded down to the granularity; at least one unit, at most 2^31-1 units. */
  readonly capacity: number;
  /** Bytes per unit, any positive integer. Default 1. */
  readonly granularity?: number;
}
