/** The fence that is waited for does not cover the copy of a move. */
import { expect, it } from 'vitest';
import { BufferUsage } from '../../src/index.ts';
import { openHeap } from '../heap/open-heap.ts';

it('the old place of what has moved is reused only when the copy out of it is done', async () => {
  const { gpu, heap } = openHeap({ chunkBytes: 65_536 });
  const usage = BufferUsage.VERTEX;
  const all = Array.from({ length: 32 }, () => heap.allocate({ size: 4096, usage }));
  gpu.completeUpTo(heap.endFrame());
  await Promise.resolve();
  for (const [k, each] of all.entries()) if (k % 3 !== 0) each.free();
  gpu.completeUpTo(heap.endFrame());
  heap.endFrame();
  const live = all.filter(({ isLive }) => isLive);
  const olds = live.map(({ buffer, offset }) => ({ buffer, offset }));
  // Its chunk is not emptied, and serves again.
  const run = heap.defragment({ movesPerPass: 2 });
  heap.endFrame();
  run.cancel();
  const left = olds.filter(
    ({ buffer, offset }, k) => live[k]?.buffer !== buffer || live[k]?.offset !== offset,
  );
  expect(left.length).toBeGreaterThan(0);
  const fresh = Array.from({ length: 40 }, () => heap.allocate({ size: 4096, usage }));
  for (const { buffer, offset } of left) {
    expect(fresh.some((each) => each.buffer === buffer && each.offset === offset)).toBe(false);
  }
});

it('the old place of what slid is, too, and nothing slides over what the GPU may still read', async () => {
  const { gpu, heap } = openHeap({ chunkBytes: 65_536 });
  const usage = BufferUsage.VERTEX;
  const all = Array.from({ length: 40 }, (_, k) => heap.allocate({ size: 1000 + 16 * (k % 3), usage }));
  for (const [k, each] of all.entries()) if (k % 4 === 0) each.free();
  for (let k = 0; k < 2; k++) {
    gpu.completeUpTo(heap.endFrame());
    await Promise.resolve();
  }
  const live = all.filter(({ isLive }) => isLive);
  const olds = live.map(({ offset }) => offset);
  const run = heap.defragment({ scope: 'within' });
  heap.endFrame();
  await Promise.resolve();
  const encoder = gpu.recordEncoder();
  for (const each of live) encoder.read(each.buffer, each.offset, each.size);
  encoder.submit();
  heap.endFrame();
  expect(gpu.hazards).toEqual([]);
  expect(run.report.moveCount).toBeGreaterThan(0);
  const fresh = Array.from({ length: 20 }, () => heap.allocate({ size: 1000, usage }));
  for (const each of fresh) each.write(new Uint8Array(1000));
  const left = olds.filter((offset, k) => live[k]?.offset !== offset);
  expect(left.some((offset) => fresh.some((each) => each.offset === offset))).toBe(false);
  expect(gpu.hazards).toEqual([]);
});
