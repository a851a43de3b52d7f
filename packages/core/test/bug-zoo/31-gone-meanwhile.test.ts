/** Something is allocated, freed or gone between a plan and its moves. */
import { expect, it } from 'vitest';
import { BufferUsage } from '../../src/index.ts';
import { expectBytes, openScattered } from '../movement/scattered-heap.ts';

it('a chunk that was trimmed after it was planned with is not moved into', async () => {
  const scene = await openScattered();
  const { heap } = scene;
  await heap.warm({ size: 300 * 1024, usage: BufferUsage.VERTEX });
  const chunks = heap.snapshot().chunks.length;
  // A step of planning a pass: the chunks are read long before anything moves.
  let now = 0;
  const clock = (): number => now++;
  const run = heap.defragment({ strategy: 'full', byHand: true, millisecondsPerPass: 1e-9, clock });
  for (let step = 0; step < chunks; step++) run.step();
  expect(run.report.moveCount).toBe(0);
  expect(heap.trim()).toBeGreaterThan(0);
  for (let step = 0; step < 1000 && !run.isDone; step++) {
    run.step();
    heap.endFrame();
    await Promise.resolve();
  }
  expect(run.isDone).toBe(true);
  expect(run.report.error).toBeUndefined();
  await expectBytes(scene);
});
