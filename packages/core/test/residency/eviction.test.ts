/** Eviction by name and by need: who goes, who stays, and what is left of it. */
import { describe, expect, it } from 'vitest';
import type { MockBuffer } from '../../../mock/src/index.ts';
import {
  type Allocation,
  BufferUsage,
  type GpuHeap,
  type GpuHeapOptions,
  OutOfMemoryError,
} from '../../src/index.ts';
import { codeOf } from '../code-of.ts';
import { recountHeap } from '../heap/heap-recount.ts';
import { firstDifference, openHeap, patternOf } from '../heap/open-heap.ts';

const { COPY_DST, STORAGE, VERTEX } = BufferUsage;
const KIB = 1024;

/** A heap of one chunk's budget beside what is held for reading back. */
function openTight(options: GpuHeapOptions = {}) {
  return openHeap(
    { chunkBytes: 256 * KIB, budgetBytes: 320 * KIB, uploadBytes: 0, ...options },
    { autoComplete: true },
  );
}

/** So many allocations of 32 KiB that may go, each used in a frame of its own, the first the earliest. */
function fill(heap: GpuHeap<MockBuffer>, count: number, request: object = {}): Allocation<MockBuffer>[] {
  return Array.from({ length: count }, (_, k) => {
    const made = heap.allocate({ size: 32 * KIB, usage: VERTEX, priority: 'normal', ...request });
    made.write(patternOf(k, made.size));
    heap.endFrame();
    return made;
  });
}

const namesOf = (all: readonly Allocation<MockBuffer>[]): number[] =>
  all.flatMap(({ isResident }, k) => (isResident ? [] : [k]));

