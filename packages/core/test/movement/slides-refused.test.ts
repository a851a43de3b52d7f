/** Moves within a chunk: what is left alone, and what comes of passes that fail. */
import { describe, expect, it } from 'vitest';
import type { MockBuffer } from '../../../mock/src/index.ts';
import {
  type Allocation,
  Binned,
  Buddy,
  BufferUsage,
  type DefragmentationOptions,
  type SuballocatorOptions,
} from '../../src/index.ts';
import { openHeap, patternOf } from '../heap/open-heap.ts';
import { CHUNK, holeCounts, openHoles, placesOf, watchCopies } from './holed-chunk.ts';
import { doFrames, expectBytes, finish, gpuChunks, type Scene } from './scattered-heap.ts';

const KIB = 1024;
const { VERTEX } = BufferUsage;

describe('what does not slide', () => {
  const within = { scope: 'within' } as const;

  it('is what is pinned: the others slide up to it', async () => {
    const scene = await openHoles();
    const pinned = [...scene.live.keys()][5] as Allocation<MockBuffer>;
    const { offset, version } = pinned;
    pinned.pin();
    const report = await finish(scene.heap, within);
    expect(report).toMatchObject({ state: 'done', refusedCount: 0, moveCount: scene.live.size - 1 });
    expect([pinned.offset, pinned.version]).toEqual([offset, version]);
    expect(holeCounts(scene.heap)).toEqual([2]);
    await expectBytes(scene);
  });

  it('is what was pinned, marked, freed or resized after it was planned, and what it is in the way of', async () => {
    const scene = await openHoles();
    const { heap, live } = scene;
    const run = heap.defragment({ ...within, movesPerPass: 1 });
    await doFrames(heap, 2);
    const [, , , pinned, marked, freed, resized] = [...live.keys()] as Allocation<MockBuffer>[];
    pinned?.pin();
    const token = heap.record();
    token.use(marked as Allocation<MockBuffer>);
    const places = [pinned, marked].map((each) => [each?.offset, each?.version]);
    freed?.free();
    live.delete(freed as Allocation<MockBuffer>);
    resized?.resize(40);
    live.set(resized as Allocation<MockBuffer>, patternOf(19, 1000).slice(0, 40));
    resized?.write(patternOf(19, 1000).slice(0, 40));
    await doFrames(heap, 60);
    expect(run.isDone).toBe(true);
    expect(run.report.refusedCount).toBeGreaterThanOrEqual(4);
    expect(run.report.moveCount).toBeGreaterThan(4);
    expect([pinned, marked].map((each) => [each?.offset, each?.version])).toEqual(places);
    token.end();
    await expectBytes(scene);
  });

  it('is what would go to where others have come meanwhile', async () => {
    const scene = await openHoles();
    const { heap, live } = scene;
    const run = heap.defragment({ ...within, movesPerPass: 2 });
    await doFrames(heap, 3);
    const { reservedBytes } = heap.statistics();
    // As much as is free: the chunk that is being tidied serves before another one is made.
    for (let k = 0; k < 20; k++) {
      const each = heap.allocate({ size: 900, usage: VERTEX });
      live.set(each, patternOf(100 + k, 900));
      each.write(patternOf(100 + k, 900));
    }
    expect(heap.statistics().reservedBytes).toBe(reservedBytes);
    await doFrames(heap, 40);
    expect(run.isDone).toBe(true);
    expect(run.report.refusedCount).toBeGreaterThan(0);
    await expectBytes(scene);
  });

  it('is what no scratch holds, and nothing else for its sake', async () => {
    const { gpu, heap } = openHeap(CHUNK, { reuseAfter: 'submitted', autoComplete: true });
    const pool = heap.createPool({ name: 'large', chunkBytes: 512 * KIB, minBytes: 512 * KIB });
    const sizes = [16, 30, 16, 200, 16, 40, 16, 20].map((size) => size * KIB);
    const all = sizes.map((size) => heap.allocate({ size, usage: VERTEX, pool }));
    const live = new Map<Allocation<MockBuffer>, Uint8Array>();
    for (const [k, each] of all.entries()) {
      if (k % 2 === 0) each.free();
      else live.set(each, patternOf(k, each.size));
    }
    for (const [each, bytes] of live) each.write(bytes);
    await doFrames(heap, 2);
    const [first, long, , last] = [...live.keys()] as Allocation<MockBuffer>[];
    const before = long?.offset;
    const run = heap.defragment(within);
    await doFrames(heap, 5);
    expect(run.report).toMatchObject({ state: 'done', moveCount: 3, refusedCount: 0 });
    expect(run.kept).toEqual([{ chunk: expect.any(Number), reason: 'no-scratch' }]);
    expect([first?.offset, long?.offset]).toEqual([0, before]);
    expect(last?.offset).toBe((before ?? 0) + 240 * KIB);
    await expectBytes({ gpu, heap, live });
  });

  it('is what its suballocator can not place at will, and says so', async () => {
    for (const suballocator of [
      (options: SuballocatorOptions) => new Binned(options),
      (options: SuballocatorOptions) => new Buddy(options),
    ]) {
      const { heap } = openHeap({}, { reuseAfter: 'submitted', autoComplete: true });
      const pool = heap.createPool({ name: 'own', chunkBytes: 64 * KIB, suballocator });
      const all = Array.from({ length: 20 }, () => heap.allocate({ size: 2000, usage: VERTEX, pool }));
      for (const [k, each] of all.entries()) if (k % 3 !== 0) each.free();
      await doFrames(heap, 2);
      const run = heap.defragment(within);
      await doFrames(heap, 3);
      expect(run.report).toMatchObject({ state: 'done', moveCount: 0, refusedCount: 0 });
      expect(run.kept.map(({ reason }) => reason)).toContain('no-slide');
    }
  });

  it('is what lives long, and what would copy more than a pass may', async () => {
    const { heap } = openHeap(CHUNK, { reuseAfter: 'submitted', autoComplete: true });
    const all = Array.from({ length: 10 }, () =>
      heap.allocate({ size: KIB, usage: VERTEX, lifetime: 'long' }),
    );
    for (const [k, each] of all.entries()) if (k % 2 === 0) each.free();
    await doFrames(heap, 2);
    expect(await finish(heap, within)).toMatchObject({ moveCount: 0 });
    const scene = await openHoles();
    const run = scene.heap.defragment({ ...within, bytesPerPass: 1500 });
    await doFrames(scene.heap, 3);
    expect(run.report.moveCount).toBe(0);
    expect(run.kept).toEqual([
      { chunk: expect.any(Number), reason: 'too-large-for-budget', needBytes: 2016 },
    ]);
  });

  it('is what finds no scratch within the budget, which holds', async () => {
    const budgetBytes = 64 * KIB;
    const scene = await openHoles({ budgetBytes });
    const places = placesOf(scene);
    expect(gpuChunks(scene.heap)).toBe(1);
    const run = scene.heap.defragment(within);
    await doFrames(scene.heap, 5);
    expect(run.report).toMatchObject({ state: 'done', moveCount: 0, refusedCount: scene.live.size });
    expect(run.kept).toContainEqual({ chunk: expect.any(Number), reason: 'no-scratch' });
    expect(placesOf(scene)).toEqual(places);
    expect(scene.heap.statistics().peakReservedBytes).toBeLessThanOrEqual(budgetBytes);
    scene.heap.setBudget(Number.POSITIVE_INFINITY);
    await expectBytes(scene);
    const roomy = await openHoles({ budgetBytes: budgetBytes + 64 * KIB });
    expect(await finish(roomy.heap, within)).toMatchObject({ moveCount: roomy.live.size });
    expect(roomy.heap.statistics().peakReservedBytes).toBeLessThanOrEqual(budgetBytes + 64 * KIB);
  });
});

