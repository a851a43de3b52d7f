import { BufferUsage, GpuHeap } from '@gpuheap/core';
import { openDawnHeap } from '@gpuheap/dawn-node';
import { MockGpu } from '@gpuheap/mock';
import { scale } from '@gpuheap/testing';
import { describe, expect, it } from 'vitest';
import { FULL_SCENE, SMALL_SCENE, type TileWorker } from '../src/streaming-scene.ts';
import { comparePolicies, printScene, type SceneReport } from '../src/streaming-table.ts';
import { partsOf, wordsOfTile } from '../src/terrain.ts';
import { TilesByCopies } from '../src/tiles-by-copies.ts';
import { TilesOnGpu } from '../src/tiles-on-gpu.ts';

function expectSound({ scene, rows, optimum, recency }: SceneReport): void {
  const { terrain, budgetBytes, stride } = scene;
  const worldBytes = terrain.side ** 2 * terrain.tileBytes;
  for (const { policy, figures } of rows) {
    expect(figures.wrongBytes, policy).toBe(0);
    expect(figures.peakBytes, policy).toBeLessThanOrEqual(budgetBytes);
    // All that has come was compared, and at the end everything.
    expect(figures.comparedBytes, policy).toBeGreaterThan(figures.inBytes + worldBytes);
    expect(figures.outBytes, policy).toBeGreaterThan(0);
    // What was not hinted at comes when it is seen, and never before.
    const missedBytes = figures.missCount * terrain.tileBytes;
    if (policy.includes('prefetch')) expect(figures.inBytes, policy).toBeGreaterThan(missedBytes);
    else expect(figures.inBytes, policy).toBe(missedBytes);
    // Nobody fetches fewer bytes than the best of all policies.
    expect(figures.inBytes, policy).toBeGreaterThanOrEqual(optimum.fetchedCount * terrain.tileBytes);
  }
  expect(rows[0]?.figures.flight.length).toBe(Math.ceil(845 / stride));
  // Least recently used it is, but for places that did not fit together.
  const misses = rows[0]?.figures.missCount ?? 0;
  expect(Math.abs(misses - recency.fetchedCount)).toBeLessThan(recency.fetchedCount / 20);
}

describe('the streaming scene', () => {
  it('loses no byte on a virtual GPU, within the budget', async () => {
    const report = await comparePolicies(SMALL_SCENE, async (options) => {
      const heap = new GpuHeap(new MockGpu({ autoComplete: true }).backend(), options);
      return { heap, worker: new TilesByCopies(heap, SMALL_SCENE.terrain) };
    });
    expectSound(report);
    const lines = printScene(report);
    expect(lines[0]).toBe('1024 tiles of 32 KiB, 32.0 MiB, through 8.0 MiB; 212 frames');
    expect(lines.length).toBe(8);
  });

  it('loses no byte on Dawn, within the budget', async () => {
    const scene = scale(0, 1) === 1 ? FULL_SCENE : SMALL_SCENE;
    const report = await comparePolicies(scene, async (options) => {
      const heap = await openDawnHeap({ ...options, device: 'software' });
      return { heap, worker: new TilesOnGpu(heap.device, heap, scene.terrain) };
    });
    expectSound(report);
  });
});

/** A tile of which two words are wrong is compared, whole and in strips. */
async function compareDamaged<Buffer>(heap: GpuHeap<Buffer>, worker: TileWorker<Buffer>): Promise<void> {
  const { terrain } = SMALL_SCENE;
  const changes = { craters: 3, marks: 2 };
  const words = wordsOfTile(terrain, 17, changes);
  const usage = BufferUsage.STORAGE | BufferUsage.COPY_DST;
  const allocation = heap.allocate({ size: terrain.tileBytes, usage, access: 'read' });
  allocation.write(words);
  const tile = { index: 17, allocation, ...changes };
  await worker.work({ carved: [], compared: [tile], glimpsed: [], strip: 0 });
  expect(await worker.count()).toEqual({ words: words.length, wrong: 0 });
  allocation.write(words.subarray(100, 101), 0); // In the first strip,
  allocation.write(words.subarray(100, 101), terrain.tileBytes - 4); // and in the last.
  await worker.work({ carved: [], compared: [], glimpsed: [tile], strip: 0 });
  expect(await worker.count()).toEqual({ words: (words.length * 33) / 32, wrong: 1 });
  // Carved once more than is known, it is wrong there.
  await worker.work({ carved: [{ ...tile, craters: 4 }], compared: [], glimpsed: [], strip: 0 });
  await worker.work({ carved: [], compared: [tile], glimpsed: [], strip: 0 });
  const { crater } = partsOf(terrain);
  const wrong = 1 + 2 + crater[1] - crater[0];
  expect(await worker.count()).toEqual({ words: (words.length * 65) / 32, wrong });
  heap.dispose();
}

describe('a wrong word is found', () => {
  it('by the CPU', async () => {
    const heap = new GpuHeap(new MockGpu({ autoComplete: true }).backend());
    await compareDamaged(heap, new TilesByCopies(heap, SMALL_SCENE.terrain));
  });

  it('by the GPU', async () => {
    const heap = await openDawnHeap({ device: 'software' });
    await compareDamaged(heap, new TilesOnGpu(heap.device, heap, SMALL_SCENE.terrain));
  });
});