describe('eviction by name', () => {
  it('reads back what it takes, and gives its memory to others', async () => {
    const { gpu, heap } = openTight();
    const all = fill(heap, 8);
    const before = heap.statistics().usedBytes;
    expect(await heap.residency.evict(all.slice(0, 3))).toEqual(all.slice(0, 3));
    expect(namesOf(all)).toEqual([0, 1, 2]);
    expect(heap.statistics().usedBytes).toBe(before - 96 * KIB);
    expect(recountHeap(heap, gpu)).toEqual([]);
    expect(heap.residency.statistics()).toMatchObject({
      evictedNowCount: 3,
      evictedNowBytes: 96 * KIB,
      hostBytes: 96 * KIB,
      evictedCount: 3,
      droppedCount: 0,
      readBackBytes: 96 * KIB,
    });
    heap.dispose();
  });

  it('leaves what this frame uses, what is pinned, and what an open recording has', async () => {
    const { heap } = openTight();
    const all = fill(heap, 5);
    all[1]?.pin();
    const token = heap.record().use(all[2] as Allocation<MockBuffer>);
    all[3]?.touch();
    expect(await heap.residency.evict(all)).toEqual([all[0], all[4]]);
    token.end();
    all[1]?.unpin();
    heap.endFrame();
    expect(await heap.residency.evict(all)).toEqual([all[1], all[2], all[3]]);
    heap.dispose();
  });

  it('waits for the GPU to be done with what it takes', async () => {
    const { gpu, heap } = openHeap({ chunkBytes: 256 * KIB });
    const one = heap.allocate({ size: 100, usage: VERTEX });
    one.write(patternOf(1, 100));
    const serial = heap.endFrame();
    const gone = heap.residency.evict([one]);
    await Promise.resolve();
    expect(one.isResident).toBe(true);
    gpu.completeUpTo(serial);
    for (let k = 0; k < 20; k++) await Promise.resolve();
    gpu.completeAll();
    expect(await gone).toEqual([one]);
    heap.dispose();
  });

  it('leaves what is used while it is read back', async () => {
    const { gpu, heap } = openHeap({ chunkBytes: 256 * KIB });
    const [used, idle] = [1, 2].map((seed) => {
      const made = heap.allocate({ size: 100, usage: VERTEX });
      made.write(patternOf(seed, 100));
      return made;
    }) as [Allocation<MockBuffer>, Allocation<MockBuffer>];
    heap.endFrame();
    gpu.completeAll();
    const gone = heap.residency.evict([used, idle]);
    for (let k = 0; k < 20; k++) await Promise.resolve();
    used.write(patternOf(3, 100));
    gpu.completeAll();
    expect(await gone).toEqual([idle]);
    const read = used.read();
    gpu.completeAll();
    expect(firstDifference(await read, patternOf(3, 100))).toBe(-1);
    heap.dispose();
  });

  it('takes a block as one, and leaves what lives for a frame, for readback or in a buffer of the caller', async () => {
    const { gpu, heap } = openTight();
    const block = heap.allocateBlock([
      { size: 100, usage: VERTEX },
      { size: 200, usage: VERTEX },
    ]);
    for (const [k, member] of block.members.entries()) member.write(patternOf(k, member.size));
    const frame = heap.allocate({ size: 100, usage: VERTEX, lifetime: 'frame' });
    const back = heap.allocate({ size: 100, usage: COPY_DST, location: 'readback' });
    const buffer = gpu.makeBuffer({ size: 256, usage: VERTEX | COPY_DST });
    const adopted = heap.adopt({ buffer, size: 256, usage: VERTEX | COPY_DST });
    heap.submitted();
    expect(await heap.residency.evict([block.members[1], frame, back, adopted])).toEqual([block]);
    expect(block.members.map(({ isResident, isLive }) => [isResident, isLive])).toEqual([
      [false, true],
      [false, true],
    ]);
    expect(codeOf(() => block.members[0].binding())).toBe('not-resident');
    block.members[1].write(patternOf(9, 200));
    expect(firstDifference(await block.members[0].read(), patternOf(0, 100))).toBe(-1);
    await heap.ensureResident([block.members[0]]);
    expect(firstDifference(await block.members[0].read(), patternOf(0, 100))).toBe(-1);
    expect(firstDifference(await block.members[1].read(), patternOf(9, 200))).toBe(-1);
    heap.dispose();
  });

  it('reads back in the pieces for which there is room', async () => {
    const { heap } = openHeap(
      { chunkBytes: 1024 * KIB, budgetBytes: 1200 * KIB, uploadBytes: 0 },
      { autoComplete: true },
    );
    const large = heap.allocate({ size: 900 * KIB + 3, usage: VERTEX, priority: 'low' });
    large.write(patternOf(5, large.size));
    heap.endFrame();
    expect(await heap.residency.evict([large])).toEqual([large]);
    expect(firstDifference(await large.read(), patternOf(5, large.size))).toBe(-1);
    await heap.ensureResident([large]);
    for (let at = 0; at < large.size; at += 60 * KIB) {
      const size = Math.min(60 * KIB, large.size - at);
      const expected = patternOf(5, large.size).subarray(at, at + size);
      expect(firstDifference(await large.read(at, size), expected)).toBe(-1);
    }
    heap.dispose();
  });

  it('tells hooks, once each time', async () => {
    const { heap } = openTight();
    const [one] = fill(heap, 1) as [Allocation<MockBuffer>];
    const told: string[] = [];
    one.on('evicted', () => told.push(`evicted ${one.isResident}`));
    const stop = one.on('moved', () => told.push(`moved ${one.isResident}`));
    const version = one.version;
    await heap.residency.evict([one]);
    await heap.ensureResident([one]);
    expect(told).toEqual(['evicted false', 'moved true']);
    expect(one.version).toBe(version + 1);
    stop();
    heap.endFrame();
    await heap.residency.evict([one]);
    await heap.ensureResident([one]);
    expect(told).toEqual(['evicted false', 'moved true', 'evicted false']);
    expect(codeOf(() => one.on('gone' as 'moved', () => {}))).toBe('bad-argument');
    heap.dispose();
  });
});

