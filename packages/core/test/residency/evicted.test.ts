/** Evicted allocations: what can be done with them, and what is left of them when the device is lost. */
import { describe, expect, it } from 'vitest';
import { type MockBuffer, MockGpu } from '../../../mock/src/index.ts';
import { type Allocation, BufferUsage, type LogLine } from '../../src/index.ts';
import { codeOf } from '../code-of.ts';
import { recountHeap } from '../heap/heap-recount.ts';
import { firstDifference, openHeap, patternOf } from '../heap/open-heap.ts';
import { drain } from '../heap/watched.ts';
import { awayOf, expectPatterns, frames, KIB, openSmall } from './away-scene.ts';

const { STORAGE, VERTEX } = BufferUsage;

describe('an evicted allocation', () => {
  it('has no place, and says so', async () => {
    const { heap } = openSmall();
    const [away, there] = awayOf(heap, 2) as [Allocation<MockBuffer>, Allocation<MockBuffer>];
    await heap.ensureResident([there]);
    expect([away.isLive, away.isResident, away.touch()]).toEqual([true, false, false]);
    for (const act of [
      () => away.buffer,
      () => away.offset,
      () => away.binding(),
      () => away.pin(),
      () => heap.copy(away, 0, there, 0, 4),
      () => heap.record().use(away),
      () => heap.checkScope([{ allocation: away, use: 'vertex' }]),
      () => away.resize(10),
    ]) {
      expect(codeOf(act)).toBe('not-resident');
    }
    expect(codeOf(() => away.unpin())).toBe('bad-argument');
    expect(codeOf(() => away.touch('often' as 'read'))).toBe('bad-argument');
    away.rename('other');
    away.free();
    expect(codeOf(() => away.touch())).toBe('dead-allocation');
    expect(codeOf(() => away.markClean())).toBe('dead-allocation');
    heap.dispose();
  });

  it('is resized where its bytes are', async () => {
    const { gpu, heap } = openSmall();
    const one = heap.allocate({ size: 1000, usage: VERTEX, priority: 'low', owner: 'me', label: 'it' });
    const copied = heap.allocate({ size: 1000, usage: VERTEX, priority: 'low', hostCopy: true });
    for (const each of [one, copied]) each.write(patternOf(1, 1000));
    heap.endFrame();
    await heap.residency.evict([one, copied]);
    for (const each of [one, copied]) {
      each.resize(1000);
      each.resize(500);
      each.resize(2000);
      each.write(patternOf(2, 1500), 500);
    }
    expect(heap.residency.statistics().evictedNowBytes).toBe(4000);
    await heap.ensureResident([one, copied]);
    const expected = patternOf(1, 2000);
    expected.set(patternOf(2, 1500), 500);
    for (const each of [one, copied]) {
      expect(each.size).toBe(2000);
      expect(firstDifference(await each.read(), expected)).toBe(-1);
    }
    expect(recountHeap(heap, gpu)).toEqual([]);
    heap.dispose();
  });

  it('is counted nowhere else until it is back, under the name that it has then', async () => {
    const { gpu, heap } = openSmall();
    heap.scopes.enter('level');
    const one = heap.allocate({ size: 1000, usage: VERTEX, owner: 'me', label: 'old' });
    const two = heap.allocate({ size: 1000, usage: VERTEX, owner: 'me', resident: false });
    heap.scopes.leave();
    heap.endFrame();
    await heap.residency.evict([one]);
    expect(heap.owners.statistics('me')?.liveCount ?? 0).toBe(0);
    expect(heap.statistics()).toMatchObject({ allocationCount: 0, requestedBytes: 0, usedBytes: 0 });
    one.rename('new');
    expect(recountHeap(heap, gpu)).toEqual([]);
    await heap.ensureResident([one, two]);
    expect(heap.labels.statistics('new')?.liveCount).toBe(1);
    expect(heap.owners.statistics('me')?.liveCount).toBe(2);
    expect(recountHeap(heap, gpu)).toEqual([]);
    one.free();
    two.free();
    expect(heap.owners.statistics('me')?.liveCount).toBe(0);
    heap.dispose();
  });

  it('is a leak like any other when the heap ends', () => {
    const leaks: string[] = [];
    const { heap } = openSmall({
      onLeak: ({ label, poolName, chunkId }) => void leaks.push(`${label} ${poolName} ${chunkId}`),
    });
    const [one, two] = awayOf(heap, 2) as [Allocation<MockBuffer>, Allocation<MockBuffer>];
    two.free();
    heap.dispose();
    expect(leaks).toEqual(['0 evicted -1']);
    expect([one.isLive, two.isLive]).toEqual([false, false]);
    expect(heap.residency.statistics()).toMatchObject({ evictedNowCount: 0, hostBytes: 0 });
  });

  it('is told to those who think in submissions, and not in frames, as well', async () => {
    const { heap } = openSmall();
    const all = awayOf(heap, 8, { onRestore: () => undefined });
    await heap.ensureResident(all);
    const told: string[] = [];
    for (const each of all) each.on('evicted', () => told.push(each.label));
    heap.submitted();
    const [more] = awayOf(heap, 1, { resident: true });
    expect([more?.isResident, told]).toEqual([true, []]);
    heap.submitted();
    expect(told).toEqual(['0']);
    heap.dispose();
  });

  it('is written to the log when it is made and when it is freed', () => {
    const lines: LogLine[] = [];
    const { heap } = openSmall({
      debug: { allocations: true, frees: true },
      logger: (line) => void lines.push(line),
    });
    const [one] = awayOf(heap, 1, { label: 'tile' }) as [Allocation<MockBuffer>];
    one.free();
    expect(lines.filter((line) => JSON.stringify(line).includes('tile')).length).toBe(2);
    heap.dispose();
  });
});

