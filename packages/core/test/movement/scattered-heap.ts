/** A heap of which every third part lives, and what is done with such heaps. */
import { expect } from 'vitest';
import type { MockBuffer, MockGpu } from '../../../mock/src/index.ts';
import {
  type Allocation,
  BufferUsage,
  type DefragmentationOptions,
  type DefragmentationReport,
  type GpuHeap,
  type GpuHeapOptions,
} from '../../src/index.ts';
import { recountHeap } from '../heap/heap-recount.ts';
import { firstDifference, openHeap, patternOf } from '../heap/open-heap.ts';

const KIB = 1024;
const { VERTEX } = BufferUsage;

export interface Scene {
  readonly gpu: MockGpu;
  readonly heap: GpuHeap<MockBuffer>;
  /** Those that live, with what they hold. */
  readonly live: Map<Allocation<MockBuffer>, Uint8Array>;
}

/** Chunks of 64 KiB in which every third of 4 KiB lives. */
export async function openScattered(
  options: GpuHeapOptions = {},
  reuseAfter: 'submitted' | 'completed' = 'submitted',
): Promise<Scene> {
  const { gpu, heap } = openHeap({ chunkBytes: 64 * KIB, ...options }, { reuseAfter, autoComplete: true });
  const live = new Map<Allocation<MockBuffer>, Uint8Array>();
  for (let k = 0; k < 96; k++) {
    const size = 3500 + k;
    const allocation = heap.allocate({ size, usage: VERTEX, label: `part ${k}` });
    const bytes = patternOf(k, size);
    allocation.write(bytes);
    live.set(allocation, bytes);
  }
  heap.endFrame();
  for (const [k, allocation] of [...live.keys()].entries()) {
    if (k % 3 === 0) continue;
    allocation.free();
    live.delete(allocation);
  }
  heap.endFrame();
  // The device has granted every chunk by now.
  await Promise.resolve();
  await Promise.resolve();
  return { gpu, heap, live };
}

/** Every byte is there, and the heap and the GPU agree. */
export async function expectBytes({ heap, gpu, live }: Scene): Promise<void> {
  for (const [allocation, bytes] of live) expect(firstDifference(await allocation.read(), bytes)).toBe(-1);
  expect(gpu.errors).toEqual([]);
  expect(gpu.hazards).toEqual([]);
  expect(recountHeap(heap, gpu)).toEqual([]);
}

/** Chunks that allocations of the GPU share. */
export function gpuChunks(heap: GpuHeap<MockBuffer>): number {
  return heap.snapshot().chunks.filter(({ location }) => location === 'gpu').length;
}

/** So many frames; the device has its say between them. */
export async function doFrames(heap: GpuHeap<MockBuffer>, count: number): Promise<void> {
  for (let frame = 0; frame < count; frame++) {
    heap.endFrame();
    await Promise.resolve();
  }
}

/** Frames until a run has ended and its chunks are gone. */
export async function finish(
  heap: GpuHeap<MockBuffer>,
  options?: DefragmentationOptions,
): Promise<DefragmentationReport> {
  await Promise.resolve();
  const run = heap.defragment(options);
  for (let frame = 0; frame < 200 && !run.isDone; frame++) await doFrames(heap, 1);
  await doFrames(heap, 3);
  return run.report;
}
