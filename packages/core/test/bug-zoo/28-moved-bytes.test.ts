/** Wrong bytes after a move. */
import { expect, it } from 'vitest';
import { openHeap, patternOf } from '../heap/open-heap.ts';
import { doFrames, expectBytes, finish, openScattered } from '../movement/scattered-heap.ts';

it.each([false, true])(
  'what slides loses no byte, copied within a buffer: %s',
  async (copiesWithinBuffer) => {
    const gpuOptions = { reuseAfter: 'submitted', autoComplete: true, copiesWithinBuffer } as const;
    const { gpu, heap } = openHeap({ chunkBytes: 65_536 }, gpuOptions);
    const all = Array.from({ length: 30 }, (_, k) => heap.allocate({ size: 400 + k * 60, usage: 0x20 }));
    const live = new Map(all.map((each, k) => [each, patternOf(k, each.size)]));
    for (const [k, each] of all.entries()) {
      if (k % 4 !== 0) continue;
      each.free();
      live.delete(each);
    }
    for (const [each, bytes] of live) each.write(bytes);
    await doFrames(heap, 2);
    expect((await finish(heap, { scope: 'within' })).slideCount).toBe(live.size);
    await expectBytes({ gpu, heap, live });
  },
);

it.each(['fast', 'balanced', 'full'] as const)('%s loses no byte', async (strategy) => {
  const scene = await openScattered();
  expect((await finish(scene.heap, { strategy })).moveCount).toBeGreaterThan(0);
  await expectBytes(scene);
});
