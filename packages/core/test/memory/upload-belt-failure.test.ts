import { describe, expect, it } from 'vitest';
import type { MockBuffer, MockGpu } from '../../../mock/src/index.ts';
import { scale } from '../../../testing/src/scale.ts';
import { type Allocation, BufferUsage, type GpuHeap, GpuMemoryError } from '../../src/index.ts';
import { codeOf } from '../code-of.ts';
import { recountHeap } from '../heap/heap-recount.ts';
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

const { VERTEX } = BufferUsage;
const SIZE = 8 * KIBI;

interface Day {
  readonly gpu: MockGpu;
  readonly heap: GpuHeap<MockBuffer>;
  readonly failures: GpuMemoryError[];
  readonly meshes: { allocation: Allocation<MockBuffer>; bytes: Uint8Array }[];
}

/** A day of uploads; `prepare` plants what fails. It is typed and kept, and the day goes on. */
async function live(prepare: (gpu: MockGpu) => void): Promise<Day> {
  const { gpu, heap } = openUploads({ chunkBytes: 64 * KIBI, uploadBytes: 512 * KIBI });
  prepare(gpu);
  const failures: GpuMemoryError[] = [];
  const meshes: Day['meshes'] = [];
  const attempt = (act: () => void): void => {
    try {
      act();
    } catch (error) {
      if (!(error instanceof GpuMemoryError)) throw error;
      failures.push(error);
    }
  };
  const note = (error: unknown): void => {
    if (!(error instanceof GpuMemoryError)) throw error;
    failures.push(error);
  };
  const waits: Promise<unknown>[] = [];
  for (let frame = 0; frame < 6; frame++) {
    attempt(() => {
      const allocation = heap.allocate({ size: SIZE, usage: VERTEX });
      meshes.push({ allocation, bytes: new Uint8Array(SIZE) });
    });
    for (let k = 0; k < 2 * MANY; k++) {
      const mesh = meshes[k % Math.max(1, meshes.length)];
      if (mesh === undefined) continue;
      const data = patternOf(frame * 31 + k, 64 + 4 * (k % 16));
      const at = (k % 48) * 128;
      attempt(() => {
        if (k % 5 === 0) mesh.allocation.write(data, at);
        else if (k % 5 === 1)
          heap.uploads.writeInPlace(mesh.allocation, data.length, (to) => to.set(data), at);
        else heap.uploads.write(mesh.allocation, data, at);
        mesh.bytes.set(data, at);
      });
    }
    if (frame === 2) waits.push(heap.uploads.whenRoom(200 * KIBI).catch(note));
    if (frame === 3)
      attempt(() => waits.push(heap.readMany(meshes.map(({ allocation }) => ({ allocation }))).catch(note)));
    attempt(() => heap.uploads.tryStage(512)?.bytes.fill(1));
    attempt(() => heap.flush());
    attempt(() => void heap.endFrame());
    await nextTurn();
    gpu.completeAll();
    await nextTurn();
  }
  for (let turn = 0; turn < 3; turn++) {
    gpu.completeAll();
    await nextTurn();
  }
  await Promise.all(waits);
  return { gpu, heap, failures, meshes };
}

async function countCalls(): Promise<number> {
  const { gpu, heap, failures } = await live(() => {});
  expect(failures).toEqual([]);
  const { batchedCount, failedMapCount } = heap.uploads.statistics();
  expect(batchedCount).toBeGreaterThan(50);
  expect(failedMapCount).toBe(0);
  return gpu.callCount;
}

/** What was written with success is there, nothing is leaked, and the heap goes on. */
function expectWhole({ gpu, heap, meshes }: Day): void {
  gpu.faults.clear();
  heap.flush();
  heap.endFrame();
  for (const { allocation, bytes } of meshes) {
    let there: Uint8Array;
    try {
      there = peek(gpu, allocation);
    } catch (error) {
      // The device has refused this very buffer.
      if (error instanceof GpuMemoryError) continue;
      throw error;
    }
    expect(firstDifference(there, bytes)).toBe(-1);
  }
  expect(gpu.errors).toEqual([]);
  expect(recountHeap(heap, gpu)).toEqual([]);
  expect(heap.allocate({ size: 5000, usage: VERTEX }).isLive).toBe(true);
  heap.dispose();
  expect(gpu.buffers.size).toBe(0);
}

