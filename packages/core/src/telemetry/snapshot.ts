/**
 * Snapshot: every chunk and range of a heap at one moment, as versioned JSON.
 *
 * Cost     O(ranges).
 * Promise  the ranges of a chunk are in offset order and tile it exactly.
 */
import { leastCommonMultiple } from '../base/quantities.ts';
import type { Chunk, RangeOwner } from '../memory/chunk.ts';
import type { Memory } from '../memory/memory.ts';
import type { Access, Lifetime, Location } from '../memory/pool-kind.ts';
import { NO_SPACE } from '../ranges/suballocator.ts';
import type { HeapStatistics } from './heap-statistics.ts';

/** One piece of a chunk; offset and size in bytes. */
export interface RangeSnapshot {
  readonly offset: number;
  readonly size: number;
  /** `pending`: released, but the GPU may still use it. */
  readonly state: 'live' | 'pending' | 'free';
  /** The allocation's label, when it has one. */
  readonly label?: string;
  /** Of a live range: what its offset is a multiple of wherever it is. Absent: 1. */
  readonly alignment?: number;
  /** Of a live range: it stays where it is. Absent: false. */
  readonly pinned?: boolean;
}

/** One chunk. */
export interface ChunkSnapshot {
  readonly id: number;
  /** The name of its pool. */
  readonly pool: string;
  readonly memoryType: number;
  /** Bits of BufferUsage. */
  readonly usage: number;
  readonly access: Access;
  readonly location: Location;
  readonly lifetime: Lifetime;
  readonly sizeBytes: number;
  readonly dedicated: boolean;
  /** Whether its ranges can be placed where a plan says, so that they may slide. */
  readonly canSlide: boolean;
  readonly ranges: readonly RangeSnapshot[];
}

/** A heap at one moment; plain JSON but for Infinity, which JSON writes as null. */
export interface HeapSnapshot {
  readonly format: 'gpuheap-snapshot';
  readonly version: 1;
  readonly statistics: HeapStatistics;
  readonly chunks: readonly ChunkSnapshot[];
}

/** Takes a snapshot. */
export function takeSnapshot(memory: Memory<unknown>, statistics: HeapStatistics): HeapSnapshot {
  const chunks: ChunkSnapshot[] = [];
  for (const pool of memory.pools) {
    for (const chunk of pool.chunks) {
      chunks.push({
        id: chunk.id,
        pool: pool.kind.name,
        memoryType: pool.kind.memoryType,
        usage: pool.kind.usage,
        access: pool.kind.access,
        location: pool.kind.location,
        lifetime: pool.kind.lifetime,
        sizeBytes: chunk.sizeBytes,
        dedicated: chunk.dedicated,
        canSlide: chunk.canSlide,
        ranges: describeRanges(chunk),
      });
    }
  }
  return { format: 'gpuheap-snapshot', version: 1, statistics, chunks };
}

function describeRanges(chunk: Chunk<unknown>): RangeSnapshot[] {
  const ranges: RangeSnapshot[] = [];
  const { suballocator } = chunk;
  const { lifetime, location } = chunk.pool.kind;
  // What lives for a frame is gone before it could be moved, and no GPU copy leaves a readback.
  const stays = lifetime === 'frame' || location === 'readback';
  for (const { offset, size, handle } of suballocator.ranges()) {
    if (handle === NO_SPACE) {
      ranges.push({ offset, size, state: 'free' });
      continue;
    }
    const owner = chunk.ownerOf(handle);
    if (owner === undefined) ranges.push({ offset, size, state: 'pending' });
    else {
      // Nor does anything move that several timelines use.
      const pinned = stays || (owner.isHeld ?? true) || chunk.timelinesOf(handle) !== undefined;
      ranges.push(describeLive(owner, offset, size, suballocator.granularity, pinned));
    }
  }
  return ranges;
}

function describeLive(
  { label, alignment = 1 }: RangeOwner,
  offset: number,
  size: number,
  granularity: number,
  pinned: boolean,
): RangeSnapshot {
  return {
    offset,
    size,
    state: 'live',
    ...(label === '' ? {} : { label }),
    alignment: leastCommonMultiple(alignment, granularity),
    ...(pinned ? { pinned } : {}),
  };
}
