import { describe, expect, it } from 'vitest';
import { BufferUsage } from '../../src/index.ts';
import { codeOf } from '../code-of.ts';
import { firstDifference, patternOf } from '../heap/open-heap.ts';
import {
  allocateReady,
  LARGE,
  MANY,
  openUploads,
  peek,
  stagingBuffers,
  whileWorking,
  work,
} from './upload-scene.ts';

const { COPY_DST, VERTEX } = BufferUsage;

describe('uploads', () => {
  it('reach the GPU together, in one copy, when the heap is flushed', async () => {
    const { gpu, heap } = openUploads();
    const meshes = [
      await allocateReady(gpu, heap, LARGE),
      await allocateReady(gpu, heap, LARGE),
      await allocateReady(gpu, heap, LARGE),
    ];
    const frame = async (seed: number): Promise<void> => {
      for (const [k, mesh] of meshes.entries()) heap.uploads.write(mesh, patternOf(seed + k, LARGE));
      heap.flush();
      heap.endFrame();
      await work(gpu);
    };
    for (let k = 0; k < 3; k++) await frame(9 * k);
    const { copy, write } = gpu.counts;
    const { directCount, crowdedCount } = heap.uploads.statistics();
    for (const [k, mesh] of meshes.entries()) heap.uploads.write(mesh, patternOf(k, LARGE));
    for (const [k, mesh] of meshes.entries()) {
      expect(firstDifference(peek(gpu, mesh), patternOf(18 + k, LARGE))).toBe(-1);
    }
    heap.flush();
    expect([gpu.counts.copy - copy, gpu.counts.write - write]).toEqual([1, 0]);
    expect(heap.uploads.statistics()).toMatchObject({ directCount, crowdedCount, failedMapCount: 0 });
    for (const [k, mesh] of meshes.entries()) {
      expect(firstDifference(peek(gpu, mesh), patternOf(k, LARGE))).toBe(-1);
    }
    heap.dispose();
    expect(gpu.buffers.size).toBe(0);
  });

  it('are written directly as long as nothing is mapped, and nothing waits', () => {
    const { gpu, heap } = openUploads();
    const mesh = heap.allocate({ size: LARGE, usage: VERTEX });
    heap.uploads.write(mesh, patternOf(1, LARGE));
    expect(firstDifference(peek(gpu, mesh), patternOf(1, LARGE))).toBe(-1);
    expect(heap.uploads.statistics()).toMatchObject({
      crowdedCount: 1,
      crowdedBytes: LARGE,
      batchedCount: 0,
    });
  });

  it('are written directly where they are few and small, and gathered where they are many', async () => {
    const { gpu, heap } = openUploads();
    const slots = await allocateReady(gpu, heap, 8192);
    heap.endFrame();
    for (let k = 0; k < MANY - 1; k++) heap.uploads.write(slots, patternOf(k, 64), k * 64);
    expect(heap.uploads.statistics()).toMatchObject({ directCount: MANY - 1, batchedCount: 0 });
    expect(stagingBuffers(gpu).length).toBe(1);
    for (let k = 0; k < MANY; k++) heap.uploads.write(slots, patternOf(k, 64), k * 64);
    await work(gpu);
    for (let frame = 0; frame < 3; frame++) {
      for (let k = 0; k < 2 * MANY; k++) heap.uploads.write(slots, patternOf(k + frame, 64), k * 64);
      heap.flush();
      heap.endFrame();
      await work(gpu);
    }
    expect(heap.uploads.statistics().batchedCount).toBeGreaterThanOrEqual(6 * MANY);
    for (let k = 0; k < 2 * MANY; k++) {
      const slot = peek(gpu, slots).subarray(k * 64, k * 64 + 64);
      expect(firstDifference(slot, patternOf(k + 2, 64))).toBe(-1);
    }
  });

  it('side by side become one region', async () => {
    const { gpu, heap } = openUploads();
    const block = await allocateReady(gpu, heap, LARGE);
    heap.flush();
    for (let k = 0; k < MANY; k++) heap.uploads.write(block, new Uint8Array(4), k * 4);
    heap.flush();
    heap.endFrame();
    await work(gpu);
    for (let k = 0; k < 4; k++) heap.uploads.write(block, patternOf(k, 1000), k * 1000);
    heap.uploads.write(block, patternOf(9, 8), 8000);
    heap.flush();
    const regions = gpu.calls.findLast(({ kind }) => kind === 'copy')?.details['regions'] as {
      size: number;
    }[];
    expect(regions.map(({ size }) => size)).toEqual([4000, 8]);
    expect(firstDifference(peek(gpu, block).subarray(1000, 2000), patternOf(1, 1000))).toBe(-1);
  });

  it('come from any memory, and from a callback that writes in place', async () => {
    const { gpu, heap } = openUploads();
    const mesh = await allocateReady(gpu, heap, LARGE);
    heap.uploads.write(mesh, new Uint8Array(LARGE));
    const shared = new SharedArrayBuffer(8);
    new Uint8Array(shared).fill(7);
    heap.uploads.write(mesh, Float32Array.of(1, 2), 0);
    heap.uploads.write(mesh, Uint8Array.of(5, 5, 5, 5).buffer, 8);
    heap.uploads.write(mesh, shared, 12);
    heap.uploads.write(mesh, new DataView(new Uint8Array([9, 9, 8, 8, 8, 8]).buffer, 2), 20);
    let given: Uint8Array | undefined;
    heap.uploads.writeInPlace(
      mesh,
      8,
      (bytes) => {
        given = bytes;
        bytes.fill(3);
      },
      24,
    );
    heap.flush();
    expect(given?.byteLength).toBe(0);
    const expected = [0, 0, 128, 63, 0, 0, 0, 64, 5, 5, 5, 5, 7, 7, 7, 7, 7, 7, 7, 7, 8, 8, 8, 8];
    expect([...peek(gpu, mesh).subarray(0, 36)]).toEqual([...expected, ...Array(8).fill(3), 0, 0, 0, 0]);
    expect(heap.uploads.statistics()).toMatchObject({ batchedCount: 6, batchedBytes: LARGE + 32 });
  });

  it('of odd length end with zeros in what is reserved, and touch nothing else', async () => {
    const { gpu, heap } = openUploads();
    const before = await allocateReady(gpu, heap, LARGE + 5);
    const after = heap.allocate({ size: 16, usage: VERTEX });
    after.write(new Uint8Array(16).fill(1));
    heap.uploads.write(before, new Uint8Array(LARGE + 5).fill(2));
    heap.flush();
    expect(peek(gpu, before).every((byte) => byte === 2)).toBe(true);
    const { buffer, offset } = before;
    expect([...gpu.peek(buffer, offset + LARGE + 4, 4)]).toEqual([2, 0, 0, 0]);
    expect(peek(gpu, after).every((byte) => byte === 1)).toBe(true);
  });

  it('keep what the callback leaves when it throws, frees or shortens', async () => {
    const { gpu, heap } = openUploads();
    const mesh = await allocateReady(gpu, heap, LARGE);
    const other = await allocateReady(gpu, heap, LARGE);
    mesh.write(patternOf(1, LARGE));
    const statistics = heap.uploads.statistics();
    const failing = () => {
      throw new RangeError('no');
    };
    expect(() => heap.uploads.writeInPlace(mesh, LARGE, failing)).toThrow(RangeError);
    const asyncFill = async (): Promise<void> => {};
    expect(codeOf(() => heap.uploads.writeInPlace(mesh, LARGE, asyncFill))).toBe('bad-argument');
    expect(codeOf(() => heap.uploads.writeInPlace(other, LARGE, () => other.resize(4)))).toBe(
      'out-of-bounds',
    );
    expect(codeOf(() => heap.uploads.writeInPlace(other, 4, failing as () => void, 4))).toBe('out-of-bounds');
    expect(codeOf(() => heap.uploads.writeInPlace(mesh, LARGE, () => heap.flush()))).toBe('mapped-buffer');
    expect(heap.uploads.statistics()).toEqual(statistics);
    heap.uploads.writeInPlace(other, 4, (bytes) => bytes.fill(9));
    heap.flush();
    expect(firstDifference(peek(gpu, mesh), patternOf(1, LARGE))).toBe(-1);
    expect([...peek(gpu, other)]).toEqual([9, 9, 9, 9]);
    expect(codeOf(() => heap.uploads.writeInPlace(mesh, LARGE, () => mesh.free()))).toBe('dead-allocation');
    heap.flush();
    expect(gpu.errors).toEqual([]);
  });

  it('refuse bad input, and change nothing', () => {
    const { heap } = openUploads();
    const { heap: otherHeap } = openUploads();
    const mesh = heap.allocate({ size: 64, usage: VERTEX });
    const foreign = otherHeap.allocate({ size: 64, usage: VERTEX });
    const dead = heap.allocate({ size: 64, usage: VERTEX });
    dead.free();
    const { uploads } = heap;
    const fill = () => {};
    const refusals: [string, () => unknown][] = [
      ['bad-data', () => uploads.write(mesh, [1] as never)],
      ['foreign-object', () => uploads.write(foreign as never, new Uint8Array(4))],
      ['foreign-object', () => uploads.write(undefined as never, new Uint8Array(4))],
      ['dead-allocation', () => uploads.write(dead, new Uint8Array(4))],
      ['bad-offset', () => uploads.write(mesh, new Uint8Array(4), -4)],
      ['misaligned', () => uploads.write(mesh, new Uint8Array(4), 2)],
      ['misaligned', () => uploads.write(mesh, new Uint8Array(5))],
      ['out-of-bounds', () => uploads.write(mesh, new Uint8Array(68))],
      ['bad-argument', () => uploads.writeInPlace(mesh, 4, undefined as never)],
      ['bad-size', () => uploads.writeInPlace(mesh, Number.NaN, fill)],
      ['out-of-bounds', () => uploads.writeInPlace(mesh, 68, fill)],
      ['bad-size', () => uploads.tryStage(0)],
      ['bad-alignment', () => uploads.tryStage(4, 6)],
      ['bad-alignment', () => uploads.tryStage(4, 0)],
      ['bad-size', () => void uploads.whenRoom(0.5)],
      ['bad-argument', () => void uploads.whenRoom(4, 'read' as never)],
    ];
    const before = JSON.stringify([heap.snapshot(), uploads.statistics()]);
    for (const [code, call] of refusals) expect(codeOf(call)).toBe(code);
    expect(JSON.stringify([heap.snapshot(), uploads.statistics()])).toBe(before);
    heap.dispose();
    expect(codeOf(() => uploads.write(mesh, new Uint8Array(4)))).toBe('disposed');
    expect(codeOf(() => uploads.tryStage(4))).toBe('disposed');
    expect(codeOf(() => heap.flush())).toBe('disposed');
  });

  it('for what the CPU reads go directly', async () => {
    const { gpu, heap } = openUploads();
    await allocateReady(gpu, heap, LARGE);
    const target = heap.allocate({ size: LARGE, usage: COPY_DST, location: 'readback' });
    await work(gpu);
    heap.uploads.write(target, patternOf(3, LARGE));
    heap.uploads.write(target, patternOf(4, LARGE));
    const read = target.read();
    gpu.completeAll();
    expect(firstDifference(await read, patternOf(4, LARGE))).toBe(-1);
    expect(heap.uploads.statistics()).toMatchObject({ batchedCount: 0, crowdedCount: 2 });
  });
});

