import { describe, expect, it } from 'vitest';
import { type Allocation, BufferUsage, GrowableBuffer } from '../../src/index.ts';
import { openLate } from './late-scene.ts';
import { firstDifference, openHeap, patternOf } from './open-heap.ts';
import { drain, Watched } from './watched.ts';

const { STORAGE, VERTEX } = BufferUsage;
const KIB = 1024;

type Scene = Pick<ReturnType<typeof openHeap>, 'gpu' | 'heap'> & { readonly mesh: Allocation<unknown> };

describe('resizeAsync', () => {
  it('leaves the old memory only for what the device has granted', async () => {
    const { gpu, heap, settle, refuseNext } = openLate();
    const mesh = heap.allocate({ size: 40 * KIB, usage: VERTEX, hostCopy: true });
    mesh.write(patternOf(1, 40 * KIB));
    await settle();
    const { buffer } = mesh;
    refuseNext();
    const moves: number[] = [];
    mesh.on('moved', () => moves.push(mesh.size));
    const resized = new Watched(mesh.resizeAsync(100 * KIB));
    expect([mesh.size, mesh.version, mesh.buffer === buffer]).toEqual([40 * KIB, 0, true]);
    // Written to while it waits.
    mesh.write(patternOf(2, KIB), KIB);
    for (let k = 0; k < 4 && resized.state === 'open'; k++) await settle();
    expect(resized.state).toBe('resolved');
    expect([mesh.size, mesh.version, moves]).toEqual([100 * KIB, 1, [100 * KIB]]);
    expect(gpu.counts.createBuffer).toBeGreaterThan(2);
    const read = mesh.read(0, 40 * KIB);
    await settle();
    const expected = patternOf(1, 40 * KIB);
    expected.set(patternOf(2, KIB), KIB);
    expect(firstDifference(await read, expected)).toBe(-1);
    heap.submitted();
    await settle();
    expect(heap.statistics()).toMatchObject({
      allocationCount: 1,
      pendingBytes: 0,
      requestedBytes: 100 * KIB,
    });
    expect(gpu.errors).toEqual([]);
  });

  it('leaves everything as it was when there is no memory', async () => {
    const { gpu, heap, settle } = openLate();
    const mesh = heap.allocate({ size: 40 * KIB, usage: VERTEX });
    mesh.write(patternOf(1, 40 * KIB));
    await settle();
    const { usedBytes } = heap.statistics();
    gpu.faults.refuseCreation({ every: true, when: 'late' });
    const resized = new Watched(mesh.resizeAsync(100 * KIB));
    for (let k = 0; k < 50 && resized.state === 'open'; k++) await settle();
    expect(resized.error).toMatchObject({ code: 'refused-by-device' });
    expect([mesh.size, mesh.version, heap.statistics().usedBytes]).toEqual([40 * KIB, 0, usedBytes]);
    gpu.faults.clear();
    const read = mesh.read();
    await settle();
    expect(firstDifference(await read, patternOf(1, 40 * KIB))).toBe(-1);
  });

  it('waits for scratch, too, within a chunk', async () => {
    const { heap, settle, refuseNext } = openLate();
    const mesh = heap.allocate({ size: 16 * KIB, usage: STORAGE });
    const wall = heap.allocate({ size: 16, usage: STORAGE });
    mesh.write(patternOf(1, 16 * KIB));
    await settle();
    const { buffer, offset } = mesh;
    refuseNext();
    const resized = new Watched(mesh.resizeAsync(20 * KIB));
    for (let k = 0; k < 4 && resized.state === 'open'; k++) await settle();
    expect(resized.state).toBe('resolved');
    expect([mesh.buffer === buffer, mesh.offset > offset, wall.isLive]).toEqual([true, true, true]);
    const read = mesh.read(0, 16 * KIB);
    await settle();
    expect(firstDifference(await read, patternOf(1, 16 * KIB))).toBe(-1);
    heap.submitted();
    await settle();
    expect(heap.statistics()).toMatchObject({ pendingBytes: 0, usedBytes: 20 * KIB + 16 });
  });

  it('is where it is without a wait, if that is possible, and refuses what resize refuses', async () => {
    const { heap, settle } = openLate();
    const mesh = heap.allocate({ size: 1000, usage: VERTEX });
    await settle();
    await mesh.resizeAsync(2000);
    expect([mesh.size, mesh.version]).toEqual([2000, 0]);
    await expect(mesh.resizeAsync(0)).rejects.toMatchObject({ code: 'bad-size' });
    heap.allocate({ size: 16, usage: VERTEX });
    mesh.pin();
    await expect(mesh.resizeAsync(5000)).rejects.toMatchObject({ code: 'not-movable' });
    const block = heap.allocateBlock([{ size: 16, usage: VERTEX }]);
    await expect(block.resizeAsync(5000)).rejects.toMatchObject({ code: 'part-of-block' });
    await expect(block.members[0].resizeAsync(50)).rejects.toMatchObject({ code: 'part-of-block' });
    mesh.unpin();
    mesh.free();
    await expect(mesh.resizeAsync(50)).rejects.toMatchObject({ code: 'dead-allocation' });
  });

  for (const [what, spoil, code] of [
    ['freed', ({ mesh }) => mesh.free(), 'dead-allocation'],
    ['pinned', ({ mesh }) => mesh.pin(), 'not-movable'],
    ['left without a heap', ({ heap }) => heap.dispose(), 'disposed'],
    ['left without a device', ({ gpu }) => gpu.lose(), 'device-lost'],
  ] satisfies [string, (scene: Scene) => void, string][]) {
    it(`gives back what it has taken when the allocation is ${what} meanwhile`, async () => {
      const { gpu, heap, settle } = openLate();
      const mesh = heap.allocate({ size: 40 * KIB, usage: VERTEX });
      await settle();
      const resized = new Watched(mesh.resizeAsync(100 * KIB));
      spoil({ gpu, heap, mesh });
      for (let k = 0; k < 4; k++) await settle();
      expect(resized.error).toMatchObject({ code });
      if (code === 'disposed') return;
      if (mesh.isLive && mesh.isPinned) mesh.unpin();
      if (mesh.isLive) mesh.free();
      if (code === 'device-lost') heap.rebuild(openHeap().backend);
      heap.endFrame();
      await settle();
      expect(heap.statistics()).toMatchObject({ usedBytes: 0, pendingBytes: 0, allocationCount: 0 });
    });
  }

  it('tries again when it may not go any more where room was made, or is somewhere else', async () => {
    const { gpu, heap, settle } = openLate();
    const mesh = heap.allocate({ size: 40 * KIB, usage: STORAGE });
    const wall = heap.allocate({ size: 16, usage: STORAGE });
    mesh.write(patternOf(1, 40 * KIB));
    await settle();
    const first = new Watched(mesh.resizeAsync(50 * KIB));
    const second = new Watched(mesh.resizeAsync(60 * KIB));
    mesh.resize(63 * KIB);
    mesh.resize(10 * KIB);
    for (let k = 0; k < 6; k++) await settle();
    expect([first.state, second.state]).toEqual(['resolved', 'resolved']);
    expect([50 * KIB, 60 * KIB]).toContain(mesh.size);
    const read = mesh.read(0, 10 * KIB);
    await settle();
    expect(firstDifference(await read, patternOf(1, 10 * KIB))).toBe(-1);
    mesh.free();
    wall.free();
    heap.endFrame();
    await settle();
    expect(heap.statistics()).toMatchObject({ usedBytes: 0, pendingBytes: 0 });
    expect(gpu.errors).toEqual([]);
  });

  it('goes elsewhere when what it must not share a buffer with has come there first', async () => {
    const { heap, settle } = openLate();
    const mesh = heap.allocate({ size: 40 * KIB, usage: VERTEX });
    heap.allocate({ size: 16, usage: VERTEX });
    await settle();
    const resized = new Watched(mesh.resizeAsync(50 * KIB));
    const enemy = heap.allocate({ size: 16, usage: VERTEX, apartFrom: [mesh] });
    expect(enemy.buffer === mesh.buffer).toBe(false);
    for (let k = 0; k < 6 && resized.state === 'open'; k++) await settle();
    expect([resized.state, mesh.size]).toEqual(['resolved', 50 * KIB]);
    expect(enemy.buffer === mesh.buffer).toBe(false);
  });

  it('takes more scratch when it has grown while it waited for some', async () => {
    const { heap, settle } = openLate();
    const mesh = heap.allocate({ size: 16 * KIB, usage: STORAGE });
    const wall = heap.allocate({ size: 16, usage: STORAGE });
    mesh.write(patternOf(1, 16 * KIB));
    await settle();
    const resized = new Watched(mesh.resizeAsync(20 * KIB));
    await drain();
    wall.free();
    heap.submitted();
    mesh.resize(18 * KIB);
    heap.allocate({ size: 16, usage: STORAGE });
    for (let k = 0; k < 6 && resized.state === 'open'; k++) await settle();
    expect([resized.state, mesh.size]).toEqual(['resolved', 20 * KIB]);
    const read = mesh.read(0, 16 * KIB);
    await settle();
    expect(firstDifference(await read, patternOf(1, 16 * KIB))).toBe(-1);
  });

  it('ends with the heap, also while it waits for scratch', async () => {
    const { heap, settle } = openLate();
    const mesh = heap.allocate({ size: 16 * KIB, usage: STORAGE });
    heap.allocate({ size: 16, usage: STORAGE });
    await settle();
    const resized = new Watched(mesh.resizeAsync(20 * KIB));
    await drain();
    heap.dispose();
    await settle();
    expect(resized.error).toMatchObject({ code: 'disposed' });
  });

  it('resizes where it is what is evicted while it waits', async () => {
    const { heap, settle } = openLate();
    const mesh = heap.allocate({ size: 40 * KIB, usage: VERTEX });
    mesh.write(patternOf(1, 40 * KIB));
    heap.endFrame();
    await settle();
    const evicted = new Watched(heap.residency.evict([mesh]));
    const resized = new Watched(mesh.resizeAsync(100 * KIB));
    for (let k = 0; k < 6; k++) await settle();
    expect([evicted.state, resized.state]).toEqual(['resolved', 'resolved']);
    expect(mesh.size).toBe(100 * KIB);
    const read = mesh.read(0, 40 * KIB);
    for (let k = 0; k < 3; k++) await settle();
    expect(firstDifference(await read, patternOf(1, 40 * KIB))).toBe(-1);
  });

  it('resizes where it is what has been evicted meanwhile, and evicts others for it', async () => {
    const { gpu, heap, settle } = openLate({ budgetBytes: 256 * KIB, dedicatedBytes: 64 * KIB });
    const mesh = heap.allocate({ size: 64 * KIB, usage: VERTEX });
    const other = heap.allocate({ size: 100 * KIB, usage: VERTEX, priority: 'low' });
    mesh.write(patternOf(1, 64 * KIB));
    other.write(patternOf(2, 100 * KIB));
    for (let k = 0; k < 3; k++) {
      heap.endFrame();
      await settle();
    }
    const resized = new Watched(mesh.resizeAsync(128 * KIB));
    for (let k = 0; k < 20 && resized.state === 'open'; k++) {
      heap.endFrame();
      await settle();
    }
    expect([resized.state, resized.error]).toEqual(['resolved', undefined]);
    expect([mesh.size, other.isResident]).toEqual([128 * KIB, false]);
    await other.resizeAsync(90 * KIB);
    expect([other.size, other.isResident]).toEqual([90 * KIB, false]);
    const read = mesh.read(0, 64 * KIB);
    await settle();
    expect(firstDifference(await read, patternOf(1, 64 * KIB))).toBe(-1);
    expect(gpu.errors).toEqual([]);
  });
});

