import { describe, expect, it } from 'vitest';
import type { MockBuffer } from '../../../mock/src/index.ts';
import { type Allocation, Binned, BufferUsage, type SuballocatorOptions } from '../../src/index.ts';
import { recountHeap } from '../heap/heap-recount.ts';
import { firstDifference, openHeap, patternOf } from '../heap/open-heap.ts';
import { doFrames, expectBytes, finish, gpuChunks, openScattered } from './scattered-heap.ts';

const KIB = 1024;
const { VERTEX } = BufferUsage;

describe('a run', () => {
  for (const reuseAfter of ['submitted', 'completed'] as const) {
    it(`empties chunks, keeps every byte and tells who moved, ranges reused after ${reuseAfter}`, async () => {
      const scene = await openScattered({}, reuseAfter);
      const { heap, live } = scene;
      const told = new Map<Allocation<MockBuffer>, number>();
      const before = new Map([...live.keys()].map((each) => [each, each.version]));
      for (const each of live.keys()) each.on('moved', () => told.set(each, (told.get(each) ?? 0) + 1));
      expect(gpuChunks(heap)).toBe(6);
      const report = await finish(heap);
      expect(report).toMatchObject({ state: 'done', refusedCount: 0, lastStop: 'end' });
      expect(gpuChunks(heap)).toBe(2);
      expect(report.chunksGivenBack).toBe(4);
      expect(report.bytesGivenBack).toBe(4 * 64 * KIB);
      expect(report.moveCount).toBeGreaterThan(8);
      expect(told.size).toBe(report.moveCount);
      for (const each of live.keys()) {
        expect(told.get(each) ?? 0).toBe(each.version - (before.get(each) ?? 0));
      }
      await expectBytes(scene);
    });
  }

  it('keeps to bytes and moves in every pass', async () => {
    const scene = await openScattered();
    const report = await finish(scene.heap, { bytesPerPass: 9000, movesPerPass: 2 });
    expect(report.mostMoves).toBe(2);
    expect(report.mostBytes).toBeLessThanOrEqual(9000);
    expect(report.passCount).toBeGreaterThanOrEqual(report.moveCount / 2);
    expect(gpuChunks(scene.heap)).toBe(2);
    await expectBytes(scene);
  });

  it('packs anew with a chunk made for it, and gives that back where nothing is gained', async () => {
    const scene = await openScattered();
    const report = await finish(scene.heap, { strategy: 'full' });
    expect(report).toMatchObject({ state: 'done', refusedCount: 0 });
    const chunks = scene.heap.snapshot().chunks.filter(({ location }) => location === 'gpu');
    expect(chunks.length).toBeLessThanOrEqual(3);
    for (const { ranges } of chunks) {
      expect(ranges.filter(({ state }) => state === 'free').length).toBeLessThanOrEqual(1);
    }
    await expectBytes(scene);
  });

  it('makes no chunk that the budget does not allow', async () => {
    const scene = await openScattered({ budgetBytes: 6 * 64 * KIB + 32 * KIB });
    const report = await finish(scene.heap, { strategy: 'full' });
    expect(report.state).toBe('done');
    await expectBytes(scene);
    expect(scene.gpu.heldBytes).toBeLessThanOrEqual(6 * 64 * KIB + 32 * KIB);
  });

  it('does its passes by hand', async () => {
    const scene = await openScattered();
    const { heap } = scene;
    const run = heap.defragment({ byHand: true, movesPerPass: 4 });
    heap.endFrame();
    expect(run.report.passCount).toBe(0);
    run.step();
    expect(run.report).toMatchObject({ passCount: 1, moveCount: 4 });
    while (!run.isDone) run.step();
    run.step();
    heap.endFrame();
    expect(gpuChunks(heap)).toBe(2);
    await expectBytes(scene);
  });

  it('does not mind that what it has emptied is trimmed before it is given back', async () => {
    const scene = await openScattered();
    const { heap } = scene;
    const run = heap.defragment({ byHand: true });
    run.step();
    expect(run.isDone).toBe(true);
    // A boundary that gives no chunk back.
    heap.submitted();
    expect(heap.trim()).toBe(4 * 64 * KIB);
    heap.endFrame();
    expect(run.report.chunksGivenBack).toBe(0);
    expect(gpuChunks(heap)).toBe(2);
    await expectBytes(scene);
  });

  it('ends when it is cancelled, and chunks serve again', async () => {
    const scene = await openScattered();
    const { heap } = scene;
    const run = heap.defragment({ movesPerPass: 1 });
    heap.endFrame();
    run.cancel();
    run.cancel();
    heap.endFrame();
    expect(run.report).toMatchObject({ state: 'cancelled', moveCount: 1 });
    const { reservedBytes } = heap.statistics();
    for (let k = 0; k < 40; k++) heap.allocate({ size: 4 * KIB, usage: VERTEX });
    expect(heap.statistics().reservedBytes).toBe(reservedBytes);
    await expectBytes(scene);
  });

  it('leaves a pool the chunks that it shall have, and they serve again', async () => {
    const { gpu, heap } = openHeap({}, { reuseAfter: 'submitted', autoComplete: true });
    const pool = heap.createPool({ name: 'own', chunkBytes: 64 * KIB, minChunks: 3 });
    const all = Array.from({ length: 48 }, () => heap.allocate({ size: 4 * KIB, usage: VERTEX, pool }));
    for (const [k, each] of all.entries()) if (k % 4 !== 0) each.free();
    await doFrames(heap, 2);
    const before = gpuChunks(heap);
    expect((await finish(heap)).moveCount).toBeGreaterThan(0);
    expect(gpuChunks(heap)).toBe(3);
    expect(before).toBeGreaterThanOrEqual(3);
    for (let k = 0; k < 30; k++) heap.allocate({ size: 4 * KIB, usage: VERTEX, pool });
    expect(gpuChunks(heap)).toBe(3);
    expect(recountHeap(heap, gpu)).toEqual([]);
  });

  it('is the only one, and makes way for none', async () => {
    const { heap } = await openScattered();
    const run = heap.defragment({ movesPerPass: 1 });
    expect(() => heap.defragment()).toThrow(/under way/);
    run.cancel();
    expect(heap.defragment().isDone).toBe(false);
  });
});

