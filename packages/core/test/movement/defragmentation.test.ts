import { describe, expect, it } from 'vitest';
import type { MockBuffer, MockGpu } from '../../../mock/src/index.ts';
import {
  type Allocation,
  BufferUsage,
  type DefragmentationOptions,
  type GpuHeap,
  type GpuHeapOptions,
} from '../../src/index.ts';
import { recountHeap } from '../heap/heap-recount.ts';
import { firstDifference, openHeap, patternOf } from '../heap/open-heap.ts';

const KIB = 1024;
const { VERTEX } = BufferUsage;

interface Scene {
  readonly gpu: MockGpu;
  readonly heap: GpuHeap<MockBuffer>;
  /** Those that live, with what they hold. */
  readonly live: Map<Allocation<MockBuffer>, Uint8Array>;
}

/** Chunks of 64 KiB in which every third of 4 KiB lives. */
async function openScattered(
  options: GpuHeapOptions = {},
  reuseAfter: 'submitted' | 'completed' = 'submitted',
): Promise<Scene> {
  const { gpu, heap } = openHeap({ chunkBytes: 64 * KIB, ...options }, { reuseAfter, autoComplete: true });
  const live = new Map<Allocation<MockBuffer>, Uint8Array>();
  for (let k = 0; k < 96; k++) {
    const size = 3500 + k;
    const allocation = heap.allocate({ size, usage: VERTEX, label: `part ${k}` });
    const bytes = patternOf(k, size);
    allocation.write(bytes);
    live.set(allocation, bytes);
  }
  heap.endFrame();
  for (const [k, allocation] of [...live.keys()].entries()) {
    if (k % 3 === 0) continue;
    allocation.free();
    live.delete(allocation);
  }
  heap.endFrame();
  // The device has granted every chunk by now.
  await Promise.resolve();
  await Promise.resolve();
  return { gpu, heap, live };
}

async function expectBytes({ heap, gpu, live }: Scene): Promise<void> {
  for (const [allocation, bytes] of live) expect(firstDifference(await allocation.read(), bytes)).toBe(-1);
  expect(gpu.errors).toEqual([]);
  expect(gpu.hazards).toEqual([]);
  expect(recountHeap(heap, gpu)).toEqual([]);
}

function gpuChunks(heap: GpuHeap<MockBuffer>): number {
  return heap.snapshot().chunks.filter(({ location }) => location === 'gpu').length;
}

/** So many frames; the device has its say between them. */
async function doFrames(heap: GpuHeap<MockBuffer>, count: number): Promise<void> {
  for (let frame = 0; frame < count; frame++) {
    heap.endFrame();
    await Promise.resolve();
  }
}

/** Frames until a run has ended and its chunks are gone. */
async function finish(heap: GpuHeap<MockBuffer>, options?: DefragmentationOptions) {
  await Promise.resolve();
  const run = heap.defragment(options);
  for (let frame = 0; frame < 200 && !run.isDone; frame++) await doFrames(heap, 1);
  await doFrames(heap, 3);
  return run.report;
}

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
    expect(await finish(scene.heap)).toMatchObject({ state: 'done', moveCount: 0 });
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

describe('by itself', () => {
  const eager = { everyFrames: 1, leastBytes: 0 };

  it('a heap moves nothing unless it is told to', async () => {
    const scene = await openScattered();
    await doFrames(scene.heap, 40);
    expect(gpuChunks(scene.heap)).toBe(6);
  });

  it('a heap begins a run when chunks are worth it, and rests when nothing came of it', async () => {
    const scene = await openScattered({ defragmentation: eager });
    await doFrames(scene.heap, 40);
    expect(gpuChunks(scene.heap)).toBe(2);
    await expectBytes(scene);
  });

  it('a heap looks again when it has rested from a run that gave nothing', async () => {
    const { heap } = openHeap({ chunkBytes: 64 * KIB, defragmentation: eager }, { reuseAfter: 'submitted' });
    // Each 33 KiB has a chunk that nothing else fits into.
    const large = Array.from({ length: 4 }, () => heap.allocate({ size: 33 * KIB, usage: VERTEX }));
    await doFrames(heap, 10);
    expect(gpuChunks(heap)).toBe(4);
    for (const each of large) each.resize(8 * KIB);
    await doFrames(heap, 10);
    expect(gpuChunks(heap)).toBe(4);
    await doFrames(heap, 60);
    expect(gpuChunks(heap)).toBe(1);
  });

  it('small heaps and busy frames are left alone', async () => {
    const small = await openScattered({ defragmentation: { everyFrames: 1 } });
    const busy = await openScattered({ defragmentation: { ...eager, isBusy: () => true } });
    for (const { heap } of [small, busy]) {
      await doFrames(heap, 40);
      expect(gpuChunks(heap)).toBe(6);
    }
  });

  it('a run that was asked for goes first', async () => {
    const { heap } = await openScattered({ defragmentation: { ...eager, movesPerPass: 1 } });
    heap.endFrame();
    const run = heap.defragment();
    heap.endFrame();
    expect(run.report.moveCount).toBeGreaterThan(0);
  });
});
