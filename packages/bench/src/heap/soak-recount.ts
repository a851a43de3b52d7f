/**
 * Soak recount: what a heap says of itself against what the program holds and what the device has.
 *
 * Cost     O(ranges).
 */
import type { Allocation, ChunkSnapshot } from '@gpuheap/core';
import type { MockBuffer } from '@gpuheap/mock';
import type { SoakWork } from './soak-work.ts';

/** Every difference as a sentence; none when all is well. */
export function recountSoak({ heap, gpu, slots, pooled, template }: SoakWork): string[] {
  const { statistics, chunks } = heap.snapshot();
  const held = [...slots.filter((one) => one !== undefined), ...pooled, template];
  const ranges = chunks.flatMap((chunk) => chunk.ranges);
  const bytesIn = (state: ChunkSnapshot['ranges'][number]['state']): number =>
    sumOf(
      ranges.filter((range) => range.state === state),
      ({ size }) => size,
    );
  const figures: readonly [what: string, told: number, counted: number][] = [
    ['allocations', statistics.allocationCount, held.length],
    ['bytes asked for', statistics.requestedBytes, sumOf(held, ({ size }) => size)],
    ['used bytes', statistics.usedBytes, bytesIn('live')],
    ['pending bytes', statistics.pendingBytes, bytesIn('pending')],
    ['free bytes', statistics.freeBytes, bytesIn('free')],
    ['chunks', statistics.chunkCount, chunks.length],
    [
      'reserved bytes without staging',
      statistics.reservedBytes - statistics.stagingBytes,
      sumOf(chunks, ({ sizeBytes }) => sizeBytes),
    ],
    ['reserved bytes', statistics.reservedBytes, gpu.heldBytes],
    ['buffers', statistics.createdBufferCount - statistics.destroyedBufferCount, gpu.buffers.size],
    ['hazards', 0, gpu.hazards.length],
    ['bytes beyond the budget', 0, Math.max(0, gpu.heldBytes - statistics.budgetBytes)],
  ];
  const differences = figures
    .filter(([, told, counted]) => told !== counted)
    .map(([what, told, counted]) => `${what}: the heap says ${told}, a recount ${counted}`);
  return [...differences, ...chunks.flatMap(findGaps), ...recountOwners(heap.owners.list(), held)];
}

function findGaps({ id, sizeBytes, ranges }: ChunkSnapshot): string[] {
  let reached = 0;
  for (const { offset, size } of ranges) {
    if (offset !== reached) return [`chunk ${id}: a range begins at ${offset}, not at ${reached}`];
    reached += size;
  }
  return reached === sizeBytes ? [] : [`chunk ${id}: its ranges end at ${reached} of ${sizeBytes}`];
}

function recountOwners(
  told: readonly { readonly name: string; readonly liveCount: number; readonly requestedBytes: number }[],
  held: readonly Allocation<MockBuffer>[],
): string[] {
  const differences: string[] = [];
  for (const { name, liveCount, requestedBytes } of told) {
    const own = held.filter(({ owner }) => owner === name);
    const bytes = sumOf(own, ({ size }) => size);
    if (own.length === liveCount && bytes === requestedBytes) continue;
    const says = `${liveCount} allocations of ${requestedBytes} bytes`;
    differences.push(`owner ${name}: the heap says ${says}, a recount ${own.length} of ${bytes}`);
  }
  return differences;
}

function sumOf<Item>(items: readonly Item[], of: (item: Item) => number): number {
  return items.reduce((sum, item) => sum + of(item), 0);
}