describe('a pass with slides', () => {
  const run = (scene: Scene, options: DefragmentationOptions = {}) =>
    finish(scene.heap, { scope: 'within', ...options });

  it('goes through little scratch bit by bit', async () => {
    // Of 4 KiB at most: a fraction of what the pass moves.
    const scene = await openHoles({ chunkBytes: 64 * KIB });
    const noted = watchCopies(scene);
    const { memory } = scene.heap as unknown as {
      memory: { ladder: { growAhead: (...all: unknown[]) => unknown } };
    };
    const { ladder } = memory;
    const growAhead = ladder.growAhead.bind(ladder);
    ladder.growAhead = (pool, size) => ((size as number) > 4 * KIB ? undefined : growAhead(pool, size));
    expect(await run(scene)).toMatchObject({ state: 'done', passCount: 1, moveCount: scene.live.size });
    expect(noted.map(({ count }) => count)).toContain(scene.live.size * 2);
    await expectBytes(scene);
  });

  it('leaves everything where it was when a copy fails, and what comes after it may slide', async () => {
    const scene = await openHoles();
    const { gpu, heap } = scene;
    const places = placesOf(scene);
    const { usedBytes } = heap.statistics();
    gpu.faults.failAtCall(gpu.counts.copy + 1, { kind: 'copy' });
    expect(await run(scene)).toMatchObject({
      state: 'failed',
      moveCount: 0,
      error: { code: 'backend-failed' },
    });
    gpu.faults.clear();
    expect(placesOf(scene)).toEqual(places);
    expect(heap.statistics().usedBytes).toBe(usedBytes);
    await expectBytes(scene);
    expect(await run(scene)).toMatchObject({ state: 'done', moveCount: scene.live.size });
    await expectBytes(scene);
  });

  it('waits for the device to grant its scratch, and does without when it is refused', async () => {
    const scene = await openHoles();
    const { gpu, heap } = scene;
    const places = placesOf(scene);
    gpu.faults.refuseCreation({ when: 'late', sizeAbove: 100 });
    const refused = heap.defragment({ scope: 'within' });
    heap.endFrame();
    expect(refused.report).toMatchObject({ state: 'running', passCount: 0 });
    await doFrames(heap, 10);
    expect(refused.report).toMatchObject({ state: 'done', moveCount: 0 });
    expect(placesOf(scene)).toEqual(places);
    gpu.faults.clear();
    await doFrames(heap, 2);
    expect(await run(scene)).toMatchObject({ state: 'done', moveCount: scene.live.size });
    await expectBytes(scene);
  });

  it('gives its scratch back when the run is cancelled or the heap ends', async () => {
    for (const ends of [false, true]) {
      const scene = await openHoles();
      const { heap, gpu } = scene;
      const { usedBytes } = heap.statistics();
      const waiting = heap.defragment({ scope: 'within' });
      heap.endFrame();
      expect(heap.statistics().usedBytes).toBeGreaterThan(usedBytes);
      if (ends) {
        heap.dispose();
        expect(gpu.buffers.size).toBe(0);
        continue;
      }
      waiting.cancel();
      expect(heap.statistics().usedBytes).toBe(usedBytes);
      await expectBytes(scene);
    }
  });

  it('ends with a lost device, and everything is where it was in the next one', async () => {
    const scene = await openHoles();
    const { heap, gpu } = scene;
    const waiting = heap.defragment({ scope: 'within' });
    heap.endFrame();
    gpu.lose('gone');
    await heap.lost;
    heap.endFrame();
    expect(waiting.report).toMatchObject({ state: 'failed', error: { code: 'device-lost' } });
    heap.rebuild(openHeap({}, { reuseAfter: 'submitted', autoComplete: true }).backend);
    await doFrames(heap, 2);
    expect(await run(scene)).toMatchObject({ state: 'done', moveCount: scene.live.size });
    expect(holeCounts(heap)).toEqual([1]);
  });
});
