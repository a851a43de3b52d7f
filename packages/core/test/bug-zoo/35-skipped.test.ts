/** Something that is taken out of a list while it is walked takes the turn of the next. */
import { expect, it } from 'vitest';
import { MockGpu, MockTextures } from '../../../mock/src/index.ts';
import { type Allocation, BufferUsage, DestroyQueue, type LogLine, TextureUsage } from '../../src/index.ts';
import { codeOf } from '../code-of.ts';
import { recountHeap } from '../heap/heap-recount.ts';
import { openHeap } from '../heap/open-heap.ts';

const { VERTEX } = BufferUsage;
const KIB = 1024;
const request = { size: 60 * KIB, usage: VERTEX };
const texture = {
  ...{ width: 64, height: 64, format: 'rgba8unorm' },
  usage: TextureUsage.COPY_DST | TextureUsage.TEXTURE_BINDING,
};

/** A heap on a device that is done at once, with as many empty chunks. */
function openEmpty(count: number) {
  const opened = openHeap({ chunkBytes: 64 * KIB }, { autoComplete: true });
  const all = Array.from({ length: count }, () => opened.heap.allocate(request));
  for (const each of all) each.free();
  opened.heap.endFrame();
  expect(opened.gpu.buffers.size).toBe(count);
  return opened;
}

it('a trim gives every empty chunk back', () => {
  const { gpu, heap } = openEmpty(5);
  expect(heap.trim()).toBe(5 * 64 * KIB);
  expect([gpu.buffers.size, heap.statistics().chunkCount]).toEqual([0, 0]);
});

it('every chunk that has been empty for long goes in one frame', () => {
  const { gpu, heap } = openEmpty(4);
  for (let frame = 0; frame < 70 && gpu.buffers.size === 4; frame++) heap.endFrame();
  expect(gpu.buffers.size).toBe(0);
});

it('a pool that ends gives every chunk back', () => {
  const { gpu, heap } = openHeap();
  const pool = heap.createPool({ name: 'theirs', minChunks: 5, chunkBytes: 64 * KIB });
  expect(gpu.buffers.size).toBe(5);
  pool.dispose();
  expect([gpu.buffers.size, heap.statistics().reservedBytes]).toEqual([0, 0]);
});

it('room that could not be made in advance is given back whole', async () => {
  const { gpu, heap } = openHeap({ chunkBytes: 64 * KIB, budgetBytes: 200 * KIB });
  await expect(heap.warm({ size: 400 * KIB, usage: VERTEX })).rejects.toThrow();
  expect(gpu.counts.createBuffer).toBeGreaterThan(1);
  expect([gpu.buffers.size, heap.statistics().chunkCount]).toEqual([0, 0]);
});

it('a rebuild leaves no empty chunk behind, nor one that only a recording held', () => {
  const { gpu, heap } = openHeap({ chunkBytes: 64 * KIB }, { autoComplete: true });
  const held = Array.from({ length: 4 }, () => heap.allocate({ ...request, dedicated: true }));
  const gone = Array.from({ length: 5 }, () => heap.allocate(request));
  const kept = heap.allocate({ size: KIB, usage: VERTEX });
  const token = heap.record().use(...held);
  for (const each of [...held, ...gone]) each.free();
  heap.endFrame();
  expect([gpu.buffers.size, heap.statistics().pendingBytes]).toEqual([9, 4 * 60 * KIB]);
  gpu.lose();
  const next = new MockGpu();
  heap.rebuild(next.backend());
  token.end();
  expect([kept.isLive, next.buffers.size, heap.statistics().chunkCount]).toEqual([true, 1, 1]);
  expect(heap.statistics()).toMatchObject({ pendingBytes: 0, allocationCount: 1, usedBytes: KIB });
  heap.dispose();
  expect(next.buffers.size).toBe(0);
});

