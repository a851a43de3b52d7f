/**
 * Report: every live allocation and chunk of a heap at one moment, with the totals.
 *
 * Cost     O(n log n) over allocations and chunks.
 * Promise  a function of what is passed in; the largest allocations come first, equal ones in the order of
 *          chunk and offset. Totals are sums of what is listed: `used + pending + free == capacity`, in
 *          bytes.
 */
import type { ChunkReport } from './chunk-report.ts';
import { type Fragmentation, shareOf, unevennessOf } from './fragmentation.ts';

/** One live allocation. */
export interface AllocationReport {
  readonly label: string;
  readonly owner: string;
  /** `evicted` for one that is. */
  readonly poolName: string;
  /** -1 for one that is evicted. */
  readonly chunkId: number;
  /** Bytes from the beginning of the chunk's buffer. */
  readonly offset: number;
  /** Reserved, rounding included; 0 for one that is evicted. */
  readonly sizeBytes: number;
  /** Asked for, exactly. */
  readonly requestedBytes: number;
  /** Frames that have ended since it was made. */
  readonly ageFrames: number;
  /** Where it was made, when stacks are kept. */
  readonly stack?: string;
}

/** The chunks of one pool together. Bytes unless the name says otherwise. */
export interface PoolReport {
  readonly name: string;
  readonly chunkCount: number;
  readonly sizeBytes: number;
  readonly usedBytes: number;
  readonly pendingBytes: number;
  readonly freeBytes: number;
  readonly largestFreeBytes: number;
}

/** Totals of a heap that are not in its chunks, in bytes. */
export interface ReportTotals {
  /** Held from the device: chunks, staging, and whatever else counts against the budget. */
  readonly reservedBytes: number;
  /** The staging part of `reservedBytes`. */
  readonly stagingBytes: number;
  /** Infinity when there is no limit. */
  readonly budgetBytes: number;
}

/** A heap at one moment. Bytes unless the name says otherwise. */
export interface HeapReport extends ReportTotals, Readonly<Fragmentation> {
  /** Asked for by the allocations that are listed. */
  readonly requestedBytes: number;
  /** Reserved by live allocations. */
  readonly usedBytes: number;
  readonly pendingBytes: number;
  /** Largest first. */
  readonly allocations: readonly AllocationReport[];
  /** In the order of their ids. */
  readonly chunks: readonly Readonly<ChunkReport>[];
  /** Those with the largest chunks together first. */
  readonly pools: readonly PoolReport[];
}

/** What a report is made of. */
export interface ReportSource extends ReportTotals {
  readonly allocations: Iterable<AllocationReport>;
  readonly chunks: Iterable<Readonly<ChunkReport>>;
}

/** Sorts and sums. O(n log n). */
export function makeReport(source: ReportSource): HeapReport {
  const allocations = Array.from(source.allocations).sort(bySize);
  const chunks = Array.from(source.chunks).sort((a, b) => a.id - b.id);
  const { sizeBytes, usedBytes, pendingBytes, freeBytes, largestFreeBytes } = sumChunks('', chunks);
  let requestedBytes = 0;
  for (const allocation of allocations) requestedBytes += allocation.requestedBytes;
  let holeCount = 0;
  for (const chunk of chunks) holeCount += chunk.holeCount;
  return {
    requestedBytes,
    usedBytes,
    pendingBytes,
    freeBytes,
    capacityBytes: sizeBytes,
    reservedBytes: source.reservedBytes,
    stagingBytes: source.stagingBytes,
    budgetBytes: source.budgetBytes,
    freeShare: shareOf(freeBytes, sizeBytes),
    largestFreeBytes,
    holeCount,
    fragmentation: unevennessOf(largestFreeBytes, freeBytes),
    allocations,
    chunks,
    pools: sumPools(chunks),
  };
}

/** Orders allocations by size, the largest first; equal ones by chunk and offset. */
export function bySize(a: AllocationReport, b: AllocationReport): number {
  return b.sizeBytes - a.sizeBytes || a.chunkId - b.chunkId || a.offset - b.offset;
}

function sumPools(chunks: readonly Readonly<ChunkReport>[]): PoolReport[] {
  const byPool = new Map<string, Readonly<ChunkReport>[]>();
  for (const chunk of chunks) {
    const siblings = byPool.get(chunk.poolName);
    if (siblings === undefined) byPool.set(chunk.poolName, [chunk]);
    else siblings.push(chunk);
  }
  // Equal ones stay in the order of their oldest chunk.
  const pools = Array.from(byPool, ([name, siblings]) => sumChunks(name, siblings));
  return pools.sort((a, b) => b.sizeBytes - a.sizeBytes);
}

function sumChunks(name: string, chunks: readonly Readonly<ChunkReport>[]): PoolReport {
  const sum = { sizeBytes: 0, usedBytes: 0, pendingBytes: 0, freeBytes: 0, largestFreeBytes: 0 };
  for (const chunk of chunks) {
    sum.sizeBytes += chunk.sizeBytes;
    sum.usedBytes += chunk.usedBytes;
    sum.pendingBytes += chunk.pendingBytes;
    sum.freeBytes += chunk.freeBytes;
    sum.largestFreeBytes = Math.max(sum.largestFreeBytes, chunk.largestFreeBytes);
  }
  return { name, chunkCount: chunks.length, ...sum };
}
