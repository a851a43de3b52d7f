import { describe, expect, it } from 'vitest';
import { BufferUsage } from '../../src/index.ts';
import { codeOf } from '../code-of.ts';
import { firstDifference, patternOf } from '../heap/open-heap.ts';
import {
  allocateReady,
  KIBI,
  LARGE,
  MANY,
  nextTurn,
  openUploads,
  peek,
  stagingBuffers,
  whileWorking,
  work,
} from './upload-scene.ts';

const { STORAGE, VERTEX } = BufferUsage;
const MEBI = 1024 * KIBI;

describe('the limits of uploads', () => {
  it('are never passed, and what does not fit is written directly', async () => {
    const { gpu, heap } = openUploads({ uploadBytes: 1024 * KIBI });
    const mesh = await allocateReady(gpu, heap, 128 * KIBI, 128 * KIBI);
    const held = () => stagingBuffers(gpu).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const patterns = Array.from({ length: 8 }, (_, k) => patternOf(k, 64 * KIBI));
    for (let frame = 0; frame < 20; frame++) {
      for (let k = 0; k < 4 * MANY; k++) {
        heap.uploads.write(mesh, patterns[(frame + k) % 8]!, (k % 2) * 64 * KIBI);
        expect(held()).toBeLessThanOrEqual(1024 * KIBI);
      }
      heap.flush();
      heap.endFrame();
      // The GPU is slow, and never done with everything.
      gpu.completeUpTo(Math.max(0, gpu.signalledSerial - 3));
      await nextTurn();
    }
    expect(stagingBuffers(gpu).length).toBe(8);
    const { batchedCount, crowdedCount, directCount } = heap.uploads.statistics();
    expect(batchedCount).toBeGreaterThan(50);
    expect(crowdedCount).toBeGreaterThan(100);
    expect(batchedCount + crowdedCount + directCount).toBe(20 * 4 * MANY);
    expect(firstDifference(peek(gpu, mesh).subarray(64 * KIBI), patterns[(19 + 67) % 8]!)).toBe(-1);
  });

  it('can be none at all', async () => {
    const { gpu, heap } = openUploads({ uploadBytes: 0 });
    const mesh = heap.allocate({ size: LARGE, usage: VERTEX });
    heap.uploads.write(mesh, patternOf(1, LARGE));
    expect(await whileWorking(gpu, heap.uploads.whenRoom(4))).toBe(false);
    expect(heap.uploads.tryStage(4)).toBeUndefined();
    expect(stagingBuffers(gpu).length).toBe(0);
    expect(firstDifference(peek(gpu, mesh), patternOf(1, LARGE))).toBe(-1);
    for (const [name, value] of [
      ['uploadBytes', -1],
      ['uploadBytes', 0.5],
      ['uploadBytes', Number.POSITIVE_INFINITY],
      ['readbackBytes', 0],
      ['readbackBytes', Number.NaN],
    ] as const) {
      expect(codeOf(() => openUploads({ [name]: value }))).toBe('bad-size');
    }
  });

  it('give way when an allocation needs the memory', async () => {
    const { gpu, heap } = openUploads({ budgetBytes: 2 * MEBI, uploadBytes: MEBI, chunkBytes: 64 * KIBI });
    await allocateReady(gpu, heap, 4 * KIBI, 64 * KIBI);
    heap.endFrame();
    expect(await whileWorking(gpu, heap.uploads.whenRoom(MEBI))).toBe(true);
    const rest = 2 * MEBI - 64 * KIBI;
    expect(heap.canAllocate({ size: rest, usage: STORAGE })).toBe(true);
    const large = heap.allocate({ size: rest, usage: STORAGE });
    expect(stagingBuffers(gpu).length).toBe(0);
    // Nothing is left for staging, and the writes find their way.
    large.write(new Uint8Array(rest).fill(1));
    heap.uploads.write(large, new Uint8Array(LARGE).fill(2));
    expect(await whileWorking(gpu, heap.uploads.whenRoom(LARGE))).toBe(false);
    heap.flush();
    expect([peek(gpu, large)[0], peek(gpu, large)[LARGE]]).toEqual([2, 1]);
    expect(gpu.heldBytes).toBe(2 * MEBI);
  });

  it('map no more than the batches ask for', async () => {
    const { gpu, heap } = openUploads({ uploadBytes: 32 * MEBI });
    const slots = await allocateReady(gpu, heap, 4 * KIBI, 4 * KIBI);
    const frame = async (size: number): Promise<void> => {
      for (let k = 0; k < 2 * MANY; k++) heap.uploads.write(slots, new Uint8Array(size));
      heap.flush();
      heap.endFrame();
      await work(gpu);
    };
    const lastMap = () => gpu.calls.findLast(({ kind }) => kind === 'map')?.details['size'];
    for (let k = 0; k < 3; k++) await frame(64);
    expect(lastMap()).toBe(64 * KIBI);
    for (let k = 0; k < 3; k++) await frame(4096);
    expect(lastMap()).toBe(9 * 64 * KIBI);
    const batched = heap.uploads.statistics().batchedCount;
    await frame(4096);
    expect(heap.uploads.statistics().batchedCount).toBe(batched + 2 * MANY);
  });

  it('are an eighth of a small budget by default', async () => {
    const { gpu, heap } = openUploads({ budgetBytes: 8 * MEBI, uploadBytes: undefined as never });
    const mesh = await allocateReady(gpu, heap, LARGE, LARGE / 2);
    for (let k = 0; k < 40; k++) heap.uploads.write(mesh, new Uint8Array(LARGE / 4));
    await work(gpu);
    expect(stagingBuffers(gpu).map(({ sizeBytes }) => sizeBytes)).toEqual(Array(8).fill(MEBI / 8));
  });
});

