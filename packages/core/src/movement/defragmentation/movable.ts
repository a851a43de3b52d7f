/**
 * Movable: what a pass of moves has to know of what lives in a range, and tells it.
 */
import type { Handle } from '../../base/quantities.ts';
import type { Chunk, RangeOwner } from '../../memory/chunk.ts';

/** An owner of a range who can be taken elsewhere. */
export interface Movable<Buffer> extends RangeOwner {
  /** Bytes, without what is reserved beside them. */
  readonly size: number;
  /** What its offset is a multiple of. */
  readonly alignment: number;
  /** Whether it stays where it is, by its own will. */
  readonly isHeld: boolean;
  /** It lives elsewhere now. */
  settleIn(chunk: Chunk<Buffer>, handle: Handle): void;
  /** Calls whoever wants to know, when everything is as it should be. */
  tellMoved(): void;
}

/** Who knows what lives in the ranges. */
export interface Movers<Buffer> {
  /** Who is taken elsewhere with the range of an owner; undefined where it must stay. */
  movableOf(owner: RangeOwner): Movable<Buffer> | undefined;
  /** Chunks into which it must not come. */
  apartFrom(movable: Movable<Buffer>): readonly Chunk<Buffer>[];
  /** It lived in `used` reserved bytes before it moved. */
  moved(movable: Movable<Buffer>, used: number): void;
}
