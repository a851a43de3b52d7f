import { describe, expect, it } from 'vitest';
import { BufferUsage, OutOfMemoryError } from '../../src/index.ts';
import { codeOf } from '../code-of.ts';
import { recountHeap } from '../heap/heap-recount.ts';
import { firstDifference, openHeap, patternOf } from '../heap/open-heap.ts';
import { KIBI, nextTurn } from './upload-scene.ts';

const { COPY_DST, MAP_READ, VERTEX } = BufferUsage;

function openReads(options: { readbackBytes?: number; chunkBytes?: number; budgetBytes?: number } = {}) {
  const { gpu, heap } = openHeap(options);
  const staged = () => [...gpu.buffers].filter(({ usage }) => (usage & MAP_READ) !== 0);
  const allocate = (seed: number, size: number) => {
    const allocation = heap.allocate({ size, usage: VERTEX });
    allocation.write(patternOf(seed, size));
    return allocation;
  };
  return { gpu, heap, staged, allocate };
}

describe('several reads', () => {
  it('are one submission, and each gets its own bytes', async () => {
    const { gpu, heap, staged, allocate } = openReads();
    const meshes = Array.from({ length: 50 }, (_, k) => allocate(k, 100 + k));
    const copies = gpu.counts.copy;
    const read = heap.readMany(
      meshes.map((allocation, k) => (k % 2 === 0 ? { allocation } : { allocation, at: k, size: 33 })),
    );
    expect([gpu.counts.copy - copies, staged().length]).toEqual([1, 1]);
    // What comes later is not seen.
    for (const mesh of meshes) mesh.write(new Uint8Array(100));
    gpu.completeAll();
    for (const [k, bytes] of (await read).entries()) {
      const whole = patternOf(k, 100 + k);
      expect(firstDifference(bytes, k % 2 === 0 ? whole : whole.subarray(k, k + 33))).toBe(-1);
      expect(bytes.buffer.byteLength).toBe(bytes.length);
    }
    expect(gpu.counts.read).toBe(1);
  });

  it('come from readback buffers, from nothing and from the same place twice as well', async () => {
    const { gpu, heap, allocate } = openReads();
    const mesh = allocate(1, 64);
    const target = heap.allocate({ size: 64, usage: COPY_DST, location: 'readback' });
    heap.copy(mesh, 0, target, 0, 64);
    const read = heap.readMany([
      { allocation: target, at: 1, size: 3 },
      { allocation: mesh, at: 64 },
      { allocation: mesh },
      { allocation: mesh, at: 5, size: 1 },
      { allocation: target },
    ]);
    gpu.completeAll();
    const [one, none, whole, byte, all] = await read;
    const expected = patternOf(1, 64);
    expect([[...one!], none!.length, byte![0]]).toEqual([[...expected.subarray(1, 4)], 0, expected[5]]);
    expect(firstDifference(whole!, expected)).toBe(-1);
    expect(firstDifference(all!, expected)).toBe(-1);
    expect(await heap.readMany([])).toEqual([]);
  });

  it('share chunks up to 4 MiB, and are one submission still', async () => {
    const { gpu, heap, staged, allocate } = openReads();
    const size = 1536 * KIBI;
    const meshes = [allocate(1, size), allocate(2, size), allocate(3, size)];
    const copies = gpu.counts.copy;
    const read = heap.readMany(meshes.map((allocation) => ({ allocation })));
    expect([gpu.counts.copy - copies, staged().length]).toEqual([1, 2]);
    gpu.completeAll();
    for (const [k, bytes] of (await read).entries()) {
      expect(firstDifference(bytes, patternOf(k + 1, size))).toBe(-1);
    }
  });

  it('refuse bad input at once', () => {
    const { heap, allocate } = openReads();
    const { heap: other } = openReads();
    const allocation = allocate(1, 64);
    const foreign = other.allocate({ size: 64, usage: VERTEX }) as never;
    const refusals: [string, unknown][] = [
      ['bad-argument', undefined],
      ['bad-argument', { allocation }],
      ['bad-argument', [undefined]],
      ['unknown-option', [{ allocation, offset: 4 }]],
      ['foreign-object', [{}]],
      ['foreign-object', [{ allocation: foreign }]],
      ['bad-offset', [{ allocation, at: -1 }]],
      ['bad-size', [{ allocation, size: 1.5 }]],
      ['out-of-bounds', [{ allocation, at: 60, size: 5 }]],
    ];
    for (const [code, reads] of refusals) expect(codeOf(() => void heap.readMany(reads as never))).toBe(code);
    allocation.free();
    expect(codeOf(() => void heap.readMany([{ allocation }]))).toBe('dead-allocation');
    expect(codeOf(() => void heap.readMany([{ allocation: undefined as never }]))).toBe('foreign-object');
    heap.dispose();
    expect(codeOf(() => void heap.readMany([]))).toBe('disposed');
  });
});

