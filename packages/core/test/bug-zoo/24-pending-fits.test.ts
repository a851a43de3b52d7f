/** What is pending would fit, but out of memory is told. */
import { expect, it } from 'vitest';
import { BufferUsage } from '../../src/index.ts';
import { openHeap } from '../heap/open-heap.ts';

it('what is due is given back before a request is refused, however much a boundary has left for later', () => {
  const { heap } = openHeap({ chunkBytes: 65_536, budgetBytes: 65_536 }, { reuseAfter: 'submitted' });
  const usage = BufferUsage.VERTEX;
  const all = Array.from({ length: 4000 }, () => heap.allocate({ size: 16, usage, alignment: 4 }));
  for (const each of all) each.free();
  heap.endFrame();
  expect(heap.tryAllocate({ size: 60_000, usage })).toBeDefined();
});