describe('room for uploads', () => {
  it('is waited for until the GPU is done, and a whole load passes through', async () => {
    const { gpu, heap } = openUploads({ uploadBytes: MEBI });
    const mesh = await allocateReady(gpu, heap, 4 * MEBI, 64 * KIBI);
    const size = 64 * KIBI;
    const pump = (async () => {
      for (let at = 0; at < 4 * MEBI; at += size) {
        expect(await heap.uploads.whenRoom(size)).toBe(true);
        heap.uploads.write(mesh, patternOf(at / size, size), at);
      }
    })();
    let isOver = false;
    void pump.then(() => {
      isOver = true;
    });
    for (let turn = 0; turn < 200 && !isOver; turn++) {
      await work(gpu);
      heap.submitted();
    }
    await pump;
    heap.flush();
    for (let at = 0; at < 4 * MEBI; at += size) {
      expect(firstDifference(peek(gpu, mesh).subarray(at, at + size), patternOf(at / size, size))).toBe(-1);
    }
    expect(heap.uploads.statistics().batchedBytes).toBe(4 * MEBI);
    expect(stagingBuffers(gpu).length).toBeLessThanOrEqual(8);
  });

  it('for more than a chunk holds is a chunk of its own, given back at once', async () => {
    const { gpu, heap } = openUploads();
    const size = 2 * MEBI + 4;
    const mesh = await allocateReady(gpu, heap, size);
    heap.endFrame();
    const buffers = gpu.buffers.size;
    expect(await whileWorking(gpu, heap.uploads.whenRoom(size))).toBe(true);
    expect(gpu.buffers.size).toBe(buffers + 1);
    // Small writes do not take it.
    for (let k = 0; k < 2 * MANY; k++) heap.uploads.write(mesh, new Uint8Array(64));
    heap.flush();
    expect(gpu.buffers.size).toBe(buffers + 1);
    heap.uploads.writeInPlace(mesh, size, (bytes) => bytes.set(patternOf(7, size)));
    expect(heap.uploads.statistics().batchedBytes).toBeGreaterThanOrEqual(size);
    heap.flush();
    expect(gpu.buffers.size).toBe(buffers);
    expect(firstDifference(peek(gpu, mesh), patternOf(7, size))).toBe(-1);
    // Without a wait for room it is written directly, and nothing is made for it.
    heap.uploads.write(mesh, patternOf(8, size));
    await work(gpu);
    expect(gpu.buffers.size).toBe(buffers);
    expect(firstDifference(peek(gpu, mesh), patternOf(8, size))).toBe(-1);
  });

  it('takes the place of chunks that nobody needs, and is refused beyond what may be held', async () => {
    const { gpu, heap } = openUploads();
    expect(await whileWorking(gpu, heap.uploads.whenRoom(4096 * KIBI))).toBe(true);
    expect(await whileWorking(gpu, heap.uploads.whenRoom(LARGE))).toBe(true);
    expect(stagingBuffers(gpu).map(({ sizeBytes }) => sizeBytes)).toEqual([512 * KIBI]);
    expect(await whileWorking(gpu, heap.uploads.whenRoom(4096 * KIBI))).toBe(true);
    expect(stagingBuffers(gpu).map(({ sizeBytes }) => sizeBytes)).toEqual([4096 * KIBI]);
    expect(await whileWorking(gpu, heap.uploads.whenRoom(4096 * KIBI + 1))).toBe(false);
    expect(await whileWorking(gpu, heap.uploads.whenRoom(2 ** 52))).toBe(false);
  });

  it('makes do with the budget, if idle chunks are all that is in its way', async () => {
    const { gpu, heap } = openUploads({ budgetBytes: 2 * MEBI, chunkBytes: 64 * KIBI });
    await allocateReady(gpu, heap, 4 * KIBI);
    expect(await whileWorking(gpu, heap.uploads.whenRoom(2 * MEBI))).toBe(false);
    expect(stagingBuffers(gpu).length).toBe(1);
    const size = 2 * MEBI - 64 * KIBI;
    expect(await whileWorking(gpu, heap.uploads.whenRoom(size))).toBe(true);
    expect(stagingBuffers(gpu).map(({ sizeBytes }) => sizeBytes)).toEqual([size]);
  });

  it('stays when other chunks are made', async () => {
    const { gpu, heap } = openUploads({ chunkBytes: 64 * KIBI });
    await allocateReady(gpu, heap, 4 * KIBI);
    const [staging] = stagingBuffers(gpu);
    for (let k = 0; k < 40; k++) heap.allocate({ size: 40 * KIBI, usage: VERTEX });
    expect(stagingBuffers(gpu)).toEqual([staging]);
  });

  it('goes when it is not needed for sixty frames, or when it is trimmed', async () => {
    const { gpu, heap } = openUploads();
    await allocateReady(gpu, heap, LARGE);
    heap.flush();
    await work(gpu);
    for (let frame = 0; frame < 59; frame++) heap.endFrame();
    expect(stagingBuffers(gpu).length).toBe(1);
    heap.endFrame();
    expect(stagingBuffers(gpu).length).toBe(0);
    expect(await whileWorking(gpu, heap.uploads.whenRoom(LARGE))).toBe(true);
    expect(stagingBuffers(gpu).length).toBe(1);
    expect(heap.trim()).toBeGreaterThanOrEqual(512 * KIBI);
    expect(stagingBuffers(gpu).length).toBe(0);
    expect(await whileWorking(gpu, heap.uploads.whenRoom(LARGE))).toBe(true);
  });
});