describe('what stays', () => {
  it('is what is pinned, with all of its chunk', async () => {
    const scene = await openScattered();
    for (const each of scene.live.keys()) each.pin();
    const run = scene.heap.defragment();
    scene.heap.endFrame();
    expect(run.report).toMatchObject({ state: 'done', moveCount: 0 });
    expect(run.kept.map(({ reason }) => reason)).toEqual(new Array(6).fill('pinned'));
    await expectBytes(scene);
  });

  it('is what was pinned or freed after it was planned', async () => {
    const scene = await openScattered();
    const { heap, live } = scene;
    const run = heap.defragment({ movesPerPass: 1 });
    heap.endFrame();
    const [first, ...others] = [...live.keys()].reverse();
    others.at(3)?.pin();
    for (const each of [first, others.at(0)]) {
      each?.free();
      live.delete(each as Allocation<MockBuffer>);
    }
    await doFrames(heap, 100);
    expect(run.isDone).toBe(true);
    await expectBytes(scene);
  });

  it('is what an open recording uses', async () => {
    const scene = await openScattered();
    const { heap, live } = scene;
    const token = heap.record();
    const versions = [...live.keys()].map((each) => each.version);
    for (const each of live.keys()) token.use(each);
    expect(await finish(heap)).toMatchObject({ moveCount: 0 });
    expect([...live.keys()].map((each) => each.version)).toEqual(versions);
    token.end();
    expect((await finish(heap)).moveCount).toBeGreaterThan(0);
    await expectBytes(scene);
  });

  it('is what several timelines use: copies are not in order with them', async () => {
    const gpuOptions = { autoComplete: true, timelines: 2 } as const;
    const { heap } = openHeap({ chunkBytes: 64 * KIB }, gpuOptions);
    const all = Array.from({ length: 48 }, () =>
      heap.allocate({ size: 4 * KIB, usage: VERTEX, timelines: [0, 1] }),
    );
    for (const [k, each] of all.entries()) if (k % 3 !== 0) each.free();
    await doFrames(heap, 3);
    expect(await finish(heap)).toMatchObject({ state: 'done', moveCount: 0 });
  });

  it('is nothing of what is watched for leaks, as long as its object is there', async () => {
    const { heap } = openHeap({ chunkBytes: 64 * KIB, watchLeaks: true }, { reuseAfter: 'submitted' });
    const all = Array.from({ length: 32 }, () => heap.allocate({ size: 4 * KIB, usage: VERTEX }));
    for (const [k, each] of all.entries()) if (k % 4 !== 0) each.free();
    await doFrames(heap, 2);
    expect(heap.snapshot().chunks.flatMap(({ ranges }) => ranges.filter(({ pinned }) => pinned))).toEqual([]);
    expect((await finish(heap)).moveCount).toBeGreaterThan(0);
  });

  it('is left where its own suballocator puts ranges as it likes, but for what finds a place', async () => {
    const { gpu, heap } = openHeap({}, { reuseAfter: 'submitted', autoComplete: true });
    const suballocator = (options: SuballocatorOptions) => new Binned(options);
    const pool = heap.createPool({ name: 'own', chunkBytes: 64 * KIB, suballocator });
    const all = Array.from({ length: 64 }, () => heap.allocate({ size: 3000, usage: VERTEX, pool }));
    for (const [k, each] of all.entries()) each.write(patternOf(k, 3000));
    const live = new Map(
      all.flatMap((each, k) => (k % 4 === 0 ? [[each, patternOf(k, 3000)] as const] : [])),
    );
    for (const each of all) if (!live.has(each)) each.free();
    await doFrames(heap, 2);
    const before = gpuChunks(heap);
    expect((await finish(heap)).moveCount).toBeGreaterThan(0);
    expect(gpuChunks(heap)).toBeLessThan(before);
    await expectBytes({ heap, gpu, live });
  });

  it('is what would come to what it is kept apart from', async () => {
    const { heap } = openHeap({ chunkBytes: 64 * KIB }, { reuseAfter: 'submitted', autoComplete: true });
    const one = heap.allocate({ size: 4 * KIB, usage: VERTEX });
    const other = heap.allocate({ size: 4 * KIB, usage: VERTEX, apartFrom: [one] });
    heap.endFrame();
    expect(await finish(heap)).toMatchObject({ state: 'done', moveCount: 0, refusedCount: 1 });
    expect(one.buffer).not.toBe(other.buffer);
  });

  it('is left where the chunk is needed again', async () => {
    const scene = await openScattered();
    const { heap, live } = scene;
    heap.defragment({ movesPerPass: 1 });
    heap.endFrame();
    const { reservedBytes } = heap.statistics();
    const more = Array.from({ length: 30 }, () => heap.allocate({ size: 4 * KIB, usage: VERTEX }));
    expect(heap.statistics().reservedBytes).toBe(reservedBytes);
    for (const [k, each] of more.entries()) {
      const bytes = patternOf(1000 + k, each.size);
      each.write(bytes);
      live.set(each, bytes);
    }
    await doFrames(heap, 100);
    await expectBytes(scene);
  });
});

