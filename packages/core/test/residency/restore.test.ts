/** Restores: working sets that come back in one batch, what gives their bytes, and what goes wrong. */
import { describe, expect, it } from 'vitest';
import { type MockBuffer, MockGpu } from '../../../mock/src/index.ts';
import {
  type Allocation,
  BufferUsage,
  type ResidencyProgress,
  type RestoreHook,
  UsageError,
} from '../../src/index.ts';
import { codeOf } from '../code-of.ts';
import { recountHeap } from '../heap/heap-recount.ts';
import { firstDifference, openHeap, patternOf } from '../heap/open-heap.ts';
import { drain } from '../heap/watched.ts';
import { awayOf, countOf, expectPatterns, KIB, openSmall } from './away-scene.ts';

const { VERTEX } = BufferUsage;

describe('ensureResident', () => {
  it('brings more through the budget than it holds, batch by batch', async () => {
    const { gpu, heap } = openSmall();
    const all = awayOf(heap, 40);
    expect(heap.statistics().usedBytes).toBe(0);
    for (let round = 0; round < 3; round++) {
      for (let k = 0; k < 40; k += 5) {
        const wanted = all.slice(k, k + 5);
        await heap.ensureResident(wanted);
        for (const each of wanted) expect(each.touch()).toBe(true);
        await expectPatterns(wanted);
        expect(gpu.heldBytes).toBeLessThanOrEqual(320 * KIB);
        heap.endFrame();
      }
    }
    await expectPatterns(all);
    expect(recountHeap(heap, gpu)).toEqual([]);
    const { restoredCount, droppedCount, readBackBytes, hitCount, missCount } = heap.residency.statistics();
    expect(restoredCount).toBeGreaterThan(100);
    expect([droppedCount, readBackBytes]).toEqual([restoredCount - countOf(all), 0]);
    expect([hitCount, missCount]).toEqual([120, 0]);
    heap.dispose();
  });

  it('tells how far it has come, and answers at once what is there', async () => {
    const { heap } = openSmall();
    const all = awayOf(heap, 6);
    const told: ResidencyProgress[] = [];
    const onProgress = (progress: ResidencyProgress) => void told.push(progress);
    await heap.ensureResident([...all, ...all], { onProgress });
    expect(told[0]).toEqual({ residentCount: 0, count: 6, residentBytes: 0, bytes: 192 * KIB });
    expect(told.at(-1)).toEqual({ residentCount: 6, count: 6, residentBytes: 192 * KIB, bytes: 192 * KIB });
    await heap.ensureResident(all, { onProgress });
    expect(told.length).toBeGreaterThan(2);
    await heap.ensureResident([]);
    heap.dispose();
  });

  it('waits for an onRestore that takes time, once for all who wait, and not for the others', async () => {
    const { heap } = openSmall();
    const gives: (() => void)[] = [];
    let calls = 0;
    const onRestore = () => {
      calls++;
      return new Promise<Uint8Array>((resolve) => {
        gives.push(() => resolve(patternOf(1, 1000)));
      });
    };
    const slow = heap.allocate({ size: 1000, usage: VERTEX, resident: false, onRestore, label: '1' });
    const [quick] = awayOf(heap, 1) as [Allocation<MockBuffer>];
    const first = heap.ensureResident([slow, quick]);
    const second = heap.ensureResident([slow]);
    const read = slow.read(0, 10);
    await drain();
    expect([slow.isResident, quick.isResident, calls]).toEqual([false, true, 1]);
    for (const give of gives) give();
    await Promise.all([first, second]);
    expect(slow.isResident).toBe(true);
    expect(firstDifference(await read, patternOf(1, 10))).toBe(-1);
    await expectPatterns([slow, quick]);
    heap.dispose();
  });

  it('puts what was written meanwhile over what onRestore gives', async () => {
    const { heap } = openSmall();
    const [one, two] = awayOf(heap, 2) as [Allocation<MockBuffer>, Allocation<MockBuffer>];
    one.write(patternOf(7, 100), 500);
    one.write(patternOf(8, 100), 552);
    heap.uploads.write(two, patternOf(9, two.size));
    heap.uploads.writeInPlace(two, 4, (bytes) => bytes.fill(3), 8);
    const expected = patternOf(0, one.size);
    expected.set(patternOf(7, 100), 500);
    expected.set(patternOf(8, 100), 552);
    const other = patternOf(9, two.size);
    other.fill(3, 8, 12);
    for (let round = 0; round < 2; round++) {
      expect(firstDifference(await one.read(), expected)).toBe(-1);
      expect(firstDifference(await two.read(), other)).toBe(-1);
      await heap.ensureResident([one, two]);
      expect(firstDifference(await one.read(), expected)).toBe(-1);
      expect(firstDifference(await two.read(), other)).toBe(-1);
      heap.endFrame();
      await heap.residency.evict([one, two]);
    }
    const [a, b] = await heap.readMany([
      { allocation: one, at: 500, size: 10 },
      { allocation: two, at: 0, size: 12 },
    ]);
    expect(firstDifference(a as Uint8Array, expected.slice(500, 510))).toBe(-1);
    expect(firstDifference(b as Uint8Array, other.slice(0, 12))).toBe(-1);
    heap.dispose();
  });

  it('brings zeros where nothing gives bytes, and fewer bytes followed by zeros', async () => {
    const { heap } = openSmall();
    const [none, nothing, few] = [undefined, () => undefined, () => patternOf(2, 10)].map((onRestore) =>
      heap.allocate({
        ...{ size: 40, usage: VERTEX, resident: false },
        ...(onRestore === undefined ? {} : { onRestore }),
      }),
    ) as [Allocation<MockBuffer>, Allocation<MockBuffer>, Allocation<MockBuffer>];
    await heap.ensureResident([none, nothing, few]);
    const expected = new Uint8Array(40);
    expect(await none.read()).toEqual(expected);
    expect(await nothing.read()).toEqual(expected);
    expected.set(patternOf(2, 10));
    expect(await few.read()).toEqual(expected);
    heap.dispose();
  });

  it('rejects when an onRestore fails, and brings the others', async () => {
    const { heap } = openSmall();
    const wrong: readonly RestoreHook[] = [
      () => {
        throw new Error('no such file');
      },
      () => Promise.reject(new Error('no such file')),
      () => new Uint8Array(5000),
      () => 'bytes' as never,
      () => {
        throw new UsageError('disposed', 'the archive is closed');
      },
    ];
    for (const [k, onRestore] of wrong.entries()) {
      const bad = heap.allocate({ size: 4000, usage: VERTEX, resident: false, onRestore });
      const [good] = awayOf(heap, 1) as [Allocation<MockBuffer>];
      const code = ['not-restored', 'not-restored', 'not-restored', 'bad-data', 'disposed'][k];
      await expect(heap.ensureResident([bad, good])).rejects.toMatchObject({ code });
      expect([bad.isResident, good.isResident]).toEqual([false, true]);
      await expect(bad.read()).rejects.toMatchObject({ code });
      expect(bad.neededCount).toBe(0);
      bad.free();
      good.free();
    }
    heap.dispose();
  });

  it('rejects when not all have room together, and leaves each with its bytes', async () => {
    const { heap } = openSmall();
    const all = awayOf(heap, 9);
    const ensured = heap.ensureResident(all);
    await expect(ensured).rejects.toMatchObject({ code: 'over-budget' });
    await expectPatterns(all);
    heap.endFrame();
    await heap.ensureResident(all.slice(4));
    heap.dispose();
  });

  it('asks the application before it fails', async () => {
    const asked: number[] = [];
    const { heap } = openSmall({
      onPressure: ({ requestedBytes }) => {
        asked.push(requestedBytes);
        heap.setBudget(640 * KIB);
      },
    });
    const all = awayOf(heap, 9);
    await heap.ensureResident(all);
    expect(asked).toEqual([32 * KIB]);
    await expectPatterns(all);
    heap.dispose();
  });

  it('waits for the GPU where what could go is still in use', async () => {
    const { gpu, heap } = openHeap({ chunkBytes: 256 * KIB, budgetBytes: 320 * KIB, uploadBytes: 0 });
    const all = awayOf(heap, 16);
    await heap.ensureResident(all.slice(0, 8));
    for (const each of all) each.touch('read');
    const serial = heap.endFrame();
    const ensured = heap.ensureResident(all.slice(8));
    await drain();
    expect(all[8]?.isResident).toBe(false);
    gpu.completeUpTo(serial);
    await drain();
    expect(all[15]?.isResident).toBe(true);
    await ensured;
    heap.dispose();
  });

  it('ends with the reason of its signal, at any time, and leaves nothing listening', async () => {
    for (const when of ['before', 'loading', 'waiting'] as const) {
      const { gpu, heap } = openHeap({ chunkBytes: 256 * KIB, budgetBytes: 320 * KIB, uploadBytes: 0 });
      const controller = new AbortController();
      const all = awayOf(heap, 16);
      const never = awayOf(heap, 1, { onRestore: () => new Promise<undefined>(() => {}) });
      if (when === 'waiting') {
        await heap.ensureResident(all.slice(0, 8));
        heap.endFrame();
      }
      if (when === 'before') controller.abort('enough');
      const wanted = when === 'loading' ? never : all.slice(8);
      const ensured = heap.ensureResident(wanted, { signal: controller.signal });
      const outcome = expect(ensured).rejects.toBe('enough');
      await drain();
      controller.abort('enough');
      await outcome;
      gpu.completeAll();
      await drain();
      expect(wanted.map(({ isResident }) => isResident)).toEqual(wanted.map(() => false));
      expect(wanted.every(({ neededCount }) => neededCount === 0)).toBe(true);
      heap.dispose();
    }
  });

  it('rejects when the heap ends, and when the device is lost', async () => {
    const onRestore = () => new Promise<undefined>(() => {});
    const one = openSmall();
    const ended = one.heap.ensureResident(awayOf(one.heap, 2, { onRestore }));
    one.heap.dispose();
    await expect(ended).rejects.toMatchObject({ code: 'disposed' });
    const other = openSmall();
    const [away] = awayOf(other.heap, 1) as [Allocation<MockBuffer>];
    other.gpu.lose();
    await expect(other.heap.ensureResident([away])).rejects.toMatchObject({ code: 'device-lost' });
    other.heap.rebuild(new MockGpu({ autoComplete: true }).backend());
    await other.heap.ensureResident([away]);
    await expectPatterns([away]);
    other.heap.dispose();
  });

  it('takes another buffer when the device goes back on its word, and gives the bytes to none before', async () => {
    const { gpu, heap } = openHeap({ chunkBytes: 256 * KIB }, { autoComplete: true });
    gpu.faults.refuseCreation({ atCall: 1, when: 'late' });
    const all = awayOf(heap, 2);
    await heap.ensureResident(all);
    expect(gpu.counts.createBuffer).toBeGreaterThan(1);
    await expectPatterns(all);
    heap.dispose();
  });

  it('leaves what is freed meanwhile, and what its pool has lost', async () => {
    const { heap } = openSmall();
    let give: () => void = () => {};
    const [freed, kept] = awayOf(heap, 2, {
      onRestore: () =>
        new Promise<Uint8Array>((resolve) => {
          const before = give;
          give = () => {
            before();
            resolve(patternOf(0, 32 * KIB));
          };
        }),
    }) as [Allocation<MockBuffer>, Allocation<MockBuffer>];
    const ensured = heap.ensureResident([freed, kept]);
    freed.free();
    give();
    await ensured;
    expect([freed.isLive, kept.isResident]).toEqual([false, true]);
    const pool = heap.createPool({ name: 'mine' });
    const [orphan] = awayOf(heap, 1, { pool }) as [Allocation<MockBuffer>];
    pool.dispose();
    await expect(heap.ensureResident([orphan])).rejects.toMatchObject({ code: 'disposed' });
    orphan.free();
    heap.dispose();
  });

  it('finds places that the granularity of the pool and the alignment of the request allow', async () => {
    const { heap } = openSmall();
    const pool = heap.createPool({
      name: 'odd',
      granularity: 48,
      chunkBytes: 48 * 1024,
      maxBytes: 192 * 1024,
    });
    const sizeOf = (k: number) => 1000 + ((k * 611) % 4000) * 4;
    const all = Array.from({ length: 60 }, (_, k) => {
      const request = { pool, size: sizeOf(k), usage: VERTEX, alignment: 64, priority: 'low' } as const;
      const made = heap.allocate({ ...request, resident: false });
      made.write(patternOf(k, made.size));
      return made;
    });
    for (let round = 0; round < 20; round++) {
      const wanted = all.filter((_, k) => k % 10 === (round * 7) % 10 || k % 13 === round % 13);
      await heap.ensureResident(wanted);
      for (const each of wanted) expect(each.offset % 64).toBe(0);
      heap.endFrame();
    }
    expect(heap.residency.statistics().evictedCount).toBeGreaterThan(50);
    for (const [k, each] of all.entries()) {
      expect(firstDifference(await each.read(), patternOf(k, each.size))).toBe(-1);
    }
    heap.dispose();
  });

  it('keeps apart what must not share a buffer', async () => {
    const { heap } = openSmall({ budgetBytes: 4096 * KIB });
    const [one] = awayOf(heap, 1) as [Allocation<MockBuffer>];
    const [two] = awayOf(heap, 1, { apartFrom: [one] }) as [Allocation<MockBuffer>];
    await heap.ensureResident([one, two]);
    expect(one.buffer).not.toBe(two.buffer);
    heap.endFrame();
    await heap.residency.evict([one, two]);
    await heap.ensureResident([one, two]);
    expect(one.buffer).not.toBe(two.buffer);
    heap.dispose();
  });

  it('refuses what is no list of its own live allocations', () => {
    const { heap } = openSmall();
    const { heap: other } = openSmall();
    const [foreign] = awayOf(other, 1) as [Allocation<MockBuffer>];
    const [dead] = awayOf(heap, 1) as [Allocation<MockBuffer>];
    dead.free();
    const ensure = (what: unknown, options?: unknown) => () =>
      heap.ensureResident(what as never, options as never);
    expect(codeOf(ensure(undefined))).toBe('bad-argument');
    expect(codeOf(ensure(dead))).toBe('bad-argument');
    expect(codeOf(ensure([foreign]))).toBe('foreign-object');
    expect(codeOf(ensure([dead]))).toBe('dead-allocation');
    expect(codeOf(ensure([], 3))).toBe('bad-argument');
    expect(codeOf(ensure([], { abort: true }))).toBe('unknown-option');
    expect(codeOf(ensure([], { signal: {} }))).toBe('bad-argument');
    expect(codeOf(ensure([], { onProgress: 1 }))).toBe('bad-argument');
    expect(codeOf(() => openHeap({ residency: { order: 'age' as never } }))).toBe('bad-argument');
    expect(codeOf(() => openHeap({ residency: { onThrash: 1 as never } }))).toBe('bad-argument');
    expect(codeOf(() => openHeap({ residency: { prefetchBytesPerFrame: -1 } }))).toBe('bad-size');
    heap.dispose();
    expect(codeOf(ensure([]))).toBe('disposed');
  });
});
