import type { MockBuffer, MockGpu, MockGpuOptions } from '../../../mock/src/index.ts';
import { type Allocation, BufferUsage, type GpuHeap, type GpuHeapOptions } from '../../src/index.ts';
import { openHeap } from '../heap/open-heap.ts';

export const KIBI = 1024;
/** Writes of this size are gathered even when they are alone. */
export const LARGE = 256 * KIBI;
/** So many writes are gathered even when they are small; those before go directly. */
export const MANY = 17;

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

/** An allocation whose buffer the device is known to have granted, and mapped room for it. */
export async function allocateReady(
  heap: GpuHeap<MockBuffer>,
  size: number,
): Promise<Allocation<MockBuffer>> {
  const allocation = heap.allocate({ size, usage: BufferUsage.VERTEX });
  await nextTurn();
  // Asks for the word of the device on the buffer, which is there a turn later.
  heap.uploads.write(allocation, new Uint8Array(Math.min(size, LARGE)));
  await heap.uploads.whenRoom(Math.min(size, LARGE));
  await nextTurn();
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