describe('reserveAsync of a growable buffer', () => {
  it('has room that the device has granted, from nothing and with bytes', async () => {
    const { gpu, heap, settle, refuseNext } = openLate();
    const points = new GrowableBuffer(heap, { usage: VERTEX });
    for (const capacity of [70 * KIB, 200 * KIB]) {
      refuseNext();
      const reserved = new Watched(points.reserveAsync(capacity));
      for (let k = 0; k < 6 && reserved.state === 'open'; k++) await settle();
      expect([reserved.state, points.capacity]).toEqual(['resolved', capacity]);
      const { createBuffer } = gpu.counts;
      points.append(patternOf(capacity, 60 * KIB));
      expect(gpu.counts.createBuffer).toBe(createBuffer);
    }
    await points.reserveAsync(KIB);
    expect(points.capacity).toBe(200 * KIB);
    await expect(points.reserveAsync(-1)).rejects.toMatchObject({ code: 'bad-size' });
    const read = points.read();
    await settle();
    const bytes = await read;
    expect(firstDifference(bytes.subarray(60 * KIB), patternOf(200 * KIB, 60 * KIB))).toBe(-1);
  });

  it('gives its bytes again after a loss', async () => {
    const { gpu, heap, settle } = openLate();
    const onRestore = () => patternOf(7, 64);
    const points = new GrowableBuffer(heap, { usage: VERTEX, onRestore });
    const reserved = points.reserveAsync(100);
    await settle();
    await reserved;
    points.resize(64);
    gpu.lose();
    const other = openHeap();
    expect(heap.rebuild(other.backend)).toMatchObject({ restoredCount: 1 });
    const read = points.read();
    other.gpu.completeAll();
    await drain();
    expect(firstDifference(await read, patternOf(7, 64))).toBe(-1);
  });

  it('takes no bytes away, and makes nothing of what was freed or given away meanwhile', async () => {
    const { heap, settle } = openLate();
    const points = new GrowableBuffer(heap, { usage: VERTEX, size: 70 * KIB });
    await settle();
    const grown = new Watched(points.reserveAsync(100 * KIB));
    points.reserve(300 * KIB);
    for (let k = 0; k < 4; k++) await settle();
    expect([grown.state, points.capacity]).toEqual(['resolved', 300 * KIB]);
    const late = new Watched(points.reserveAsync(400 * KIB));
    const given = points.detach();
    for (let k = 0; k < 4; k++) await settle();
    expect(late.error).toMatchObject({ code: 'dead-allocation' });
    expect(given?.size).toBe(300 * KIB);
    given?.free();
    const begun = new Watched(points.reserveAsync(100 * KIB));
    points.append(patternOf(1, 8));
    for (let k = 0; k < 6; k++) await settle();
    expect([begun.state, points.size, points.capacity]).toEqual(['resolved', 8, 100 * KIB]);
    points.free();
    heap.endFrame();
    await settle();
    expect(heap.statistics()).toMatchObject({ usedBytes: 0, pendingBytes: 0 });
  });
});