describe('uploads under failure', () => {
  it('lose no byte when any one call to the backend fails', async () => {
    const calls = await countCalls();
    for (let call = 1; call <= calls; call += scale(3, 1)) {
      expectWhole(await live((gpu) => gpu.faults.failAtCall(call)));
    }
  });

  it('lose no byte when a map fails, now or late, and go on with other chunks', async () => {
    for (const when of ['now', 'late'] as const) {
      for (let at = 1; at <= 12; at++) {
        const day = await live((gpu) => gpu.faults.failAtCall(at, { kind: 'map', when }));
        const { batchedCount, failedMapCount } = day.heap.uploads.statistics();
        expect(failedMapCount).toBeLessThanOrEqual(1);
        if (at < 4) expect(failedMapCount).toBe(1);
        expect(batchedCount).toBeGreaterThan(20);
        expect(day.failures).toEqual([]);
        expectWhole(day);
      }
    }
  });

  it('lose no byte when a buffer is refused, now or late', async () => {
    for (const when of ['now', 'late'] as const) {
      for (let at = 1; at <= 8; at++) {
        expectWhole(await live((gpu) => gpu.faults.refuseCreation({ atCall: at, when })));
      }
    }
  });

  it('settle everything when the device is lost, at whatever call', async () => {
    const calls = await countCalls();
    for (let call = 1; call <= calls; call += scale(3, 1)) {
      const { gpu, heap, failures } = await live((made) => made.faults.loseAtCall(call));
      for (const { code } of failures) expect(['device-lost', 'dead-allocation']).toContain(code);
      expect(heap.endFrame()).toBeGreaterThanOrEqual(0);
      heap.flush();
      await expect(heap.uploads.whenRoom(4)).rejects.toMatchObject({ code: 'device-lost' });
      expect(codeOf(() => heap.uploads.tryStage(4))).toBe('device-lost');
      heap.dispose();
      expect(gpu.buffers.size).toBe(0);
      expect(gpu.openPromiseCount).toBe(0);
    }
  });

  it('take only the chunk out of service whose map failed', async () => {
    const { gpu, heap } = openUploads();
    const mesh = await allocateReady(gpu, heap, LARGE);
    heap.flush();
    const [first] = stagingBuffers(gpu);
    gpu.faults.failAtCall(gpu.counts.map + 1, { kind: 'map', when: 'late' });
    heap.uploads.write(mesh, patternOf(1, LARGE));
    heap.flush();
    gpu.completeAll();
    await nextTurn();
    expect(stagingBuffers(gpu)).not.toContain(first);
    expect(heap.uploads.statistics().failedMapCount).toBe(1);
    expect(await whileWorking(gpu, heap.uploads.whenRoom(LARGE))).toBe(true);
    expect(firstDifference(peek(gpu, mesh), patternOf(1, LARGE))).toBe(-1);
    // Where every map fails there is no room, and that is said.
    heap.trim();
    for (let k = 1; k <= 12; k++) gpu.faults.failAtCall(gpu.counts.map + k, { kind: 'map', when: 'late' });
    expect(await whileWorking(gpu, heap.uploads.whenRoom(LARGE))).toBe(false);
    heap.uploads.write(mesh, patternOf(2, LARGE));
    expect(firstDifference(peek(gpu, mesh), patternOf(2, LARGE))).toBe(-1);
  });

  it('try a copy that failed again with the next flush', async () => {
    const { gpu, heap } = openUploads();
    const mesh = await allocateReady(gpu, heap, LARGE);
    heap.flush();
    gpu.completeAll();
    expect(await whileWorking(gpu, heap.uploads.whenRoom(LARGE))).toBe(true);
    heap.uploads.write(mesh, patternOf(1, LARGE));
    gpu.faults.failAtCall(gpu.counts.copy + 1, { kind: 'copy' });
    expect(codeOf(() => heap.endFrame())).toBe('backend-failed');
    // The chunk is the GPU's already: what is written now goes elsewhere, and comes after.
    mesh.write(new Uint8Array(4).fill(9));
    const expected = patternOf(1, LARGE);
    expected.fill(9, 0, 4);
    expect(firstDifference(peek(gpu, mesh), expected)).toBe(-1);
    expect(gpu.errors).toEqual([]);
  });

  it('end with the heap: who waits is told so', async () => {
    const { gpu, heap } = openUploads();
    const mesh = await allocateReady(gpu, heap, LARGE);
    heap.uploads.write(mesh, patternOf(1, LARGE));
    heap.flush();
    const waits = [heap.uploads.whenRoom(512 * KIBI), heap.uploads.whenRoom(2048 * KIBI)];
    heap.uploads.tryStage(4);
    heap.dispose();
    for (const wait of waits) await expect(wait).rejects.toMatchObject({ code: 'disposed' });
    await nextTurn();
    expect([gpu.buffers.size, gpu.openPromiseCount]).toEqual([0, 0]);
  });

  it('keep nothing of what was being mapped when the device was lost', async () => {
    const { gpu, heap } = openUploads();
    await allocateReady(gpu, heap, LARGE);
    void heap.uploads.tryStage(LARGE);
    const wait = heap.uploads.whenRoom(LARGE, 'write');
    expect(heap.uploads.statistics().comingCount).toBe(1);
    gpu.lose();
    const { gpu: next } = openUploads();
    heap.rebuild(next.backend());
    expect([stagingBuffers(next).length, heap.uploads.statistics().comingCount]).toEqual([0, 0]);
    // Who waited goes on waiting, on the new device.
    expect(await whileWorking(next, wait)).toBe(true);
    expect(heap.uploads.statistics().failedMapCount).toBe(0);
    expect(recountHeap(heap, next)).toEqual([]);
  });

  it('come back with a rebuild: what waited is in the host copy', async () => {
    const { gpu, heap } = openUploads();
    await allocateReady(gpu, heap, LARGE);
    const mesh = heap.allocate({ size: LARGE, usage: VERTEX, hostCopy: true });
    for (let k = 0; k < 3; k++) heap.uploads.tryStage(LARGE);
    await work(gpu);
    heap.uploads.write(mesh, patternOf(3, LARGE));
    heap.uploads.writeInPlace(mesh, 8, (bytes) => bytes.fill(5), 16);
    expect(heap.uploads.statistics().batchedCount).toBe(2);
    gpu.lose();
    const { gpu: next } = openUploads();
    heap.rebuild(next.backend());
    await nextTurn();
    const expected = patternOf(3, LARGE);
    expected.fill(5, 16, 24);
    expect(firstDifference(peek(next, mesh), expected)).toBe(-1);
    expect(await whileWorking(next, heap.uploads.whenRoom(LARGE))).toBe(true);
    heap.uploads.write(mesh, new Uint8Array(4));
    heap.uploads.write(mesh, patternOf(4, LARGE));
    heap.flush();
    expect(firstDifference(peek(next, mesh), patternOf(4, LARGE))).toBe(-1);
    heap.dispose();
    expect(next.buffers.size).toBe(0);
  });
});