describe('eviction under need', () => {
  it('drops what can be given again, least recently used first, within a call', () => {
    const { heap } = openTight();
    const all = fill(heap, 8, { onRestore: () => undefined });
    for (const each of all) each.markClean();
    all[0]?.touch();
    heap.endFrame();
    const more = [1, 2].map(() => heap.allocate({ size: 32 * KIB, usage: VERTEX }));
    expect(namesOf(all)).toEqual([1, 2]);
    expect(more.every(({ isResident }) => isResident)).toBe(true);
    expect(heap.residency.statistics()).toMatchObject({ droppedCount: 2, readBackBytes: 0, hostBytes: 0 });
    heap.dispose();
  });

  it('spares the higher priority, however long ago it was used', () => {
    const { heap } = openTight();
    const onRestore = () => undefined;
    const high = fill(heap, 4, { onRestore, priority: 'high' });
    const low = fill(heap, 4, { onRestore, priority: 'low' });
    for (const each of [...high, ...low]) each.markClean();
    heap.allocate({ size: 120 * KIB, usage: VERTEX });
    expect(namesOf(high)).toEqual([]);
    expect(namesOf(low)).toEqual([0, 1, 2, 3]);
    heap.dispose();
  });

  it('takes what was needed once before what is needed again and again, by frequency', () => {
    const { heap } = openTight({ residency: { order: 'frequency' } });
    const all = fill(heap, 8, { onRestore: () => undefined });
    for (const each of all) each.markClean();
    for (let frame = 0; frame < 3; frame++) {
      for (const k of [0, 1, 2, 3]) all[k]?.touch('read');
      heap.endFrame();
    }
    all[6]?.touch('read');
    heap.endFrame();
    for (let k = 0; k < 2; k++) heap.allocate({ size: 32 * KIB, usage: VERTEX });
    expect(namesOf(all)).toEqual([4, 5]);
    heap.dispose();
  });

  it('never takes what was given no priority', () => {
    const { heap } = openTight();
    const all = fill(heap, 8, { priority: undefined, onRestore: () => undefined });
    for (const each of all) each.markClean();
    expect(heap.tryAllocate({ size: 128 * KIB, usage: VERTEX })).toBe(undefined);
    expect(namesOf(all)).toEqual([]);
    heap.dispose();
  });

  it('reads back only where the call can wait, and says so where it can not', async () => {
    const { heap } = openTight();
    const all = fill(heap, 8);
    const request = { size: 60 * KIB, usage: VERTEX };
    expect(heap.canAllocate(request)).toBe(false);
    try {
      heap.allocate(request);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(OutOfMemoryError);
      expect((error as OutOfMemoryError).remedy).toBe('evict');
      expect((error as OutOfMemoryError).message).toContain('allocateAsync');
    }
    const made = await heap.allocateAsync(request);
    made.write(patternOf(50, made.size));
    expect(namesOf(all)).toEqual([0, 1]);
    for (const [k, each] of all.entries()) {
      expect(firstDifference(await each.read(), patternOf(k, each.size))).toBe(-1);
    }
    expect(firstDifference(await made.read(), patternOf(50, made.size))).toBe(-1);
    heap.dispose();
  });

  it('says that the frame has to end where what could go is used by it', async () => {
    const { heap } = openTight();
    const all = fill(heap, 8, { onRestore: () => undefined });
    for (const each of all) each.touch('read');
    const request = { size: 32 * KIB, usage: VERTEX };
    const failure = { code: 'over-budget', remedy: 'end-frame' };
    await expect(heap.allocateAsync(request)).rejects.toMatchObject(failure);
    const away = heap.allocate({ ...request, resident: false, priority: 'high' });
    await expect(heap.ensureResident([away])).rejects.toMatchObject(failure);
    heap.endFrame();
    await heap.ensureResident([away]);
    expect(namesOf(all)).toEqual([0]);
    heap.dispose();
  });

  it('empties chunks of other pools where that is what makes room', async () => {
    const { heap } = openTight({ dedicatedBytes: 64 * KIB });
    const own = heap.allocate({ size: 200 * KIB, usage: VERTEX, priority: 'low' });
    own.write(patternOf(1, own.size));
    heap.endFrame();
    const other = await heap.allocateAsync({ size: 220 * KIB, usage: STORAGE, priority: 'low' });
    expect([own.isResident, other.isResident]).toEqual([false, true]);
    other.write(patternOf(2, other.size));
    heap.endFrame();
    await heap.ensureResident([own]);
    expect([own.isResident, other.isResident]).toEqual([true, false]);
    expect(firstDifference(await own.read(0, 60 * KIB), patternOf(1, 60 * KIB))).toBe(-1);
    expect(firstDifference(await other.read(), patternOf(2, other.size))).toBe(-1);
    heap.dispose();
  });

  it('keeps to the pool where its own limits are what is short', async () => {
    const { heap } = openHeap({ chunkBytes: 256 * KIB, budgetBytes: 4096 * KIB }, { autoComplete: true });
    const pool = heap.createPool({ name: 'small', maxBytes: 128 * KIB, chunkBytes: 64 * KIB });
    const others = fill(heap, 2);
    const own = fill(heap, 4, { pool, size: 30 * KIB });
    expect((await heap.allocateAsync({ size: 40 * KIB, usage: VERTEX, pool })).isResident).toBe(true);
    expect(namesOf(others)).toEqual([]);
    expect(namesOf(own)).toEqual([0, 1]);
    heap.dispose();
  });

  it('gives chunks back when the budget becomes less than what is held', async () => {
    const { gpu, heap } = openHeap(
      { chunkBytes: 64 * KIB, budgetBytes: 1024 * KIB, uploadBytes: 0 },
      { autoComplete: true },
    );
    const all = fill(heap, 12);
    heap.setBudget(320 * KIB);
    heap.endFrame();
    for (let k = 0; k < 200; k++) await Promise.resolve();
    expect(gpu.heldBytes).toBeLessThanOrEqual(320 * KIB);
    expect(namesOf(all).length).toBeGreaterThanOrEqual(4);
    expect(all[11]?.isResident).toBe(true);
    for (const [k, each] of all.entries()) {
      expect(firstDifference(await each.read(), patternOf(k, each.size))).toBe(-1);
    }
    heap.dispose();
  });

  it('leaves alone what a copy is about to use', async () => {
    const { heap } = openTight();
    const all = fill(heap, 7, { onRestore: () => undefined });
    for (const each of all) each.markClean();
    const [first] = all as [Allocation<MockBuffer>];
    heap.copy(first, 0, first, 16 * KIB, 16 * KIB);
    expect(first.isResident).toBe(true);
    const expected = patternOf(0, 32 * KIB);
    expected.set(expected.slice(0, 16 * KIB), 16 * KIB);
    expect(firstDifference(await first.read(), expected)).toBe(-1);
    heap.dispose();
  });
});

