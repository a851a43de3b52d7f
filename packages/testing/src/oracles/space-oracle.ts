/**
 * Space oracle: an independent opinion on which bytes of a span are free, and what would fit there.
 *
 * Promise  slow, obviously right, and sharing no code with what it judges; `take` and `give` answer a
 *          complaint as a sentence, and nothing when all is well. After a complaint the oracle is unchanged.
 */

/** Bytes [offset, offset + size) without a live range in them. */
export interface FreeRange {
  readonly offset: number;
  readonly size: number;
}

/** What every oracle knows. Offsets, sizes and alignments are bytes. */
export interface SpaceOracle {
  readonly name: string;

  /** Marks bytes as live; complains when any of them is out of bounds, between units, or live already. */
  take(offset: number, size: number): string | undefined;

  /** Marks bytes as free; complains when they are not what one `take` marked. */
  give(offset: number, size: number): string | undefined;

  /** Everything is free again. */
  clear(): void;

  /**
   * The most bytes, in whole units, that would fit at a multiple of `alignment`; 0 when not even one unit
   * does.
   */
  largest(alignment: number): number;

  /** Free ranges in offset order, as long as they can be. */
  freeRanges(): FreeRange[];
}