describe('a block', () => {
  it('moves as one, and its members with it', async () => {
    const { gpu, heap } = openHeap({ chunkBytes: 64 * KIB }, { reuseAfter: 'submitted', autoComplete: true });
    const fill = Array.from({ length: 15 }, () => heap.allocate({ size: 4 * KIB, usage: VERTEX }));
    const block = heap.allocateBlock([
      { size: 2000, usage: VERTEX },
      { size: 1000, usage: VERTEX },
    ]);
    const [one, two] = block.members;
    one.write(patternOf(1, 2000));
    two.write(patternOf(2, 1000));
    const far = heap.allocate({ size: 60 * KIB, usage: VERTEX });
    for (const each of fill) each.free();
    heap.endFrame();
    far.free();
    const late = heap.allocate({ size: 48 * KIB, usage: VERTEX });
    heap.endFrame();
    await finish(heap);
    expect(late.isLive).toBe(true);
    expect(firstDifference(await one.read(), patternOf(1, 2000))).toBe(-1);
    expect(firstDifference(await two.read(), patternOf(2, 1000))).toBe(-1);
    expect(two.offset - one.offset).toBe(2000);
    expect(recountHeap(heap, gpu)).toEqual([]);
  });
});

describe('when the device fails', () => {
  it('a pass whose copies fail leaves everything where it was and ends the run', async () => {
    const scene = await openScattered();
    const { gpu, heap, live } = scene;
    const places = [...live.keys()].map(({ buffer, offset }) => [buffer, offset]);
    gpu.faults.failAtCall(1, { kind: 'copy' });
    expect(await finish(heap)).toMatchObject({
      state: 'failed',
      moveCount: 0,
      error: { code: 'backend-failed' },
    });
    gpu.faults.clear();
    expect([...live.keys()].map(({ buffer, offset }) => [buffer, offset])).toEqual(places);
    await expectBytes(scene);
    expect(await finish(heap)).toMatchObject({ state: 'done' });
    await expectBytes(scene);
  });

  it('nothing goes to a chunk that it has not granted for sure', async () => {
    const scene = await openScattered();
    const { gpu, heap, live } = scene;
    gpu.faults.refuseCreation({ when: 'late', sizeAbove: KIB });
    const versions = [...live.keys()].map((each) => each.version);
    const run = heap.defragment({ strategy: 'full' });
    heap.endFrame();
    heap.endFrame();
    expect([...live.keys()].map((each) => each.version)).toEqual(versions);
    gpu.faults.clear();
    await doFrames(heap, 20);
    expect(run.isDone).toBe(true);
    expect(run.report.refusedCount).toBeGreaterThan(0);
    await expectBytes(scene);
  });

  it('a pass that fails in any other way does, too, and says what it was', async () => {
    const scene = await openScattered();
    const { backend } = scene.heap;
    const cause = new Error('a bug of the backend');
    const copy = backend.copy;
    backend.copy = () => {
      throw cause;
    };
    const { state, error } = await finish(scene.heap);
    backend.copy = copy;
    expect([state, error?.code, error?.cause]).toEqual(['failed', 'backend-failed', cause]);
    await expectBytes(scene);
  });

  it('a run ends with a lost device, and its chunks serve after a rebuild', async () => {
    const scene = await openScattered();
    const { gpu, heap } = scene;
    const run = heap.defragment({ movesPerPass: 1 });
    heap.endFrame();
    gpu.lose('gone');
    await heap.lost;
    heap.endFrame();
    expect(run.isDone).toBe(true);
    heap.rebuild(openHeap().backend);
    const { reservedBytes } = heap.statistics();
    for (let k = 0; k < 30; k++) heap.allocate({ size: 4 * KIB, usage: VERTEX });
    expect(heap.statistics().reservedBytes).toBe(reservedBytes);
  });

  it('a heap may end while a run is under way', async () => {
    const { gpu, heap } = await openScattered();
    const run = heap.defragment({ movesPerPass: 1 });
    heap.endFrame();
    heap.dispose();
    expect(run.report.state).toBe('cancelled');
    run.step();
    expect(gpu.buffers.size).toBe(0);
  });
});

describe('hooks', () => {
  it('may free, allocate and resize; one that throws is heard when the frame has ended', async () => {
    const scene = await openScattered();
    const { heap, live } = scene;
    const [first, second] = [...live.keys()].reverse() as [Allocation<MockBuffer>, Allocation<MockBuffer>];
    let made: Allocation<MockBuffer> | undefined;
    for (const each of live.keys()) {
      each.on('moved', () => {
        if (each === first) throw new Error('a bug of the application');
        if (each !== second) return;
        made = heap.allocate({ size: 100, usage: VERTEX });
        live.delete(second);
        second.free();
      });
    }
    const run = heap.defragment();
    const frame = heap.statistics();
    expect(() => {
      for (let k = 0; k < 20; k++) heap.endFrame();
    }).toThrow('a bug of the application');
    expect(frame).toBeDefined();
    await doFrames(heap, 20);
    expect(run.isDone).toBe(true);
    expect(made?.isLive ?? true).toBe(true);
    await expectBytes(scene);
  });
});
