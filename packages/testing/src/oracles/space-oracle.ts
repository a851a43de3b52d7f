/**
 * Space oracle: an independent opinion on which bytes of a span are free, and what would fit there.
 *
 * Promise  slow, obviously right, and sharing no code with what it judges; `take`, `give`, `open` and `close`
 *          answer a complaint as a sentence, and nothing when all is well. After a complaint the oracle is
 *          unchanged.
 */

/** Bytes [offset, offset + size) without a live range in them. */
export interface FreeRange {
  readonly offset: number;
  readonly size: number;
}

/** What every oracle knows. Offsets, sizes and alignments are bytes. It begins as one region from 0 on. */
export interface SpaceOracle {
  readonly name: string;

  /**
   * Marks bytes as live; complains when any of them is not managed, between units, live already, or behind a
   * border.
   */
  take(offset: number, size: number): string | undefined;

  /** Marks bytes as free; complains when they are not what one `take` marked. */
  give(offset: number, size: number): string | undefined;

  /** Everything is free again. */
  clear(): void;

  /**
   * Manages these bytes too, as a region of their own, or as more of the region that ends where they begin.
   */
  open(offset: number, size: number, asMore: boolean): string | undefined;

  /** Manages these bytes no longer: a whole region, or the end of one. Complains when any of them is live. */
  close(offset: number, size: number): string | undefined;

  /**
   * The most bytes, in whole units, that would fit at a multiple of `alignment`; 0 when not even one unit
   * does.
   */
  largest(alignment: number): number;

  /** Free ranges in offset order, as long as they can be within their regions. */
  freeRanges(): FreeRange[];
}