describe('the order of uploads', () => {
  it('is that of the calls, whatever the way each write goes', async () => {
    const { gpu, heap } = openUploads();
    const mesh = await allocateReady(gpu, heap, LARGE);
    heap.uploads.write(mesh, new Uint8Array(LARGE).fill(1));
    mesh.write(new Uint8Array(8).fill(2));
    expect([...peek(gpu, mesh).subarray(0, 12)]).toEqual([2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1]);
    await work(gpu);
    heap.uploads.write(mesh, new Uint8Array(LARGE).fill(3));
    heap.uploads.write(mesh, new Uint8Array(4).fill(4), 4);
    heap.uploads.write(mesh, new Uint8Array(4).fill(5), 8);
    heap.flush();
    expect([...peek(gpu, mesh).subarray(0, 16)]).toEqual([3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 3, 3, 3, 3]);
  });

  it('leaves writes to others alone', async () => {
    const { gpu, heap } = openUploads();
    const mesh = await allocateReady(gpu, heap, LARGE);
    const camera = heap.allocate({ size: 64, usage: VERTEX });
    heap.uploads.write(mesh, new Uint8Array(LARGE).fill(1));
    const copies = gpu.counts.copy;
    camera.write(new Uint8Array(64).fill(2));
    expect(gpu.counts.copy).toBe(copies);
    expect([peek(gpu, mesh)[0], peek(gpu, camera)[0]]).toEqual([0, 2]);
    heap.uploads.write(camera, new Uint8Array(4).fill(3));
    expect(gpu.counts.copy).toBe(copies);
    heap.flush();
    expect([...peek(gpu, camera).subarray(0, 5)]).toEqual([3, 3, 3, 3, 2]);
  });

  it('knows the members of a block for parts of it', async () => {
    const { gpu, heap } = openUploads();
    await allocateReady(gpu, heap, LARGE);
    const block = heap.allocateBlock([
      { size: LARGE, usage: VERTEX },
      { size: 64, usage: VERTEX },
    ]);
    const [vertices] = block.members!;
    heap.uploads.write(vertices!, new Uint8Array(LARGE).fill(1));
    block.write(new Uint8Array(4).fill(2));
    expect([...peek(gpu, block).subarray(0, 8)]).toEqual([2, 2, 2, 2, 1, 1, 1, 1]);
  });

  it('puts them before the reads, copies, moves and boundaries of the heap', async () => {
    const { gpu, heap } = openUploads();
    const mesh = await allocateReady(gpu, heap, LARGE);
    const copy = heap.allocate({ size: LARGE, usage: VERTEX });
    const acts: (() => unknown)[] = [
      () => mesh.read(),
      () => heap.readMany([{ allocation: mesh }]),
      () => heap.copy(mesh, 0, copy, 0, LARGE),
      () => mesh.resize(40 * LARGE),
      () => heap.submitted(),
      () => heap.endFrame(),
    ];
    for (const [k, act] of acts.entries()) {
      expect(await whileWorking(gpu, heap.uploads.whenRoom(LARGE))).toBe(true);
      const batched = heap.uploads.statistics().batchedCount;
      heap.uploads.write(mesh, patternOf(k, LARGE));
      // Whatever it does, the bytes were taken by the belt, and are there afterwards.
      const done = act();
      gpu.completeAll();
      await done;
      await work(gpu);
      expect(heap.uploads.statistics().batchedCount).toBe(batched + 1);
      expect(firstDifference(peek(gpu, mesh).subarray(0, LARGE), patternOf(k, LARGE))).toBe(-1);
      if (k === 2) expect(firstDifference(peek(gpu, copy), patternOf(k, LARGE))).toBe(-1);
    }
  });

  it('shows encoders the old bytes before a flush, and the new ones after it', async () => {
    const { gpu, heap } = openUploads();
    const mesh = await allocateReady(gpu, heap, LARGE);
    heap.uploads.write(mesh, new Uint8Array(LARGE).fill(1));
    const early = gpu.recordEncoder();
    const seenEarly = early.read(mesh.buffer, mesh.offset, 4);
    early.submit();
    heap.flush();
    const late = gpu.recordEncoder();
    const seenLate = late.read(mesh.buffer, mesh.offset, 4);
    late.submit();
    gpu.completeAll();
    expect([[...seenEarly.bytes!], [...seenLate.bytes!]]).toEqual([
      [0, 0, 0, 0],
      [1, 1, 1, 1],
    ]);
  });

  it('gives nothing to whoever owns the range next', async () => {
    const { gpu, heap } = openUploads();
    const mesh = await allocateReady(gpu, heap, LARGE);
    const gone = await allocateReady(gpu, heap, LARGE);
    heap.uploads.write(mesh, new Uint8Array(LARGE).fill(1));
    heap.uploads.write(gone, new Uint8Array(LARGE).fill(1));
    gone.free();
    mesh.resize(LARGE / 2);
    const copied = heap.statistics().copiedBytes;
    heap.flush();
    expect(heap.statistics().copiedBytes - copied).toBe(LARGE / 2);
    expect(peek(gpu, mesh).every((byte) => byte === 1)).toBe(true);
  });

  it('is not spoilt by a buffer that the device refuses in the end', async () => {
    const { gpu, heap } = openUploads({ chunkBytes: 65_536, dedicatedBytes: 100_000 }, { recordCalls: true });
    const good = await allocateReady(gpu, heap, LARGE);
    gpu.faults.refuseCreation({ atCall: gpu.counts.createBuffer + 1 });
    const bad = heap.allocate({ size: LARGE, usage: VERTEX });
    heap.uploads.write(good, patternOf(5, LARGE));
    heap.uploads.write(bad, patternOf(6, LARGE));
    heap.flush();
    expect(firstDifference(peek(gpu, good), patternOf(5, LARGE))).toBe(-1);
    await work(gpu);
    expect(codeOf(() => heap.uploads.write(bad, new Uint8Array(4)))).toBe('refused-by-device');
  });
});
