import { describe, expect, it } from 'vitest';
import { BufferUsage } from '../../src/index.ts';
import { codeOf } from '../code-of.ts';
import { firstDifference, patternOf } from '../heap/open-heap.ts';
import {
  allocateReady,
  KIBI,
  LARGE,
  openUploads,
  peek,
  stagingBuffers,
  whileWorking,
  work,
} from './upload-scene.ts';

const { VERTEX } = BufferUsage;

describe('a write in place that fails', () => {
  it('loses its room when another write has followed, and nothing else', async () => {
    const { gpu, heap } = openUploads();
    const mesh = await allocateReady(gpu, heap, LARGE);
    const other = heap.allocate({ size: 64, usage: VERTEX });
    await work(gpu);
    expect(() =>
      heap.uploads.writeInPlace(mesh, LARGE, () => {
        heap.uploads.write(other, patternOf(3, 64));
        throw new RangeError('the file is gone');
      }),
    ).toThrow('the file is gone');
    heap.flush();
    expect(firstDifference(peek(gpu, other), patternOf(3, 64))).toBe(-1);
    expect(peek(gpu, mesh).every((byte) => byte === 0)).toBe(true);
  });
});

describe('a batch whose targets have all gone', () => {
  it('copies nothing, and its room is mapped again', async () => {
    const { gpu, heap } = openUploads();
    const mesh = await allocateReady(gpu, heap, LARGE);
    await work(gpu);
    heap.uploads.write(mesh, patternOf(1, LARGE));
    mesh.free();
    const { copy } = gpu.counts;
    heap.flush();
    expect(heap.uploads.statistics()).toMatchObject({ batchedCount: 1, flushCount: 0 });
    expect(gpu.counts.copy).toBe(copy);
    expect(await whileWorking(gpu, heap.uploads.whenRoom(LARGE))).toBe(true);
    expect(stagingBuffers(gpu)).toHaveLength(1);
  });
});

describe('staging that the device does not give', () => {
  it('is told, whatever the device throws', async () => {
    const { gpu, heap } = openUploads();
    const { backend } = heap;
    const create = backend.createBuffer.bind(backend);
    backend.createBuffer = () => {
      throw new RangeError('no such thing');
    };
    await expect(heap.uploads.whenRoom(64 * KIBI)).rejects.toThrow('no such thing');
    backend.createBuffer = create;
    expect(codeOf(() => heap.allocate({ size: 64, usage: VERTEX }))).toBe('none');
    expect(gpu.errors).toEqual([]);
  });
});

describe('a staging chunk of which little is mapped', () => {
  it('is unmapped and mapped again when more is asked for, and no other is made', async () => {
    const { gpu, heap } = openUploads();
    const mesh = heap.allocate({ size: LARGE, usage: VERTEX });
    expect(await whileWorking(gpu, heap.uploads.whenRoom(4 * KIBI))).toBe(true);
    const before = stagingBuffers(gpu);
    const { map, unmap } = gpu.counts;
    expect(await whileWorking(gpu, heap.uploads.whenRoom(LARGE))).toBe(true);
    expect(stagingBuffers(gpu)).toEqual(before);
    expect([gpu.counts.map - map, gpu.counts.unmap - unmap]).toEqual([1, 1]);
    heap.uploads.write(mesh, patternOf(6, LARGE));
    heap.flush();
    expect(heap.uploads.statistics()).toMatchObject({ batchedCount: 1, failedMapCount: 0 });
    expect(firstDifference(peek(gpu, mesh), patternOf(6, LARGE))).toBe(-1);
  });
});

describe('a staging chunk that fails', () => {
  const MEBI = 1024 * KIBI;

  it('goes when it can not be unmapped, and another comes when room is asked for again', async () => {
    const { gpu, heap } = openUploads();
    expect(await whileWorking(gpu, heap.uploads.whenRoom(4 * KIBI))).toBe(true);
    const [first] = stagingBuffers(gpu);
    // Mapped are 64 KiB of it: for more it is unmapped first.
    gpu.faults.failAtCall(gpu.counts.unmap + 1, { kind: 'unmap' });
    expect(await whileWorking(gpu, heap.uploads.whenRoom(LARGE))).toBe(false);
    expect(stagingBuffers(gpu)).not.toContain(first);
    expect(heap.uploads.statistics().failedMapCount).toBe(1);
    expect(await whileWorking(gpu, heap.uploads.whenRoom(LARGE))).toBe(true);
    expect(stagingBuffers(gpu)).toHaveLength(1);
  });

  it('stays when it can not be destroyed to make room, and goes the next time', async () => {
    const { gpu, heap } = openUploads({ uploadBytes: MEBI });
    expect(await whileWorking(gpu, heap.uploads.whenRoom(4 * KIBI))).toBe(true);
    const before = stagingBuffers(gpu);
    gpu.faults.failAtCall(gpu.counts.destroyBuffer + 1, { kind: 'destroyBuffer' });
    expect(await whileWorking(gpu, heap.uploads.whenRoom(MEBI))).toBe(false);
    expect(stagingBuffers(gpu)).toEqual(before);
    expect(await whileWorking(gpu, heap.uploads.whenRoom(MEBI))).toBe(true);
    expect(stagingBuffers(gpu).map(({ sizeBytes }) => sizeBytes)).toEqual([MEBI]);
  });

  it('serves nobody until it is mapped again, when it was too large to be kept', async () => {
    const { gpu, heap } = openUploads();
    const mesh = await allocateReady(gpu, heap, MEBI, MEBI);
    gpu.faults.failAtCall(gpu.counts.destroyBuffer + 1, { kind: 'destroyBuffer' });
    expect(await whileWorking(gpu, heap.uploads.whenRoom(MEBI))).toBe(true);
    for (const seed of [1, 2]) {
      heap.uploads.write(mesh, patternOf(seed, MEBI));
      heap.flush();
      expect(await whileWorking(gpu, heap.uploads.whenRoom(MEBI))).toBe(true);
      expect(firstDifference(peek(gpu, mesh), patternOf(seed, MEBI))).toBe(-1);
    }
    expect(heap.uploads.statistics()).toMatchObject({ batchedCount: 2, crowdedCount: 0, failedMapCount: 0 });
    heap.trim();
    expect(stagingBuffers(gpu)).toEqual([]);
  });

  it('is refused with an error of ours, whatever the map throws', async () => {
    const { gpu, heap } = openUploads();
    const { backend } = heap;
    const map = backend.map.bind(backend);
    backend.map = () => Promise.reject(new RangeError('the driver said no'));
    expect(await whileWorking(gpu, heap.uploads.whenRoom(LARGE))).toBe(false);
    expect(heap.uploads.statistics().failedMapCount).toBe(3);
    expect(stagingBuffers(gpu)).toEqual([]);
    backend.map = map;
    expect(await whileWorking(gpu, heap.uploads.whenRoom(LARGE))).toBe(true);
  });

  it('is gone already when its heap ends before the map that can not be', async () => {
    const { gpu, heap } = openUploads({}, { settleWhen: 'manual' });
    gpu.faults.refuseCreation({ every: true, when: 'late' });
    const wait = heap.uploads.whenRoom(LARGE);
    expect(stagingBuffers(gpu)).toHaveLength(1);
    // What the device says of the buffer, and not yet what comes of the map.
    gpu.settle(1);
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    heap.dispose();
    await expect(wait).rejects.toMatchObject({ code: 'disposed' });
    expect(gpu.buffers.size).toBe(0);
    expect(gpu.counts.destroyBuffer).toBe(1);
  });
});
