/**
 * Chunk report: what one chunk holds.
 *
 * Cost     O(1); nothing is made when a record is passed in.
 * Promise  `used + pending + free` are the bytes of the chunk.
 */
import type { Suballocator, SuballocatorStatistics } from '../ranges/suballocator.ts';

/** One chunk. Bytes unless the name says otherwise. */
export interface ChunkReport {
  id: number;
  poolName: string;
  dedicated: boolean;
  sizeBytes: number;
  /** Reserved by live allocations. */
  usedBytes: number;
  /** Reserved by released ones until the GPU is done with them. */
  pendingBytes: number;
  freeBytes: number;
  /** A bound from below where the suballocator's capability `exactLargestFree` is false. */
  largestFreeBytes: number;
  /** Live and pending ranges. */
  rangeCount: number;
  holeCount: number;
}

/** A chunk, as far as a report needs it. */
export interface ReportedChunk {
  readonly id: number;
  readonly dedicated: boolean;
  readonly pendingBytes: number;
  readonly suballocator: Suballocator;
}

/** Read anew for each chunk. */
const SCRATCH = {} as SuballocatorStatistics;

/** Fills and returns `into`, or a fresh record. */
export function reportChunk(chunk: ReportedChunk, poolName: string, into?: ChunkReport): ChunkReport {
  const out = into ?? ({} as ChunkReport);
  const { capacity, used, free, largestFree, liveCount, holeCount } = chunk.suballocator.statistics(SCRATCH);
  out.id = chunk.id;
  out.poolName = poolName;
  out.dedicated = chunk.dedicated;
  out.sizeBytes = capacity;
  out.usedBytes = used - chunk.pendingBytes;
  out.pendingBytes = chunk.pendingBytes;
  out.freeBytes = free;
  out.largestFreeBytes = largestFree;
  out.rangeCount = liveCount;
  out.holeCount = holeCount;
  return out;
}
