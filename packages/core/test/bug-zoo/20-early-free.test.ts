/** Free marked complete before its fence is recorded. */
import { expect, it } from 'vitest';
import { BufferUsage } from '../../src/index.ts';
import { openHeap } from '../heap/open-heap.ts';

it('a place is given away again only when the serial of the boundary behind its release has completed', () => {
  const { gpu, heap } = openHeap({ chunkBytes: 65_536 });
  const request = { size: 1024, usage: BufferUsage.VERTEX };
  const first = heap.allocate(request);
  const { offset } = first;
  first.free();
  const serial = heap.endFrame();
  expect(heap.allocate(request).offset).not.toBe(offset);
  gpu.completeUpTo(serial);
  heap.endFrame();
  expect(heap.allocate(request).offset).toBe(offset);
});
