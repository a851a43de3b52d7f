/**
 * Chunk fragments: the chunks of a heap as a plan of moves sees them.
 *
 * Promise  a chunk is read when the plan comes to it, maybe frames later, and at once: ranges come and go
 *          meanwhile. What has gone by then is one range that stays.
 */
import type { Handle } from '../base/quantities.ts';
import type { Chunk, RangeOwner } from '../memory/chunk.ts';
import type { Pool } from '../memory/pool.ts';
import type { FragmentChunk, FragmentRange } from '../planning/defragmentation/fragments.ts';
import type { DefragmentationMove } from '../planning/defragmentation/move-queue.ts';
import { NO_SPACE } from '../ranges/suballocator.ts';
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
    ranges: { [Symbol.iterator]: () => [...rangesOf(chunk, movers)].values() },
  };
}

function* rangesOf<Buffer>(chunk: Chunk<Buffer>, movers: Movers<Buffer>): Generator<FragmentRange, void> {
  if (!isThere(chunk)) {
    yield { offset: 0, size: chunk.sizeBytes, state: 'pending' };
    return;
  }
  const { granularity } = chunk.suballocator;
  for (const { offset, size, handle } of chunk.suballocator.ranges()) {
    if (handle === NO_SPACE) {
      yield { offset, size, state: 'free' };
      continue;
    }
    const owner = chunk.ownerOf(handle);
    if (owner === undefined) yield { offset, size, state: 'pending' };
    else {
      const { alignment = 1, isHeld: pinned = true } = movers.movableOf(owner) ?? {};
      yield { offset, size, state: 'live', alignment: both(alignment, granularity), pinned, key: handle };
    }
  }
}

/** What is a multiple of one and of the other: their least common multiple. */
function both(one: number, other: number): number {
  let divisor = one;
  for (let rest = other; rest > 0; ) [divisor, rest] = [rest, divisor % rest];
  return (one / divisor) * other;
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
