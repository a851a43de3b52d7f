/** A trim gives back memory that work in flight still uses. */
import { expect, it } from 'vitest';
import { BufferUsage } from '../../src/index.ts';
import { openHeap } from '../heap/open-heap.ts';

it('a chunk that has been emptied goes only when the GPU has left it', async () => {
  const { gpu, heap } = openHeap({ chunkBytes: 65_536 });
  const usage = BufferUsage.VERTEX;
  const all = Array.from({ length: 48 }, () => heap.allocate({ size: 4096, usage }));
  gpu.completeUpTo(heap.endFrame());
  await Promise.resolve();
  for (const [k, each] of all.entries()) if (k % 4 !== 0) each.free();
  gpu.completeUpTo(heap.endFrame());
  heap.endFrame();
  const held = gpu.buffers.size;
  const run = heap.defragment();
  const serial = heap.endFrame();
  expect(run.report.moveCount).toBeGreaterThan(0);
  expect(gpu.buffers.size).toBe(held);
  gpu.completeUpTo(serial);
  heap.endFrame();
  expect(gpu.buffers.size).toBeLessThan(held);
});