describe('staged bytes', () => {
  it('are filled in place and copied from by encoders of the application', async () => {
    const { gpu, heap } = openUploads();
    const target = await allocateReady(gpu, heap, KIBI);
    expect(await whileWorking(gpu, heap.uploads.whenRoom(KIBI, 'stage'))).toBe(true);
    const one = heap.uploads.tryStage(100)!;
    const two = heap.uploads.tryStage(512, 256)!;
    expect([one.size, one.offset, two.offset, two.buffer === one.buffer]).toEqual([100, 0, 256, true]);
    one.bytes.fill(1);
    // Neither reads nor boundaries of the heap end them.
    const read = target.read();
    heap.endFrame();
    gpu.completeAll();
    await read;
    two.bytes.fill(2);
    heap.flush();
    expect([one.bytes.length, two.bytes.length]).toEqual([0, 0]);
    const encoder = gpu.recordEncoder();
    const seen = [encoder.read(one.buffer, one.offset, 4), encoder.read(two.buffer, two.offset + 508, 4)];
    encoder.submit();
    // What is staged next lies elsewhere as long as the encoder may not have been submitted.
    expect(await whileWorking(gpu, heap.uploads.whenRoom(KIBI, 'stage'))).toBe(true);
    expect(heap.uploads.tryStage(4)!.buffer).not.toBe(one.buffer);
    heap.endFrame();
    await work(gpu);
    expect(seen.map(({ bytes }) => [...bytes!])).toEqual([
      [1, 1, 1, 1],
      [2, 2, 2, 2],
    ]);
    expect(gpu.errors).toEqual([]);
    expect(stagingBuffers(gpu).length).toBe(2);
    heap.dispose();
    expect(gpu.buffers.size).toBe(0);
  });

  it('are not to be had before something is mapped, nor beyond the limits', async () => {
    const { gpu, heap } = openUploads();
    expect(heap.uploads.tryStage(64)).toBeUndefined();
    await work(gpu);
    expect(heap.uploads.tryStage(64)?.size).toBe(64);
    expect(heap.uploads.tryStage(5000 * KIBI)).toBeUndefined();
    let count = 0;
    for (let turn = 0; turn < 40; turn++) {
      while (heap.uploads.tryStage(128 * KIBI) !== undefined) count++;
      await work(gpu);
    }
    expect(count).toBe(28);
    expect(stagingBuffers(gpu).length).toBe(8);
  });
});