describe('readback staging', () => {
  it('is used again at once, without a boundary', async () => {
    const { gpu, heap, staged, allocate } = openReads();
    const mesh = allocate(1, 1000);
    for (let turn = 0; turn < 20; turn++) {
      const read = mesh.read();
      gpu.completeAll();
      expect(firstDifference(await read, patternOf(1, 1000))).toBe(-1);
    }
    expect(staged().length).toBe(1);
    expect(recountHeap(heap, gpu)).toEqual([]);
    for (let frame = 0; frame < 60; frame++) heap.endFrame();
    expect(staged().length).toBe(0);
  });

  it('for a large read is given back at once', async () => {
    const { gpu, staged, allocate } = openReads({ chunkBytes: 64 * KIBI });
    const mesh = allocate(1, 128 * KIBI);
    const read = mesh.read();
    expect(staged().length).toBe(1);
    gpu.completeAll();
    expect(firstDifference(await read, patternOf(1, 128 * KIBI))).toBe(-1);
    expect(staged().length).toBe(0);
  });

  it('has a limit of its own, which reads wait out by awaiting earlier ones', async () => {
    const { gpu, heap, staged, allocate } = openReads({ readbackBytes: 64 * KIBI });
    const meshes = Array.from({ length: 6 }, (_, k) => allocate(k, 16 * KIBI));
    const reads = meshes.map((mesh) => mesh.read().catch((error: unknown) => error));
    const held = staged().reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    expect(held).toBeLessThanOrEqual(64 * KIBI);
    gpu.completeAll();
    const outcomes = await Promise.all(reads);
    for (const [k, outcome] of outcomes.entries()) {
      if (k < 4) expect(firstDifference(outcome as Uint8Array, patternOf(k, 16 * KIBI))).toBe(-1);
      else {
        expect(outcome).toBeInstanceOf(OutOfMemoryError);
        expect(outcome).toMatchObject({ code: 'pool-full', remedy: 'wait' });
      }
    }
    const again = heap.readMany(meshes.slice(4).map((allocation) => ({ allocation })));
    gpu.completeAll();
    expect(firstDifference((await again)[1]!, patternOf(5, 16 * KIBI))).toBe(-1);
    const huge = allocate(9, 65 * KIBI);
    await expect(huge.read()).rejects.toMatchObject({ code: 'pool-full', remedy: 'raise-pool-limit' });
    expect(recountHeap(heap, gpu)).toEqual([]);
  });

  it('is let go when there is no room for all that is read together', async () => {
    const { gpu, heap, staged, allocate } = openReads({ readbackBytes: 6 * 1024 * KIBI });
    const reads = [1, 2].map((seed) => ({ allocation: allocate(seed, 3 * 1024 * KIBI) }));
    const { usedBytes } = heap.statistics();
    // They do not share a chunk, and there is room for one.
    await expect(heap.readMany(reads)).rejects.toMatchObject({ code: 'pool-full' });
    expect(heap.statistics().usedBytes).toBe(usedBytes);
    expect(recountHeap(heap, gpu)).toEqual([]);
    for (const [k, read] of reads.entries()) {
      const bytes = heap.readMany([read]);
      gpu.completeAll();
      expect(firstDifference((await bytes)[0]!, patternOf(k + 1, 3 * 1024 * KIBI))).toBe(-1);
    }
    expect(staged().length).toBe(1);
  });

  it('gives way, but for a little, when a pool grows', async () => {
    const { gpu, heap, staged, allocate } = openReads();
    const meshes = Array.from({ length: 6 }, (_, k) => allocate(k, 600 * KIBI));
    const reads = meshes.map((mesh) => mesh.read());
    gpu.completeAll();
    await Promise.all(reads);
    const before = staged();
    expect(before.map(({ sizeBytes }) => sizeBytes)).toEqual(Array(6).fill(1024 * KIBI));
    for (const mesh of meshes.splice(1)) mesh.free();
    heap.endFrame();
    gpu.completeAll();
    heap.endFrame();
    heap.allocate({ size: 8 * 1024 * KIBI, usage: VERTEX, lifetime: 'long' });
    // The last that was used, for the next read.
    expect(staged()).toEqual(before.slice(5));
  });

  it('loses only the chunk whose read failed', async () => {
    const { gpu, heap, staged, allocate } = openReads();
    const mesh = allocate(1, 100);
    for (const when of ['now', 'late'] as const) {
      gpu.faults.failAtCall(gpu.counts.read + 1, { kind: 'read', when });
      const failing = expect(mesh.read()).rejects.toMatchObject({ code: 'backend-failed' });
      const fine = mesh.read();
      expect(staged().length).toBe(2);
      gpu.completeAll();
      await failing;
      expect(firstDifference(await fine, patternOf(1, 100))).toBe(-1);
      expect(staged().length).toBe(1);
      heap.trim();
    }
    const { usedBytes } = heap.statistics();
    gpu.faults.failAtCall(gpu.counts.copy + 1, { kind: 'copy' });
    await expect(mesh.read()).rejects.toMatchObject({ code: 'backend-failed' });
    expect(heap.statistics().usedBytes).toBe(usedBytes);
    expect(recountHeap(heap, gpu)).toEqual([]);
  });

  it('says that the device refused it, or what is read, rather than answer other bytes', async () => {
    const { gpu, allocate, heap } = openReads({ chunkBytes: 64 * KIBI });
    const good = allocate(1, 100);
    await nextTurn();
    gpu.faults.refuseCreation({ atCall: gpu.counts.createBuffer + 1 });
    await expect(Promise.all([good.read(), gpu.completeAll()])).rejects.toMatchObject({
      code: 'refused-by-device',
    });
    gpu.faults.refuseCreation({ atCall: gpu.counts.createBuffer + 1 });
    const bad = heap.allocate({ size: 128 * KIBI, usage: VERTEX });
    const both = heap.readMany([{ allocation: good }, { allocation: bad }]);
    gpu.completeAll();
    await expect(both).rejects.toMatchObject({ code: 'refused-by-device' });
    heap.dispose();
    expect(gpu.buffers.size).toBe(0);
  });

  it('ends with the heap and with the device', async () => {
    const disposed = openReads();
    const read = disposed.allocate(1, 100).read();
    disposed.heap.dispose();
    await expect(read).rejects.toMatchObject({ code: 'backend-failed' });
    expect([disposed.gpu.buffers.size, disposed.gpu.openPromiseCount]).toEqual([0, 0]);
    const lost = openReads();
    const reads = [lost.allocate(1, 100).read(), lost.heap.readMany([{ allocation: lost.allocate(2, 9) }])];
    lost.gpu.lose();
    for (const each of reads) await expect(each).rejects.toMatchObject({ code: 'device-lost' });
    expect(recountHeap(lost.heap, lost.gpu)).toEqual([]);
  });
});
