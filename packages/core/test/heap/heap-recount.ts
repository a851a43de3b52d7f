/**
 * Heap recount: what a heap says of itself, counted again range by range and buffer by buffer.
 *
 * Promise  answers every difference as a sentence; none means that snapshot, statistics, report, accounts and
 *          device agree.
 */
import type { MockBuffer, MockGpu } from '../../../mock/src/index.ts';
import type { AccountsView, ChunkSnapshot, GpuHeap, HeapReport, HeapSnapshot } from '../../src/index.ts';

/** Bytes of the ranges of one state. */
type ByState = Record<ChunkSnapshot['ranges'][number]['state'], number>;

interface Names {
  readonly requestedBytes: number;
  readonly usedBytes: number;
  readonly liveCount: number;
}

/** Collects sentences. */
class Differences {
  readonly list: string[] = [];

  expect(what: string, told: unknown, counted: unknown): void {
    if (!Object.is(told, counted))
      this.list.push(`${what}: told ${String(told)}, counted ${String(counted)}`);
  }
}

/** The differences between what a heap tells and what there is. All buffers of the GPU are the heap's. */
export function recountHeap(heap: GpuHeap<MockBuffer>, gpu: MockGpu): string[] {
  const differences = new Differences();
  const snapshot = heap.snapshot();
  const report = heap.report();
  const sums: ByState = { live: 0, pending: 0, free: 0 };
  for (const [k, chunk] of [...snapshot.chunks].sort((a, b) => a.id - b.id).entries()) {
    const own = sumRanges(chunk, differences);
    for (const state of ['live', 'pending', 'free'] as const) sums[state] += own[state];
    const told = report.chunks[k];
    differences.expect(`id in the report of chunk ${chunk.id}`, told?.id, chunk.id);
    differences.expect(`used in chunk ${chunk.id}`, told?.usedBytes, own.live);
    differences.expect(`pending in chunk ${chunk.id}`, told?.pendingBytes, own.pending);
    differences.expect(`free in chunk ${chunk.id}`, told?.freeBytes, own.free);
  }
  compareTotals(snapshot, sums, differences);
  compareReport(snapshot, report, differences);
  compareDevice(snapshot, gpu, differences);
  compareAccounts(report, heap.owners, 'owner', differences);
  compareAccounts(report, heap.labels, 'label', differences);
  return differences.list;
}

function sumRanges(chunk: ChunkSnapshot, differences: Differences): ByState {
  const sums: ByState = { live: 0, pending: 0, free: 0 };
  let end = 0;
  for (const { offset, size, state } of chunk.ranges) {
    differences.expect(`offset of a range in chunk ${chunk.id}`, offset, end);
    end = offset + size;
    sums[state] += size;
  }
  differences.expect(`end of the last range in chunk ${chunk.id}`, chunk.sizeBytes, end);
  return sums;
}

function compareTotals({ statistics, chunks }: HeapSnapshot, sums: ByState, differences: Differences): void {
  const { reservedBytes, stagingBytes } = statistics;
  const held = chunks.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  differences.expect('usedBytes', statistics.usedBytes, sums.live);
  differences.expect('pendingBytes', statistics.pendingBytes, sums.pending);
  differences.expect('freeBytes', statistics.freeBytes, sums.free);
  differences.expect('reservedBytes without staging', reservedBytes - stagingBytes, held);
  differences.expect('chunkCount', statistics.chunkCount, chunks.length);
  differences.expect(
    'dedicatedCount',
    statistics.dedicatedCount,
    chunks.filter((chunk) => chunk.dedicated).length,
  );
  for (const [name, peak] of [
    ['requestedBytes', statistics.peakRequestedBytes],
    ['usedBytes', statistics.peakUsedBytes],
    ['reservedBytes', statistics.peakReservedBytes],
    ['allocationCount', statistics.peakAllocationCount],
  ] as const) {
    differences.expect(`peak of ${name} is no less`, statistics[name] <= peak, true);
  }
}

function compareReport({ statistics }: HeapSnapshot, report: HeapReport, differences: Differences): void {
  const requested = report.allocations.reduce((sum, { requestedBytes }) => sum + requestedBytes, 0);
  differences.expect('allocationCount', statistics.allocationCount, report.allocations.length);
  differences.expect('requestedBytes', statistics.requestedBytes, requested);
  for (const name of ['usedBytes', 'pendingBytes', 'freeBytes', 'reservedBytes', 'budgetBytes'] as const) {
    differences.expect(`${name} in the report`, report[name], statistics[name]);
  }
  for (const { offset, sizeBytes, requestedBytes, label } of report.allocations) {
    const isRoomy = requestedBytes <= sizeBytes && offset % 4 === 0;
    differences.expect(`whether "${label}" has its bytes`, isRoomy, true);
  }
}

function compareDevice({ statistics, chunks }: HeapSnapshot, gpu: MockGpu, differences: Differences): void {
  const buffers = [...gpu.buffers].map(({ sizeBytes }) => sizeBytes).sort((a, b) => a - b);
  const told = chunks.map(({ sizeBytes }) => sizeBytes).sort((a, b) => a - b);
  differences.expect('sizes of buffers', told.join(), buffers.join());
  const { createdBufferCount, destroyedBufferCount } = statistics;
  differences.expect(
    'buffers created and not destroyed',
    createdBufferCount - destroyedBufferCount,
    buffers.length,
  );
}

function compareAccounts(
  { allocations }: HeapReport,
  accounts: AccountsView,
  by: 'owner' | 'label',
  differences: Differences,
): void {
  const names = new Map<string, Names>();
  for (const allocation of allocations) {
    const name = allocation[by];
    if (name === '') continue;
    const { requestedBytes = 0, usedBytes = 0, liveCount = 0 } = names.get(name) ?? {};
    names.set(name, {
      requestedBytes: requestedBytes + allocation.requestedBytes,
      usedBytes: usedBytes + allocation.sizeBytes,
      liveCount: liveCount + 1,
    });
  }
  for (const told of accounts.list()) {
    const counted = names.get(told.name) ?? { requestedBytes: 0, usedBytes: 0, liveCount: 0 };
    names.delete(told.name);
    for (const figure of ['requestedBytes', 'usedBytes', 'liveCount'] as const) {
      differences.expect(`${figure} of ${by} ${told.name}`, told[figure], counted[figure]);
    }
  }
  differences.expect(`${by}s that no account knows`, names.size, 0);
}
