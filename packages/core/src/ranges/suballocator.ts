/**
 * Suballocator: hands out ranges of an abstract span `[0, capacity)`. Knows neither buffers nor time.
 *
 * Promise  live ranges never overlap, lie inside the span and respect their alignment; placement is a
 *          function of the calls alone; nothing is allocated on the JavaScript heap by `allocate` and `free`
 *          but the growth of tables.
 * Refusal  a call that throws, or answers NO_SPACE, has changed nothing.
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

/** Figures in bytes unless the name says count. Every field is maintained, not recounted: reading is O(1). */
export interface SuballocatorStatistics {
  capacity: number;
  /** Reserved by live ranges, rounding included. */
  used: number;
  /** Asked for by live ranges, before rounding. */
  requested: number;
  /** `capacity - used`. */
  free: number;
  /** The longest free range, whatever its offset. */
  largestFree: number;
  liveCount: number;
  /** Free ranges. */
  holeCount: number;
  peakUsed: number;
  peakLiveCount: number;
  /** Successful `allocate` calls since construction. */
  allocationCount: number;
  /** Successful `free` calls since construction; a `reset` counts every range it ends. */
  freeCount: number;
  /** Free ranges cut in two, since construction. */
  splitCount: number;
  /** Pairs of free neighbours joined, since construction. */
  mergeCount: number;
}

/** What a kind can do beyond the contract. */
export interface SuballocatorCapabilities {
  /** Ranges may be freed in any order and their space is reused at once. */
  readonly freesInAnyOrder: boolean;
  /** Alignments other than multiples and divisors of the granularity are served. */
  readonly anyAlignment: boolean;
  /** A request is refused only when no free range can hold it, or the tables are full (2^21 ranges). */
  readonly exact: boolean;
}

/** The contract of every kind. */
export interface Suballocator {
  /** The kind's name: `tlsf`, `linear`, `best-fit`. */
  readonly kind: string;
  readonly capabilities: SuballocatorCapabilities;
  /** Bytes of the span, a multiple of the granularity. */
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
   * Ends a live range.
   * @throws UsageError `bad-handle` (never given out by this suballocator), `stale-handle` (freed, or from
   *   before a reset)
   */
  free(handle: Handle): void;

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

  /** Frees everything; every handle from before is stale. */
  reset(): void;

  /**
   * Live and free ranges in offset order, tiling `[0, capacity)` exactly. Do not allocate or free while
   * iterating.
   */
  ranges(): IterableIterator<RangeView>;
}

/** How a suballocator is made. */
export interface SuballocatorOptions {
  /** Bytes, rounded down to the granularity; at least one unit, at most 2^31-1 units. */
  readonly capacity: number;
  /** Bytes per unit, any positive integer. Default 1. */
  readonly granularity?: number;
}
