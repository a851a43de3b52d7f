/**
 * Resident: what eviction and restore have to know of who lives in a range, and tell it.
 *
 * Promise  between two calls a resident is in a range or evicted, never both; a call that throws has changed
 *          nothing.
 * Refusal  knows no allocations: this floor lies below theirs.
 */
import type { Handle } from '../../base/quantities.ts';
import type { Chunk, RangeOwner } from '../../memory/chunk.ts';
import type { Pool } from '../../memory/pool.ts';
import type { ReadPiece } from '../../memory/readback-ring.ts';

/** An owner of a range who can be sent away and brought back. */
export interface Resident<Buffer> extends RangeOwner {
  /** Bytes, without what is reserved beside them. */
  readonly size: number;
  readonly alignment: number;
  readonly dedicated: boolean;
  readonly isHeld: boolean;
  readonly isLive: boolean;
  /** Where it is; undefined while it is evicted. */
  readonly chunk: Chunk<Buffer> | undefined;
  readonly handle: Handle;
  /** From 1 on, the lowest; 0 for what is never evicted by itself. */
  readonly rank: number;
  /** Boundaries that had passed when it was last used, and in another frame before that. */
  readonly usedAt: number;
  readonly beforeAt: number;
  /** As `usedAt`, counting what the heap does with it. */
  readonly busyAt: number;
  /** Calls that need it to stay until they end. */
  neededCount: number;
  /** Calls whoever wants to know of a new place. */
  tellMoved(): void;
}

/** Why one was evicted: memory was short, somebody asked for it, or it has never been resident. */
export type EvictionReason = 'pressure' | 'asked' | 'begun';

/** Who knows them, and does what only their kind can. */
export interface Residents<Buffer, R extends Resident<Buffer>> {
  /** Whether any may be evicted by itself. */
  readonly hasRanked: boolean;
  /** Who lives in a range; undefined where it can not be evicted at all. */
  residentOf(owner: RangeOwner): R | undefined;
  /** Who stands for it in its chunk. */
  ownerOf(resident: R): RangeOwner;
  /** Whether it can go without being read back. */
  isClean(resident: R): boolean;
  /** Chunks into which it must not come. */
  apartFrom(resident: R): readonly Chunk<Buffer>[];
  /** The pool of one that is evicted. @throws UsageError `disposed` */
  poolOf(resident: R): Pool<Buffer>;
  /** Bytes to reserve for it there. */
  bytesOf(resident: R, pool: Pool<Buffer>): number;
  /** A part of it that is about to be read back. */
  pieceOf(resident: R, at: number, size: number): ReadPiece<Buffer>;
  /** It goes, with these bytes, or without any where it is clean. Its range is free at once. */
  evict(resident: R, read: Uint8Array | undefined, reason: EvictionReason): void;
  /** Boundaries that had passed when an evicted one went for lack of memory; undefined for another reason. */
  pressedOutAt(resident: R): number | undefined;
  /** Whether its bytes are on the CPU. */
  isLoaded(resident: R): boolean;
  /** Resolves when they are. Rejects with UsageError `not-restored`. */
  load(resident: R): Promise<void>;
  /** Nobody waits for it any more: what can be loaded again goes. */
  unload(resident: R): void;
  /** It comes back into a range. @throws UsageError · BackendError, and then it is evicted still */
  settle(resident: R, chunk: Chunk<Buffer>, handle: Handle): void;
  /** Keeps the copies of what came back until the GPU has it. */
  keepUntilDone(restored: readonly R[]): void;
  /** Calls whoever wants to know that it has gone. */
  tellEvicted(resident: R): void;
}
