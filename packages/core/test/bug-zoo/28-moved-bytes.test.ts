/** Wrong bytes after a move. */
import { expect, it } from 'vitest';
import { expectBytes, finish, openScattered } from '../movement/scattered-heap.ts';

it.each(['fast', 'balanced', 'full'] as const)('%s loses no byte', async (strategy) => {
  const scene = await openScattered();
  expect((await finish(scene.heap, { strategy })).moveCount).toBeGreaterThan(0);
  await expectBytes(scene);
});
