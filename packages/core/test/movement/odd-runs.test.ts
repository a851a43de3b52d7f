/** Runs to which something odd happens, and what they take for granted of their parts. */
import { describe, expect, it } from 'vitest';
import type { MockBuffer } from '../../../mock/src/index.ts';
import {
  type Allocation,
  Binned,
  BufferUsage,
  DefragmentationPlanner,
  type GpuHeap,
} from '../../src/index.ts';
import type { Chunk } from '../../src/memory/chunk.ts';
import type { Memory } from '../../src/memory/memory.ts';
import type { Pool } from '../../src/memory/pool.ts';
import { describe as describeChunk } from '../../src/movement/defragmentation/chunk-fragments.ts';
import type { Movable, Movers } from '../../src/movement/defragmentation/movable.ts';
import { Slides } from '../../src/movement/defragmentation/slides.ts';
import type { FragmentRange } from '../../src/planning/defragmentation/fragments.ts';
import { NO_SPACE } from '../../src/ranges/index.ts';
import { codeOf } from '../code-of.ts';
import { recountHeap } from '../heap/heap-recount.ts';
import { openHeap } from '../heap/open-heap.ts';
import { openHoles, placesOf } from './holed-chunk.ts';
import { doFrames, openScattered } from './scattered-heap.ts';

const KIB = 1024;
const { VERTEX } = BufferUsage;
const AT_ONCE = { reuseAfter: 'submitted', autoComplete: true } as const;

function memoryOf(heap: GpuHeap<MockBuffer>): Memory<MockBuffer> {
  return (heap as unknown as { memory: Memory<MockBuffer> }).memory;
}

/** The chunk that many share, of a heap or of a pool by its name. */
function chunkOf(heap: GpuHeap<MockBuffer>, name = 'gpu-read'): Chunk<MockBuffer> {
  const pool = memoryOf(heap).pools.find(({ kind }) => kind.name === name) as Pool<MockBuffer>;
  return pool.chunks[0] as Chunk<MockBuffer>;
}

describe('a run', () => {
  it('by hand fails with the step after the device was lost, and moves nothing', async () => {
    const scene = await openScattered();
    const { gpu, heap, live } = scene;
    const [freed] = [...live.keys()] as [Allocation<MockBuffer>];
    freed.free();
    live.delete(freed);
    const places = placesOf(scene);
    const { pendingBytes } = heap.statistics();
    expect(pendingBytes).toBeGreaterThan(0);
    const run = heap.defragment({ byHand: true });
    gpu.lose('gone');
    run.step();
    expect(run.report).toMatchObject({ state: 'failed', moveCount: 0, error: { code: 'device-lost' } });
    expect(placesOf(scene)).toEqual(places);
    // That was no boundary.
    expect(memoryOf(heap).reclaim()).toBe(false);
    expect(heap.statistics().pendingBytes).toBe(pendingBytes);
    run.step();
    expect(run.report.passCount).toBe(0);
  });

  it('has a chunk serve again that could not be destroyed when it was empty', async () => {
    const { gpu, heap } = openHeap({ chunkBytes: 64 * KIB }, AT_ONCE);
    const all = Array.from({ length: 32 }, () => heap.allocate({ size: 4 * KIB, usage: VERTEX }));
    const [first, second] = [all[0], all[31]] as [Allocation<MockBuffer>, Allocation<MockBuffer>];
    const emptied = second.buffer;
    expect(emptied).not.toBe(first.buffer);
    for (const each of all) if (each.buffer === emptied && each !== second) each.free();
    all[5]?.free();
    await doFrames(heap, 2);
    const run = heap.defragment({ byHand: true });
    run.step();
    expect([run.isDone, run.report.moveCount, second.buffer]).toEqual([true, 1, first.buffer]);
    // A boundary that gives no chunk back.
    heap.submitted();
    gpu.faults.failAtCall(gpu.counts.destroyBuffer + 1, { kind: 'destroyBuffer' });
    expect(codeOf(() => heap.trim())).toBe('backend-failed');
    expect(gpu.buffers.has(emptied)).toBe(true);
    // The other one is full.
    expect(heap.allocate({ size: 4 * KIB, usage: VERTEX }).buffer).toBe(emptied);
    expect(recountHeap(heap, gpu)).toEqual([]);
    heap.endFrame();
    expect(run.report.chunksGivenBack).toBe(0);
    expect(gpu.buffers.has(emptied)).toBe(true);
  });

  it('are taken in the order of their offsets and towards the start, or not at all', async () => {
    const { heap } = await openHoles();
    const chunk = chunkOf(heap);
    const before = [...chunk.suballocator.ranges()];
    const slides = new Slides(memoryOf(heap));
    const live = before.filter(({ handle }) => handle !== NO_SPACE);
    const [one, two, three] = live.map(({ offset, size }) => ({ offset, size })) as [
      FragmentRange,
      FragmentRange,
      FragmentRange,
    ];
    const hole = one.offset + one.size;
    expect(slides.take(chunk, one.offset, one.offset, one.size)).toBe(false);
    expect(slides.take(chunk, two.offset, two.offset + two.size, two.size)).toBe(false);
    expect(slides.take(chunk, two.offset, hole, two.size)).toBe(true);
    // To before what goes elsewhere already, and from before it: what is free there stays free.
    expect(slides.take(chunk, three.offset, 0, three.size)).toBe(false);
    slides.undo();
    expect(slides.take(chunk, three.offset, hole, three.size)).toBe(true);
    expect(slides.take(chunk, two.offset, hole + three.size, two.size)).toBe(false);
    slides.undo();
    const after = [...chunk.suballocator.ranges()];
    expect(after.map(({ offset, size }) => [offset, size])).toEqual(
      before.map(({ offset, size }) => [offset, size]),
    );
  });

  it('are taken only where the suballocator puts ranges where it is told', () => {
    const { heap } = openHeap({}, AT_ONCE);
    const pool = heap.createPool({ name: 'own', suballocator: (options) => new Binned(options) });
    const [gone, stays] = [1, 2].map(() => heap.allocate({ size: 4 * KIB, usage: VERTEX, pool })) as [
      Allocation<MockBuffer>,
      Allocation<MockBuffer>,
    ];
    gone.free();
    heap.endFrame();
    const { offset } = stays;
    expect(new Slides(memoryOf(heap)).take(chunkOf(heap, 'own'), offset, 0, 4 * KIB)).toBe(false);
    expect(stays.offset).toBe(offset);
  });
});