describe('a restore that the device has lost', () => {
  it('is done again from the copy that was kept', async () => {
    const { gpu, heap } = openHeap({ chunkBytes: 256 * KIB });
    const one = heap.allocate({ size: 1000, usage: STORAGE, priority: 'low' });
    const block = heap.allocateBlock([
      { size: 100, usage: VERTEX },
      { size: 200, usage: VERTEX },
    ]);
    one.write(patternOf(1, 1000));
    for (const member of block.members) member.write(patternOf(2, member.size));
    heap.endFrame();
    gpu.completeAll();
    const gone = heap.residency.evict([one, block]);
    await drain();
    gpu.completeAll();
    expect((await gone).length).toBe(2);
    await heap.ensureResident([one, block]);
    one.write(patternOf(3, 100), 400);
    block.members[1].write(patternOf(4, 200));
    one.resize(1200);
    one.write(patternOf(5, 200), 1000);
    gpu.lose();
    const next = new MockGpu({ autoComplete: true });
    const { restoredCount, emptied } = heap.rebuild(next.backend());
    expect([restoredCount, emptied]).toEqual([2, []]);
    const expected = new Uint8Array(1200);
    expected.set(patternOf(1, 1000));
    expected.set(patternOf(3, 100), 400);
    expected.set(patternOf(5, 200), 1000);
    expect(firstDifference(await one.read(), expected)).toBe(-1);
    expect(firstDifference(await block.members[0].read(), patternOf(2, 100))).toBe(-1);
    expect(firstDifference(await block.members[1].read(), patternOf(4, 200))).toBe(-1);
    await drain();
    expect([one.keptBytes, block.keptBytes]).toEqual([undefined, undefined]);
    heap.dispose();
  });

  it('is no reason to keep the copy when the GPU has done it', async () => {
    const { gpu, heap } = openHeap({ chunkBytes: 256 * KIB });
    const [one] = awayOf(heap, 1) as [Allocation<MockBuffer>];
    await heap.ensureResident([one]);
    expect(one.keptBytes?.byteLength).toBe(32 * KIB);
    heap.endFrame();
    gpu.completeAll();
    await drain();
    expect(one.keptBytes).toBe(undefined);
    heap.dispose();
  });
});

describe('a rebuild', () => {
  it('evicts what has a promise of its bytes, and tells of those that can not wait', async () => {
    const { gpu, heap } = openSmall({ budgetBytes: Number.POSITIVE_INFINITY });
    const onRestore = async () => patternOf(0, 32 * KIB);
    const [late, pinned] = awayOf(heap, 2, { onRestore, label: '0' }) as [
      Allocation<MockBuffer>,
      Allocation<MockBuffer>,
    ];
    const block = heap.allocateBlock([
      { size: 100, usage: VERTEX, onRestore },
      { size: 100, usage: VERTEX },
    ]);
    await heap.ensureResident([late, pinned]);
    pinned.pin();
    const told: string[] = [];
    late.on('evicted', () => told.push('evicted'));
    late.on('moved', () => told.push('moved'));
    await drain();
    gpu.lose();
    const { evicted, failures, emptied } = heap.rebuild(new MockGpu({ autoComplete: true }).backend());
    expect(evicted).toEqual([late]);
    expect(told).toEqual(['evicted']);
    expect(new Set(failures.map(({ allocation }) => allocation.size))).toEqual(new Set([32 * KIB, 100]));
    expect(new Set(emptied.map(({ size }) => size))).toEqual(new Set([pinned.size, block.size]));
    expect(failures.map(({ error }) => (error as { code: string }).code)).toEqual([
      'not-restored',
      'not-restored',
    ]);
    await heap.ensureResident([late]);
    await expectPatterns([late]);
    heap.dispose();
  });

  it('hands the failure of such a promise to whoever wants the bytes', async () => {
    const { gpu, heap } = openSmall({ budgetBytes: Number.POSITIVE_INFINITY });
    let isBroken = false;
    const onRestore = async () => {
      if (isBroken) throw new Error('gone');
      return patternOf(0, 32 * KIB);
    };
    const [one] = awayOf(heap, 1, { onRestore }) as [Allocation<MockBuffer>];
    await heap.ensureResident([one]);
    await drain();
    gpu.lose();
    isBroken = true;
    heap.rebuild(new MockGpu({ autoComplete: true }).backend());
    await expect(heap.ensureResident([one])).rejects.toMatchObject({ code: 'not-restored' });
    isBroken = false;
    await heap.ensureResident([one]);
    await expectPatterns([one]);
    heap.dispose();
  });

  it('keeps what a failed restore after a loss has left, until somebody writes it', async () => {
    const { gpu, heap } = openSmall();
    let fails = false;
    const onRestore = (): Uint8Array => {
      if (fails) throw new Error('not this time');
      return patternOf(1, 64);
    };
    const one = heap.allocate({ size: 64, usage: VERTEX, priority: 'normal', resident: false, onRestore });
    await heap.ensureResident([one]);
    gpu.lose();
    fails = true;
    const { failures } = heap.rebuild(openHeap({}, { autoComplete: true }).backend);
    fails = false;
    expect(failures.map(({ allocation }) => allocation)).toEqual([one]);
    await frames(heap, 2);
    await heap.residency.evict([one]);
    expect(one.isResident).toBe(false);
    await heap.ensureResident([one]);
    expect(firstDifference(await one.read(), new Uint8Array(64))).toBe(-1);
    one.write(patternOf(2, 64));
    expect(firstDifference(await one.read(), patternOf(2, 64))).toBe(-1);
  });
});
