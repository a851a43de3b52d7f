/** Moves within a chunk: what a run does with them. */
import { describe, expect, it } from 'vitest';
import type { MockBuffer } from '../../../mock/src/index.ts';
import { type Allocation, BufferUsage, Fixed, type SuballocatorOptions } from '../../src/index.ts';
import { recountHeap } from '../heap/heap-recount.ts';
import { openHeap, patternOf } from '../heap/open-heap.ts';
import { CHUNK, holeCounts, openHoles, openMany, warmScratch, watchCopies } from './holed-chunk.ts';
import { doFrames, expectBytes, finish } from './scattered-heap.ts';

const KIB = 1024;
const { STORAGE, VERTEX } = BufferUsage;

describe('a run within chunks', () => {
  const backends = [
    { reuseAfter: 'submitted', copiesWithinBuffer: false },
    { reuseAfter: 'submitted', copiesWithinBuffer: true },
    { reuseAfter: 'completed', copiesWithinBuffer: false },
    { reuseAfter: 'completed', copiesWithinBuffer: true },
  ] as const;

  it.each(backends)(
    'leaves one hole a chunk and every byte, with $reuseAfter and $copiesWithinBuffer',
    async (gpu) => {
      const scene = await openHoles({}, gpu);
      const { heap, live } = scene;
      const told = new Map<unknown, number>();
      const before = new Map([...live.keys()].map((each) => [each, each.version]));
      for (const each of live.keys()) each.on('moved', () => told.set(each, (told.get(each) ?? 0) + 1));
      expect(holeCounts(heap)[0]).toBeGreaterThan(15);
      const report = await finish(heap, { scope: 'within' });
      expect(report).toMatchObject({ state: 'done', refusedCount: 0, moveCount: live.size });
      expect(report.slideCount).toBe(report.moveCount);
      for (const each of live.keys()) expect(told.get(each)).toBe(each.version - (before.get(each) ?? 0));
      expect(holeCounts(heap)).toEqual([1]);
      await expectBytes(scene);
    },
  );

  it('goes over its own place where the hole is shorter than what slides', async () => {
    for (const copiesWithinBuffer of [false, true]) {
      const { gpu, heap } = openHeap(CHUNK, {
        reuseAfter: 'submitted',
        autoComplete: true,
        copiesWithinBuffer,
      });
      const sizes = [64, 20_000, 32, 9000, 16, 16, 4000];
      const all = sizes.map((size) => heap.allocate({ size, usage: VERTEX }));
      const live = new Map<Allocation<MockBuffer>, Uint8Array>();
      for (const [k, each] of all.entries()) {
        if (k % 2 === 0 && k < 6) each.free();
        else live.set(each, patternOf(k, each.size));
      }
      for (const [each, bytes] of live) each.write(bytes);
      await doFrames(heap, 2);
      const scene = { gpu, heap, live };
      const report = await finish(heap, { scope: 'within' });
      expect(report).toMatchObject({ state: 'done', slideCount: 4, refusedCount: 0 });
      expect([...live.keys()].map(({ offset }) => offset)).toEqual([0, 20_000, 29_008, 29_024]);
      await expectBytes(scene);
    }
  });

  it('copies twice what goes by way of scratch, says so, and keeps to bytes and moves with it', async () => {
    const scene = await openHoles();
    const noted = watchCopies(scene);
    const limits = { bytesPerPass: 5000, movesPerPass: 3 };
    const report = await finish(scene.heap, { scope: 'within', ...limits });
    const copied = noted.filter(({ count }) => count > 0);
    expect(report.movedBytes).toBe(
      [...scene.live.keys()].reduce((sum, { size }) => sum + ((size + 15) & ~15), 0),
    );
    expect(report.copiedBytes).toBe(report.movedBytes * 2);
    expect(copied.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(report.copiedBytes);
    expect(report.mostBytes).toBe(Math.max(...copied.map(({ bytes }) => bytes)));
    expect(report.mostBytes).toBeLessThanOrEqual(limits.bytesPerPass);
    expect(report.mostMoves).toBeLessThanOrEqual(limits.movesPerPass);
    expect(holeCounts(scene.heap)).toEqual([1]);
    await expectBytes(scene);
  });

  it('copies once what the backend copies within a buffer', async () => {
    const scene = await openHoles({}, { copiesWithinBuffer: true });
    const { copiedBytes, movedBytes } = await finish(scene.heap, { scope: 'within' });
    expect(copiedBytes).toBe(movedBytes);
    expect(scene.heap.snapshot().chunks.every(({ location }) => location === 'gpu')).toBe(true);
  });

  it('leaves one hole a chunk of a scattered heap when the scope is both, whatever the strategy', async () => {
    for (const strategy of ['fast', 'balanced', 'full'] as const) {
      for (const reuseAfter of ['submitted', 'completed'] as const) {
        const scene = await openMany(reuseAfter);
        const before = holeCounts(scene.heap);
        const report = await finish(scene.heap, { scope: 'both', strategy });
        expect(report).toMatchObject({ state: 'done', refusedCount: 0 });
        const after = holeCounts(scene.heap);
        expect(Math.max(...before)).toBeGreaterThan(4);
        expect(after.length).toBeLessThanOrEqual(before.length);
        // What slides only to where nothing was may find no place beside a short hole.
        if (reuseAfter === 'submitted' || strategy === 'full') expect(Math.max(...after)).toBe(1);
        await expectBytes(scene);
      }
    }
  });

  it('moves blocks as one, with their members and their guards', async () => {
    const { gpu, heap } = openHeap(
      { ...CHUNK, guardBytes: 32 },
      { reuseAfter: 'submitted', autoComplete: true },
    );
    const gone = heap.allocate({ size: 500, usage: VERTEX });
    const block = heap.allocateBlock([
      { size: 2000, usage: VERTEX },
      { size: 1000, usage: VERTEX },
    ]);
    const between = heap.allocate({ size: 300, usage: VERTEX });
    const copied = heap.allocate({ size: 700, usage: VERTEX, hostCopy: true });
    const [one, two] = block.members;
    const live = new Map<Allocation<MockBuffer>, Uint8Array>([
      [one, patternOf(1, 2000)],
      [two, patternOf(2, 1000)],
      [copied, patternOf(3, 700)],
    ]);
    for (const [each, bytes] of live) each.write(bytes);
    gone.free();
    between.free();
    await doFrames(heap, 2);
    expect(await finish(heap, { scope: 'within' })).toMatchObject({ slideCount: 2 });
    expect([one.offset, two.offset - one.offset]).toEqual([0, 2000]);
    expect(await heap.checkGuards()).toEqual([]);
    expect(copied.hostCopy).toEqual(patternOf(3, 700));
    await expectBytes({ gpu, heap, live });
  });

  it('keeps to alignments and to the granularity of a pool', async () => {
    const { gpu, heap } = openHeap({}, { reuseAfter: 'submitted', autoComplete: true });
    const pool = heap.createPool({ name: 'own', chunkBytes: 48 * 1024, granularity: 48 });
    const live = new Map<Allocation<MockBuffer>, Uint8Array>();
    const all = Array.from({ length: 24 }, (_, k) =>
      heap.allocate({ size: 100 + k * 40, usage: STORAGE, alignment: 64, pool }),
    );
    for (const [k, each] of all.entries()) {
      if (k % 2 === 0) each.free();
      else live.set(each, patternOf(k, each.size));
    }
    for (const [each, bytes] of live) each.write(bytes);
    await doFrames(heap, 2);
    const report = await finish(heap, { scope: 'within' });
    expect(report).toMatchObject({ state: 'done', refusedCount: 0 });
    expect(report.slideCount).toBeGreaterThan(5);
    for (const { offset } of live.keys()) expect(offset % 192).toBe(0);
    await expectBytes({ gpu, heap, live });
  });

  it('slides slots that are equal', async () => {
    const { gpu, heap } = openHeap({}, { reuseAfter: 'submitted', autoComplete: true });
    const suballocator = (options: SuballocatorOptions) => new Fixed(options);
    const pool = heap.createPool({ name: 'slots', chunkBytes: 64 * 256, granularity: 256, suballocator });
    const all = Array.from({ length: 60 }, () => heap.allocate({ size: 250, usage: VERTEX, pool }));
    const live = new Map<Allocation<MockBuffer>, Uint8Array>();
    for (const [k, each] of all.entries()) {
      if (k % 3 !== 0) each.free();
      else live.set(each, patternOf(k, each.size));
    }
    for (const [each, bytes] of live) each.write(bytes);
    await doFrames(heap, 2);
    expect(await finish(heap, { scope: 'within' })).toMatchObject({ slideCount: 19, refusedCount: 0 });
    await expectBytes({ gpu, heap, live });
  });

  it('begins by itself where what is free lies apart', async () => {
    const eager = { everyFrames: 1, leastBytes: 0, scope: 'within' } as const;
    const scene = await openHoles({ defragmentation: eager });
    await doFrames(scene.heap, 10);
    expect(holeCounts(scene.heap)).toEqual([1]);
    const across = await openHoles({ defragmentation: { ...eager, scope: 'across' } });
    await doFrames(across.heap, 10);
    expect(holeCounts(across.heap)[0]).toBeGreaterThan(15);
    await expectBytes(scene);
  });

  it('lets a chunk serve again when it is done with it', async () => {
    const scene = await openMany('submitted');
    const { heap, live } = scene;
    const tail = [...live.keys()].at(-1) as Allocation<MockBuffer>;
    const [first] = [...live.keys()] as [Allocation<MockBuffer>];
    const { buffer } = first;
    const inFirst = [...live.keys()].filter((each) => each.buffer === buffer);
    const run = heap.defragment({ scope: 'within', movesPerPass: inFirst.length });
    for (let k = 0; k < 20 && run.report.moveCount <= inFirst.length; k++) await doFrames(heap, 1);
    expect(run.isDone).toBe(false);
    // Older chunks serve first.
    expect(heap.allocate({ size: 16, usage: VERTEX }).buffer).toBe(buffer);
    expect(tail.buffer).not.toBe(buffer);
    await doFrames(heap, 20);
    await expectBytes(scene);
  });

  it('does its passes by hand, without a frame between them', async () => {
    const scene = await openHoles();
    const run = scene.heap.defragment({ scope: 'within', byHand: true, movesPerPass: 4 });
    for (let k = 0; k < 20 && !run.isDone; k++) {
      run.step();
      await Promise.resolve();
    }
    expect(run.report).toMatchObject({ state: 'done', refusedCount: 0, moveCount: scene.live.size });
    scene.heap.endFrame();
    expect(holeCounts(scene.heap)).toEqual([1]);
    await expectBytes(scene);
  });
});

describe('places within a chunk', () => {
  it('that slid away are pending until the boundary, and what used them is not overwritten', async () => {
    const scene = await openHoles();
    const { heap, gpu } = scene;
    await warmScratch(heap);
    const run = heap.defragment({ scope: 'within', byHand: true });
    run.step();
    expect(run.report).toMatchObject({ state: 'done', moveCount: scene.live.size });
    const { pendingBytes } = heap.statistics();
    expect(pendingBytes).toBeGreaterThan(0);
    expect(recountHeap(heap, gpu)).toEqual([]);
    heap.endFrame();
    expect(heap.statistics().pendingBytes).toBe(0);
    expect(holeCounts(heap)).toEqual([1]);
    await expectBytes(scene);
  });

  it('are reused only when the GPU has left them, where that must be waited for', async () => {
    const { gpu, heap } = openHeap(CHUNK, { reuseAfter: 'completed' });
    const all = Array.from({ length: 48 }, () => heap.allocate({ size: KIB, usage: VERTEX }));
    const live = new Map(all.filter((_, k) => k % 2 === 1).map((each, k) => [each, patternOf(k, KIB)]));
    for (const [each, bytes] of live) each.write(bytes);
    for (const each of all) if (!live.has(each)) each.free();
    gpu.completeUpTo(heap.endFrame());
    gpu.completeUpTo(heap.endFrame());
    await Promise.resolve();
    const run = heap.defragment({ scope: 'within' });
    const reader = () => {
      // A draw of each frame that is not done for some frames.
      const encoder = gpu.recordEncoder();
      for (const each of live.keys()) encoder.read(each.buffer, each.offset, each.size);
      encoder.submit();
    };
    const serials: number[] = [];
    for (let frame = 0; frame < 60 && !run.isDone; frame++) {
      reader();
      serials.push(heap.endFrame());
      gpu.completeUpTo(serials.at(-3) ?? 0);
      await Promise.resolve();
    }
    expect(run.report).toMatchObject({ state: 'done', refusedCount: 0, moveCount: live.size });
    expect(run.report.passCount).toBeGreaterThan(3);
    expect(gpu.hazards).toEqual([]);
    gpu.completeAll();
    heap.endFrame();
    gpu.completeAll();
    heap.endFrame();
    expect(holeCounts(heap)).toEqual([1]);
    const reads = [...live].map(async ([each, bytes]) => expect(await each.read()).toEqual(bytes));
    gpu.completeAll();
    await Promise.all(reads);
    expect(recountHeap(heap, gpu)).toEqual([]);
  });
});
