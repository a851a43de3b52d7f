/**
 * Chunk fragments: the chunks of a heap as a plan of moves sees them.
 *
 * Promise  a chunk is read when the plan comes to it, maybe frames later, and at once: ranges come and go
 *          meanwhile. What has gone by then is one range that stays.
 */
import { type Handle, leastCommonMultiple } from '../../base/quantities.ts';
import type { Chunk, RangeOwner } from '../../memory/chunk.ts';
import type { Pool } from '../../memory/pool.ts';
import type { FragmentChunk, FragmentRange, RangeTeller } from '../../planning/defragmentation/fragments.ts';
import type { DefragmentationMove } from '../../planning/defragmentation/move-queue.ts';
import { NO_SPACE } from '../../ranges/suballocator.ts';
import type { Movers } from './movable.ts';

/** Pools in which ranges may go anywhere. */
export function isTidied({ kind }: Pool<unknown>): boolean {
  return kind.location === 'gpu' && kind.placement === 'shared' && kind.lifetime !== 'frame';
}

/** Pools may share a name. */
export function nameOf({ kind, index }: Pool<unknown>): string {
  return `${kind.name} ${index}`;
}

/** Whether a chunk is still there, and is what the device has granted. */
export function isThere<Buffer>(chunk: Chunk<Buffer>): boolean {
  return chunk.refusal === undefined && (chunk.pool as Pool<Buffer>).chunks.includes(chunk);
}

/** A chunk for a plan. */
export function describe<Buffer>(chunk: Chunk<Buffer>, movers: Movers<Buffer>): FragmentChunk {
  const pool = chunk.pool as Pool<Buffer>;
  return {
    id: chunk.id,
    pool: nameOf(pool),
    sizeBytes: chunk.sizeBytes,
    dedicated: false,
    lifetime: pool.kind.lifetime,
    canSlide: chunk.canSlide,
    ranges: { [Symbol.iterator]: () => rangesOf(chunk, movers).values() },
    tellRanges: (tell) => tellRanges(chunk, movers, tell),
  };
}

function tellRanges<Buffer>(chunk: Chunk<Buffer>, movers: Movers<Buffer>, tell: RangeTeller): void {
  if (!isThere(chunk)) {
    tell(0, chunk.sizeBytes, 'pending', 1, false, 0);
    return;
  }
  const { suballocator } = chunk;
  const { granularity } = suballocator;
  const tellOne = (offset: number, size: number, handle: Handle): void => {
    const owner = handle === NO_SPACE ? undefined : chunk.ownerOf(handle);
    if (owner === undefined) {
      tell(offset, size, handle === NO_SPACE ? 'free' : 'pending', 1, false, 0);
      return;
    }
    const movable = movers.movableOf(owner);
    if (movable === undefined) tell(offset, size, 'live', granularity, true, handle);
    else
      tell(offset, size, 'live', leastCommonMultiple(movable.alignment, granularity), movable.isHeld, handle);
  };
  if (suballocator.eachRange !== undefined) suballocator.eachRange(tellOne);
  else for (const { offset, size, handle } of suballocator.ranges()) tellOne(offset, size, handle);
}

function rangesOf<Buffer>(chunk: Chunk<Buffer>, movers: Movers<Buffer>): FragmentRange[] {
  const ranges: FragmentRange[] = [];
  tellRanges(chunk, movers, (offset, size, state, alignment, pinned, key) => {
    ranges.push({ offset, size, state, alignment, pinned, key });
  });
  return ranges;
}

/** The owner of the range that the plan has seen; undefined when it is another now, or gone. */
export function liveOwner<Buffer>(
  chunk: Chunk<Buffer>,
  handle: Handle,
  { fromOffset, size }: DefragmentationMove,
): RangeOwner | undefined {
  const { suballocator } = chunk;
  try {
    if (suballocator.offsetOf(handle) !== fromOffset || suballocator.sizeOf(handle) !== size)
      return undefined;
    return chunk.ownerOf(handle);
  } catch {
    // Handles of ranges that have ended are refused.
    return undefined;
  }
}