describe('a read in a full heap', () => {
  it('is told how much it may read at a time', async () => {
    const { heap } = openTight();
    const all = fill(heap, 8);
    const read = heap.readMany(all.slice(0, 3).map((allocation) => ({ allocation })));
    await expect(read).rejects.toMatchObject({ code: 'over-budget', remedy: 'raise-budget' });
    await expect(read).rejects.toThrow(/read 65536 at a time/);
    expect((await heap.readMany(all.slice(0, 2).map((allocation) => ({ allocation })))).length).toBe(2);
    heap.dispose();
  });
});

describe('what is clean', () => {
  const cases: readonly [string, object, (one: Allocation<MockBuffer>) => void, boolean][] = [
    ['is what onRestore gave', {}, () => {}, true],
    ['is not what was written', {}, (one) => one.write(patternOf(9, one.size)), false],
    ['is not what was said to be written', {}, (one) => one.touch('written'), false],
    ['is what was only read', { usage: STORAGE }, (one) => one.touch('read'), true],
    ['is not what a shader may have written', { usage: STORAGE }, (one) => one.touch(), false],
    ['is not what was bound where shaders write', { usage: STORAGE }, (one) => one.binding(), false],
    ['is what was bound to be read', { usage: STORAGE }, (one) => one.binding('read'), true],
    ['is not what was bound to be written', {}, (one) => one.binding('written'), false],
    ['is what was bound where they only read', {}, (one) => one.binding(), true],
    [
      'is what was written and then said to be clean',
      {},
      (one) => {
        one.write(patternOf(9, one.size));
        one.markClean();
      },
      true,
    ],
  ];
  for (const [name, request, act, isClean] of cases) {
    it(name, async () => {
      const { heap } = openTight();
      const base = patternOf(4, 1000);
      const one = heap.allocate({
        ...{ size: 1000, usage: VERTEX, priority: 'low', resident: false, onRestore: () => base },
        ...request,
      });
      await heap.ensureResident([one]);
      act(one);
      heap.endFrame();
      await heap.residency.evict([one]);
      expect(heap.residency.statistics().droppedCount).toBe(isClean ? 1 : 0);
      await heap.ensureResident([one]);
      expect(one.isResident).toBe(true);
      heap.dispose();
    });
  }

  it('is the host copy of what nothing but the CPU writes', async () => {
    const { heap } = openTight();
    const mirrored = heap.allocate({ size: 1000, usage: VERTEX, hostCopy: true });
    const copiedTo = heap.allocate({ size: 1000, usage: VERTEX | COPY_DST, hostCopy: true });
    const target = heap.allocate({ size: 1000, usage: VERTEX, hostCopy: true });
    for (const each of [mirrored, copiedTo, target]) each.write(patternOf(3, 1000));
    heap.copy(mirrored, 0, target, 500, 500);
    heap.endFrame();
    await heap.residency.evict([mirrored, copiedTo, target]);
    expect(heap.residency.statistics()).toMatchObject({
      evictedCount: 3,
      droppedCount: 1,
      readBackBytes: 2000,
    });
    const expected = patternOf(3, 1000);
    expected.set(expected.slice(0, 500), 500);
    expect(firstDifference(await target.read(), expected)).toBe(-1);
    await heap.ensureResident([mirrored, target]);
    expect(firstDifference(await mirrored.read(), patternOf(3, 1000))).toBe(-1);
    heap.endFrame();
    await heap.residency.evict([target]);
    expect(heap.residency.statistics().droppedCount).toBe(2);
    expect(firstDifference(await target.read(), expected)).toBe(-1);
    heap.dispose();
  });
});
