/**
 * Lifetime plan: what `planLifetimes` is asked and what it answers.
 *
 * Layout   items in, a buffer and an offset for each out. Time is counted in steps, as the caller numbers
 *          them: passes of a frame graph, nodes of a network.
 *
 *            offset
 *              ↑   ┌─ c ───────┐        a and d are never alive at the same step,
 *              │ ┌─ a ─┐┌─ d ──┴─┐      so they may have the same bytes
 *              │ ├─ b ─┴┴────────┤
 *              └─┴────────────────→ step
 */

/** Something that needs bytes from one step to another. */
export interface LifetimeItem {
  /** Bytes, 1 to 2^53-1; rounded up to the granularity. */
  readonly size: number;
  /** The first step at which the item is used; an integer from 0 to 2^53-1. */
  readonly firstUse: number;
  /** The last one, from `firstUse` on: the bytes belong to the item up to its end. */
  readonly lastUse: number;
  /** Bytes, 1 to 2^31-1: the offset is a multiple of it, and of the granularity; default 1. */
  readonly alignment?: number;
  /**
   * Indices of items that may not lie in the same buffer, at whatever step: WebGPU tracks the use of whole
   * buffers, so what a dispatch writes stays apart from what it reads. One of the two may name the other.
   */
  readonly conflictsWith?: readonly number[];
  /** Named in errors. */
  readonly label?: string;
}

/** How a plan is made. */
export interface LifetimeOptions {
  /** Bytes, 1 to 2^31-1: offsets and sizes of buffers are multiples of it; default 256. */
  readonly granularity?: number;
  /** No buffer has more bytes than this; default 2^53-1. A device has `limits.maxBufferSize`. */
  readonly maxBufferBytes?: number;
  /** No plan has more buffers than this, from 1 on; default as many as it takes. */
  readonly maxBuffers?: number;
  /** Milliseconds, 0 or more, for a search after the greedy orders; default 0: none. Needs `clock`. */
  readonly timeLimitMs?: number;
  /** Milliseconds since any moment, as `() => performance.now()`. Core has no clock. */
  readonly clock?: () => number;
  /** Ends the search after so many steps, and so always with the same plan; an integer from 0 on. */
  readonly stepLimit?: number;
  /** Start of the search's random numbers, an integer from 1 to 2^32-1; default 1. */
  readonly seed?: number;
}

/**
 * In which order the items are placed, each where it fits then: the largest first; of those between two
 * powers of two the longest; the largest product of bytes and steps; those of the busiest step; the longest;
 * as they begin.
 */
export type LifetimeOrder = 'size' | 'size-class' | 'area' | 'breadth' | 'length' | 'first-use';

/** How the plan was found: an order and a rule for holes, buffers given before by colours, or a search. */
export type LifetimeStrategy =
  | `${LifetimeOrder}-${'first-fit' | 'best-fit'}`
  | `${LifetimeOrder}-${'first-fit' | 'best-fit'}-coloured`
  | 'exact-search'
  | 'blame-search'
  | 'repair-search';

/**
 * Why no better plan was looked for: the peak is the lower bound; every plan was tried, and none is smaller;
 * the time is over; the steps are; or no search was asked for.
 */
export type LifetimeStop = 'optimal' | 'exhausted' | 'time' | 'steps' | 'no-search';

/** One buffer to make. */
export interface PlannedBuffer {
  /** Bytes; a multiple of the granularity. */
  readonly size: number;
}

/** Where one item lies. */
export interface LifetimePlacement {
  /** Index into the plan's buffers. */
  readonly buffer: number;
  /** Bytes from the start of the buffer. */
  readonly offset: number;
}

/** Buffers, and a place in one of them for each item. */
export interface LifetimePlan {
  readonly buffers: readonly PlannedBuffer[];
  /** In the order of the items. */
  readonly placements: readonly LifetimePlacement[];
  /** Bytes of all buffers. */
  readonly peakBytes: number;
  /** No plan has a smaller peak: the most bytes alive at one step, or of items that all conflict. */
  readonly lowerBoundBytes: number;
  /** How far the peak is above the bound: 0.05 for 5 %; 0 when there are no items. */
  readonly gap: number;
  readonly strategy: LifetimeStrategy;
  readonly reason: LifetimeStop;
}
