/**
 * Heap report: every live allocation and chunk of a heap, gathered.
 *
 * Cost     O(ranges); the report itself sorts.
 */
import type { Memory } from '../memory/memory.ts';
import { NO_SPACE } from '../ranges/suballocator.ts';
import { type ChunkReport, reportChunk } from '../telemetry/chunk-report.ts';
import { type AllocationReport, type HeapReport, makeReport } from '../telemetry/report.ts';
import { Allocation } from './allocation.ts';
import { OwnerRecord, reportOf } from './books.ts';

/** Every live allocation of the application; the heap's own staging is not among them. */
export function reportAllocations(memory: Memory<unknown>): AllocationReport[] {
  const reports: AllocationReport[] = [];
  for (const pool of memory.pools) {
    for (const chunk of pool.chunks) {
      for (const { handle } of chunk.suballocator.ranges()) {
        if (handle === NO_SPACE) continue;
        const owner = chunk.ownerOf(handle);
        const isOurs = owner instanceof Allocation || owner instanceof OwnerRecord;
        // What is on its way has a range here and lives elsewhere.
        if (isOurs && owner.chunk === chunk && owner.handle === handle) {
          reports.push(reportOf(owner, chunk, memory.frame));
        }
      }
    }
  }
  return reports;
}

/** Every allocation that is evicted. */
export function reportEvicted<Buffer>(
  owners: Iterable<Allocation<Buffer> | OwnerRecord<Buffer>>,
  frame: number,
): AllocationReport[] {
  return Array.from(owners, (owner) => reportOf(owner, undefined, frame));
}

/** The whole heap at this moment. */
export function reportHeap(memory: Memory<unknown>): HeapReport {
  const chunks: ChunkReport[] = [];
  for (const pool of memory.pools) {
    for (const chunk of pool.chunks) chunks.push(reportChunk(chunk, pool.kind.name));
  }
  const { reservedBytes, stagingBytes, budgetBytes } = memory.backend;
  return makeReport({
    allocations: reportAllocations(memory),
    chunks,
    reservedBytes,
    stagingBytes,
    budgetBytes,
  });
}
