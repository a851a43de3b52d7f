/** Books are kept of a buffer that is gone, when its address or number is that of another already. */
import { expect, it } from 'vitest';
import { CountingBackend } from '../../src/backend/counting-backend.ts';
import { type Allocation, BufferUsage, type GpuHeap } from '../../src/index.ts';
import { firstDifference, patternOf } from '../heap/open-heap.ts';
import { openSlots } from './slot-backend.ts';

const { VERTEX } = BufferUsage;
const KIB = 1024;

/** Figures and buffers agree, and every allocation lives in a buffer that is there. */
function expectBooks(heap: GpuHeap<number>, held: number): void {
  const { reservedBytes, createdBufferCount, destroyedBufferCount, chunkCount } = heap.statistics();
  expect(reservedBytes).toBe(held);
  expect(createdBufferCount - destroyedBufferCount).toBe(chunkCount);
  const { chunks } = heap.snapshot();
  expect(chunks.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)).toBe(held);
  for (const { chunkId } of heap.report().allocations) {
    expect(chunks.some(({ id }) => id === chunkId)).toBe(true);
  }
}

it('a number that is given out again is another buffer, with the bytes and the size of its own', async () => {
  const { gpu, backend, heap } = openSlots({ chunkBytes: 64 * KIB }, { autoComplete: true });
  let last: Allocation<number> | undefined;
  for (let round = 1; round <= 8; round++) {
    last?.free();
    heap.endFrame();
    last = heap.allocate({ size: round * 68 * KIB, usage: VERTEX });
    expect(last.buffer).toBe(0);
    expect(backend.bufferIn(0).sizeBytes).toBe(round * 68 * KIB);
    last.write(patternOf(round, 1000), 8);
    expectBooks(heap, gpu.heldBytes);
  }
  expect(firstDifference((await last?.read(8, 1000)) ?? new Uint8Array(0), patternOf(8, 1000))).toBe(-1);
  heap.dispose();
  expect(gpu.buffers.size).toBe(0);
});

it('a late word on a buffer that was destroyed ends nothing that has its number', async () => {
  const { gpu, backend, heap } = openSlots({ chunkBytes: 64 * KIB }, { settleWhen: 'manual' });
  gpu.faults.refuseCreation({ atCall: 1, when: 'late' });
  const request = { size: 80 * KIB, usage: VERTEX };
  heap.allocate(request).free();
  const serial = heap.endFrame();
  gpu.completeUpTo(serial);
  heap.endFrame();
  expect(gpu.buffers.size).toBe(0);
  const mesh = heap.allocate(request);
  expect(mesh.buffer).toBe(0);
  mesh.write(patternOf(1, 1000));
  gpu.settle();
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  gpu.completeAll();
  expect([gpu.buffers.size, gpu.errors]).toEqual([1, []]);
  expect(firstDifference(gpu.peek(backend.bufferIn(0), 0, 1000), patternOf(1, 1000))).toBe(-1);
  expectBooks(heap, gpu.heldBytes);
});

it('the number of a buffer that was adopted may be that of one that is made next', () => {
  const { gpu, backend } = openSlots();
  const counting = new CountingBackend(backend);
  const usage = VERTEX | BufferUsage.COPY_DST;
  for (let round = 1; round <= 3; round++) {
    const theirs = gpu.makeBuffer({ size: 4 * KIB, usage });
    const slot = backend.slotFor(theirs);
    counting.adoptBuffer(slot, { size: 4 * KIB, usage });
    counting.destroyBuffer(slot);
    expect(counting.createBuffer({ size: round * KIB, usage, memoryType: 0 }).buffer).toBe(slot);
    expect([counting.adoptedBytes, counting.bufferBytes]).toEqual([0, round * KIB]);
    counting.destroyBuffer(slot);
    expect([counting.adoptedBytes, counting.bufferBytes]).toEqual([0, 0]);
    expect(counting.destroyedBufferCount).toBe(round);
  }
});

it.each([
  ['of its own', 80 * KIB],
  ['of many', 1 * KIB],
])('what is made while a buffer is destroyed is counted, and lives: a buffer %s', async (_, size) => {
  const { gpu, backend, heap } = openSlots({ chunkBytes: 64 * KIB }, { autoComplete: true });
  const old = Array.from({ length: 3 }, () => heap.allocate({ size: 60 * KIB, usage: VERTEX }));
  for (const each of old) each.free();
  heap.endFrame();
  const made: Allocation<number>[] = [];
  backend.onDestroyed = () => {
    backend.onDestroyed = undefined;
    made.push(heap.allocate({ size, usage: VERTEX }));
  };
  heap.trim();
  const [mesh] = made as [Allocation<number>];
  mesh.write(patternOf(3, 1000));
  expectBooks(heap, gpu.heldBytes);
  expect(firstDifference(await mesh.read(0, 1000), patternOf(3, 1000))).toBe(-1);
  mesh.free();
  heap.endFrame();
  heap.trim();
  expectBooks(heap, gpu.heldBytes);
  heap.dispose();
  expect(heap.statistics().reservedBytes).toBe(0);
  expect(gpu.buffers.size).toBe(0);
});

it('memory that is short while a buffer is destroyed takes the others once', () => {
  const { gpu, backend, heap } = openSlots({ chunkBytes: 64 * KIB, budgetBytes: 192 * KIB });
  const old = Array.from({ length: 3 }, () => heap.allocate({ size: 60 * KIB, usage: VERTEX }));
  const pool = heap.createPool({ name: 'theirs' });
  for (const each of old) each.free();
  gpu.completeUpTo(heap.endFrame());
  heap.endFrame();
  let mesh: Allocation<number> | undefined;
  backend.onDestroyed = () => {
    backend.onDestroyed = undefined;
    mesh = heap.allocate({ size: 128 * KIB, usage: VERTEX, pool });
  };
  heap.trim();
  expect(mesh?.isLive).toBe(true);
  expectBooks(heap, gpu.heldBytes);
  expect(heap.statistics().peakReservedBytes).toBeLessThanOrEqual(192 * KIB);
});

it('a buffer that can not be destroyed is still there, empty, and serves', () => {
  const { gpu, heap } = openSlots({ chunkBytes: 64 * KIB }, { autoComplete: true });
  const request = { size: 1 * KIB, usage: VERTEX };
  heap.allocate(request).free();
  heap.endFrame();
  gpu.faults.failAtCall(gpu.counts.destroyBuffer + 1, { kind: 'destroyBuffer' });
  expect(() => heap.trim()).toThrow();
  expectBooks(heap, gpu.heldBytes);
  const mesh = heap.allocate(request);
  expect(gpu.buffers.size).toBe(1);
  mesh.free();
  heap.endFrame();
  heap.trim();
  expectBooks(heap, 0);
  expect(gpu.buffers.size).toBe(0);
});
