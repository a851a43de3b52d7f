/** Something is left behind at the end. */
import { expect, it } from 'vitest';
import { openScattered } from '../movement/scattered-heap.ts';

it('a heap that ends in the middle of a run leaves no buffer behind', async () => {
  const { gpu, heap } = await openScattered();
  heap.defragment({ strategy: 'full', movesPerPass: 1 });
  heap.endFrame();
  heap.dispose();
  expect(gpu.buffers.size).toBe(0);
});
