/**
 * Snapshot: every chunk and range of a heap at one moment, as versioned JSON.
 *
 * Cost     O(ranges).
 * Promise  the ranges of a chunk are in offset order and tile it exactly.
 */
import type { Chunk } from '../memory/chunk.ts';
import type { Memory } from '../memory/memory.ts';
import type { Access, Location } from '../memory/pool-kind.ts';
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
  readonly sizeBytes: number;
  readonly dedicated: boolean;
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
        sizeBytes: chunk.sizeBytes,
        dedicated: chunk.dedicated,
        ranges: describeRanges(chunk),
      });
    }
  }
  return { format: 'gpuheap-snapshot', version: 1, statistics, chunks };
}

function describeRanges(chunk: Chunk<unknown>): RangeSnapshot[] {
  const ranges: RangeSnapshot[] = [];
  for (const { offset, size, handle } of chunk.suballocator.ranges()) {
    if (handle === NO_SPACE) {
      ranges.push({ offset, size, state: 'free' });
      continue;
    }
    const owner = chunk.ownerOf(handle);
    if (owner === undefined) ranges.push({ offset, size, state: 'pending' });
    else
      ranges.push(
        owner.label === ''
          ? { offset, size, state: 'live' }
          : { offset, size, state: 'live', label: owner.label },
      );
  }
  return ranges;
}