it('textures that end at a boundary leave the others theirs', () => {
  const { heap } = openHeap({}, { reuseAfter: 'submitted', autoComplete: true });
  class Ending extends MockTextures {
    ageStaging(): void {
      first.dispose();
    }
  }
  const ports = [new Ending(), new MockTextures(), new MockTextures()] as const;
  const [first, ...others] = ports.map((port) => heap.useTextures(port)) as [
    ReturnType<typeof heap.useTextures>,
    ...ReturnType<typeof heap.useTextures>[],
  ];
  for (const each of others) each.free(each.create(texture) as never);
  heap.endFrame();
  expect(ports.map(({ textures }) => textures.size)).toEqual([0, 0, 0]);
  expect(heap.statistics().textureBytes).toBe(0);
});

it('a hook that ends itself leaves the others their call', () => {
  const { heap } = openHeap();
  const mesh = heap.allocate({ size: KIB, usage: VERTEX });
  const told: number[] = [];
  const stops = [0, 1, 2, 3].map((k) =>
    mesh.on('moved', () => {
      told.push(k);
      if (k < 2) stops[k]?.();
    }),
  );
  heap.allocate({ size: KIB, usage: VERTEX });
  mesh.resize(4 * KIB);
  expect(told).toEqual([0, 1, 2, 3]);
  heap.allocate({ size: KIB, usage: VERTEX });
  mesh.resize(32 * KIB);
  expect(told).toEqual([0, 1, 2, 3, 2, 3]);
});

it('a moved hook that frees another, and itself, leaves the others their call', () => {
  const { gpu, heap } = openHeap({ chunkBytes: 64 * KIB });
  const all = Array.from({ length: 6 }, () => heap.allocate({ size: KIB, usage: VERTEX }));
  const told: number[] = [];
  for (const [k, each] of all.entries()) {
    each.on('moved', () => {
      told.push(k);
      if (k === 1) for (const other of all.slice(1, 3)) other.free();
    });
  }
  gpu.lose();
  heap.rebuild(new MockGpu().backend());
  expect(told).toEqual([0, 1, 3, 4, 5]);
  expect(heap.statistics().allocationCount).toBe(4);
});

it('what a logger makes and ends while a frame ends is ended once, and in its own frame', () => {
  const made: Allocation<object>[] = [];
  const frame = { size: KIB, usage: VERTEX, lifetime: 'frame' } as const;
  const logger = ({ event, label }: LogLine & { label?: string }): void => {
    if (event !== 'free' || label === '') return;
    if (label === 'first') heap.endFrame();
    made.push(heap.allocate(frame), heap.allocate(frame));
  };
  const { gpu, heap } = openHeap({ debug: { frees: true }, logger }, { autoComplete: true });
  for (const label of ['first', 'second', 'third']) heap.allocate({ ...frame, label });
  heap.endFrame();
  expect(made.length).toBeGreaterThan(0);
  expect(made.map(({ isLive }) => isLive)).not.toContain(false);
  heap.endFrame();
  expect(made.map(({ isLive }) => isLive)).not.toContain(true);
  heap.endFrame();
  expect(heap.statistics()).toMatchObject({ usedBytes: 0, pendingBytes: 0, allocationCount: 0 });
  expect(recountHeap(heap, gpu)).toEqual([]);
});

it('a destroy callback that throws or defers more leaves the others their turn', () => {
  const queue = new DestroyQueue();
  const told: string[] = [];
  for (const name of ['a', 'b', 'c', 'd']) {
    queue.defer(() => {
      told.push(name);
      if (name === 'b') throw new Error('it fails');
      if (name === 'c') {
        queue.defer(() => told.push('e'));
        queue.boundary(2);
        queue.reclaim(2);
      }
    });
  }
  queue.boundary(1);
  expect(codeOf(() => queue.reclaim(1))).toBe('backend-failed');
  expect([told.join(''), queue.pendingCount, queue.stampedCount]).toEqual(['abcd', 1, 1]);
  queue.reclaim(2);
  expect([told.join(''), queue.pendingCount]).toEqual(['abcde', 0]);
});