describe('a chunk of a plan', () => {
  const movers: Movers<MockBuffer> = {
    movableOf: (owner) => owner as Movable<MockBuffer>,
    apartFrom: () => [],
    moved: () => {},
  };

  it('tells the same ranges as objects and without', async () => {
    const { heap, live } = await openHoles();
    const chunk = chunkOf(heap);
    const [freed, pinned] = [...live.keys()] as [Allocation<MockBuffer>, Allocation<MockBuffer>];
    const { offset } = freed;
    freed.free();
    pinned.pin();
    const told: FragmentRange[] = [];
    const { ranges, tellRanges } = describeChunk(chunk, movers);
    tellRanges?.((at, size, state, alignment, isPinned, key) => {
      told.push({ offset: at, size, state, alignment, pinned: isPinned, key });
    });
    expect([...ranges]).toEqual(told);
    expect(told.find((each) => each.offset === offset)?.state).toBe('pending');
    expect(told.find((each) => each.offset === pinned.offset)).toMatchObject({ state: 'live', pinned: true });
    expect(told.filter(({ state }) => state === 'live')).toHaveLength(live.size - 1);
  });

  it('is planned alike whether its ranges are seen by the rules of a plan or not', async () => {
    const { heap, live } = await openHoles();
    const chunks = [describeChunk(chunkOf(heap), movers)];
    const scope = 'within';
    const { moves } = new DefragmentationPlanner({ chunks }, { scope }).nextPass();
    expect(moves).toHaveLength(live.size);
    const seen: FragmentRange[] = [];
    const mayMove = (range: FragmentRange) => seen.push(range) > 0;
    expect(new DefragmentationPlanner({ chunks }, { scope, mayMove }).nextPass().moves).toEqual(moves);
    expect(seen.map(({ offset, key }) => [offset, key])).toEqual(
      moves.map(({ fromOffset, key }) => [fromOffset, key]),
    );
  });

  it('is one range that stays when it has gone meanwhile', async () => {
    const { heap, live } = await openHoles();
    const chunk = chunkOf(heap);
    const { ranges } = describeChunk(chunk, movers);
    for (const each of live.keys()) each.free();
    await doFrames(heap, 2);
    heap.trim();
    expect([...ranges]).toEqual([
      { offset: 0, size: chunk.sizeBytes, state: 'pending', alignment: 1, pinned: false, key: 0 },
    ]);
  });
});
