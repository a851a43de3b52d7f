import { expect } from 'vitest';
import type { MockBuffer, MockGpu, MockGpuOptions } from '../../../mock/src/index.ts';
import { type Allocation, BufferUsage, type GpuHeap, type GpuHeapOptions } from '../../src/index.ts';
import { openHeap } from '../heap/open-heap.ts';

export const KIBI = 1024;
/** Writes of this size are gathered even when they are alone. */
export const LARGE = 256 * KIBI;
/** So many writes are gathered even when they are small; those before go directly. */
export const MANY = 33;

/** A heap whose upload chunks are 512 KiB, eight of them at most. */
export function openUploads(
  options: GpuHeapOptions = {},
  gpuOptions: MockGpuOptions = {},
): { gpu: MockGpu; heap: GpuHeap<MockBuffer> } {
  return openHeap({ uploadBytes: 4096 * KIBI, ...options }, gpuOptions);
}

/** Lets promises settle. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Lets the GPU do all its work, and promises settle. */
export async function work(gpu: MockGpu): Promise<void> {
  gpu.completeAll();
  await nextTurn();
}

/** What a promise resolves to while the GPU works on. */
export async function whileWorking<T>(gpu: MockGpu, promise: Promise<T>): Promise<T> {
  let isOver = false;
  const end = (): void => {
    isOver = true;
  };
  promise.then(end, end);
  for (let turn = 0; turn < 500 && !isOver; turn++) await work(gpu);
  expect(isOver).toBe(true);
  return promise;
}

/**
 * An allocation that the device is known to have granted, and mapped room: `roomBytes`, by default a chunk of
 * `openUploads`.
 */
export async function allocateReady(
  gpu: MockGpu,
  heap: GpuHeap<MockBuffer>,
  size: number,
  roomBytes: number = 512 * KIBI,
): Promise<Allocation<MockBuffer>> {
  const allocation = heap.allocate({ size, usage: BufferUsage.VERTEX });
  expect(await whileWorking(gpu, heap.uploads.whenRoom(roomBytes, 'stage'))).toBe(true);
  return allocation;
}

/** What an allocation holds on the GPU, when everything submitted is done. */
export function peek(gpu: MockGpu, allocation: Allocation<MockBuffer>): Uint8Array {
  gpu.completeAll();
  return gpu.peek(allocation.buffer, allocation.offset, allocation.size);
}

/** The staging buffers of a GPU. */
export function stagingBuffers(gpu: MockGpu): MockBuffer[] {
  return [...gpu.buffers].filter(({ usage }) => (usage & BufferUsage.MAP_WRITE) !== 0);
}
