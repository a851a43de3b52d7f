/** What is mapped is moved under the feet of who writes there. */
import { expect, it } from 'vitest';
import { BufferUsage } from '../../src/index.ts';
import { openHeap } from '../heap/open-heap.ts';
import { finish } from '../movement/scattered-heap.ts';

it('what the CPU fills in place stays where it is', async () => {
  const { heap } = openHeap({ chunkBytes: 65_536 }, { reuseAfter: 'submitted', autoComplete: true });
  const request = { size: 4096, usage: BufferUsage.COPY_SRC, location: 'upload' as const };
  const all = Array.from({ length: 48 }, () => heap.allocate(request));
  for (const [k, each] of all.entries()) if (k % 4 !== 0) each.free();
  heap.endFrame();
  expect((await finish(heap)).moveCount).toBe(0);
});
