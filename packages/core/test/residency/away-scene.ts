/** Away scene: heaps of little memory, and allocations that begin without any. */
import { expect } from 'vitest';
import type { MockBuffer } from '../../../mock/src/index.ts';
import { type Allocation, BufferUsage, type GpuHeap, type GpuHeapOptions } from '../../src/index.ts';
import { firstDifference, openHeap, patternOf } from '../heap/open-heap.ts';
import { drain } from '../heap/watched.ts';

export const KIB = 1024;

/** A heap of one chunk's budget beside what is held for reading back. */
export function openSmall(options: GpuHeapOptions = {}) {
  return openHeap(
    { chunkBytes: 256 * KIB, budgetBytes: 320 * KIB, uploadBytes: 0, ...options },
    { autoComplete: true },
  );
}

/** Allocations without memory, of 32 KiB each; `onRestore` gives the `k`-th pattern. */
export function awayOf(
  heap: GpuHeap<MockBuffer>,
  count: number,
  request: object = {},
): Allocation<MockBuffer>[] {
  return Array.from({ length: count }, (_, k) =>
    heap.allocate({
      ...{ size: 32 * KIB, usage: BufferUsage.VERTEX, priority: 'normal', resident: false, label: `${k}` },
      onRestore: () => patternOf(k, 32 * KIB),
      ...request,
    }),
  );
}

/** Each holds the pattern of its label. */
export async function expectPatterns(all: readonly Allocation<MockBuffer>[]): Promise<void> {
  for (const each of all) {
    expect(firstDifference(await each.read(), patternOf(Number(each.label), each.size)), each.label).toBe(-1);
  }
}

/** Those that are resident. */
export function countOf(all: readonly Allocation<MockBuffer>[]): number {
  return all.filter(({ isResident }) => isResident).length;
}

/** So many frames, each with time for what happens beside them. */
export async function frames(heap: GpuHeap<MockBuffer>, count: number): Promise<void> {
  for (let k = 0; k < count; k++) {
    heap.endFrame();
    await drain();
  }
}
