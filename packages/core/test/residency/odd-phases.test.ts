/** What happens in the midst of an eviction or a restore, and where little is to be had. */
import { describe, expect, it } from 'vitest';
import { type MockBuffer, MockGpu } from '../../../mock/src/index.ts';
import { type Allocation, BufferUsage, MemoryProperty, type UsageError } from '../../src/index.ts';
import { codeOf } from '../code-of.ts';
import { recountHeap } from '../heap/heap-recount.ts';
import { firstDifference, openHeap, patternOf } from '../heap/open-heap.ts';
import { drain } from '../heap/watched.ts';
import { collect, collectGarbage } from '../telemetry/garbage.ts';
import { awayOf, countOf, expectPatterns, frames, KIB, openSmall } from './away-scene.ts';

const { VERTEX } = BufferUsage;
const SMALL = { chunkBytes: 256 * KIB, budgetBytes: 320 * KIB, uploadBytes: 0 };

describe('in the midst of a restore', () => {
  it('guards are looked at where they are', async () => {
    const { gpu, heap } = openHeap({ ...SMALL, guardBytes: 16 }, { settleWhen: 'manual' });
    const [away] = awayOf(heap, 1) as [Allocation<MockBuffer>];
    const ensured = heap.ensureResident([away]);
    await drain();
    const checked = heap.checkGuards();
    expect(away.isResident).toBe(false);
    for (let k = 0; k < 9; k++) {
      gpu.completeAll();
      gpu.settle();
      await drain();
    }
    expect([await checked, away.isResident]).toEqual([[], true]);
    await ensured;
    heap.dispose();
  });

  it('what is resized keeps what was loaded, whatever its host copy has', async () => {
    const { gpu, heap } = openHeap(SMALL, { settleWhen: 'manual' });
    const [shorter, longer] = awayOf(heap, 2, { hostCopy: true }) as Allocation<MockBuffer>[];
    const ensured = heap.ensureResident([shorter, longer] as Allocation<MockBuffer>[]);
    await drain();
    shorter?.resize(KIB);
    await longer?.resizeAsync(40 * KIB);
    expect([shorter?.isResident, longer?.isResident]).toEqual([false, false]);
    const reads = Promise.all([shorter?.read(), longer?.read(0, 32 * KIB)]);
    for (let k = 0; k < 9; k++) {
      gpu.completeAll();
      gpu.settle();
      await drain();
    }
    await ensured;
    const [short, long] = (await reads) as [Uint8Array, Uint8Array];
    expect(firstDifference(short, patternOf(0, KIB))).toBe(-1);
    expect(firstDifference(long, patternOf(1, 32 * KIB))).toBe(-1);
    expect([shorter?.isResident, longer?.isResident]).toEqual([true, true]);
    heap.dispose();
  });

  it('the heap may end, whatever it waits for', async () => {
    const { gpu, heap } = openHeap(SMALL, { settleWhen: 'manual' });
    const [placed] = awayOf(heap, 1) as [Allocation<MockBuffer>];
    const gives: ((fails: boolean) => void)[] = [];
    const onRestore = () =>
      new Promise<undefined>((resolve, reject) => {
        gives.push((fails) => (fails ? reject(new Error('late')) : resolve(undefined)));
      });
    const loading = awayOf(heap, 3, { onRestore });
    const ensured = heap.ensureResident([placed]);
    heap.residency.prefetch(loading.slice(0, 2));
    const read = (loading[2] as Allocation<MockBuffer>).read();
    await drain();
    heap.dispose();
    await expect(ensured).rejects.toMatchObject({ code: 'disposed' });
    await expect(read).rejects.toMatchObject({ code: 'dead-allocation' });
    for (const [k, give] of gives.entries()) give(k === 0);
    gpu.settle();
    await drain();
    expect(gpu.buffers.size).toBe(0);
  });

  it('what was to go may be used, and others go instead', async () => {
    const { gpu, heap } = openHeap(SMALL);
    const all = Array.from({ length: 8 }, (_, k) => {
      const made = heap.allocate({ size: 32 * KIB, usage: VERTEX, priority: 'normal', label: `${k}` });
      made.write(patternOf(k, made.size));
      gpu.completeUpTo(heap.endFrame());
      return made;
    });
    const [away] = awayOf(heap, 1) as [Allocation<MockBuffer>];
    const ensured = heap.ensureResident([away]);
    await drain();
    all[0]?.touch();
    for (let k = 0; k < 4; k++) {
      gpu.completeAll();
      await drain();
    }
    await ensured;
    expect(all.map(({ isResident }) => isResident)).toEqual([true, false, ...Array(6).fill(true)]);
    heap.dispose();
  });

  it('two may want the room that one can leave', async () => {
    const { heap } = openSmall();
    const all = awayOf(heap, 8, { lifetime: 'transient' });
    await heap.ensureResident(all);
    for (const each of all) each.touch('written');
    for (const each of all.slice(1)) each.pin();
    heap.endFrame();
    const request = { size: 32 * KIB, usage: VERTEX, lifetime: 'transient' as const };
    const outcomes = await Promise.allSettled([heap.allocateAsync(request), heap.allocateAsync(request)]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(countOf(all)).toBe(7);
    heap.dispose();
  });

  it('what was to make room may be pinned before its turn comes', async () => {
    const { gpu, heap } = openHeap(SMALL);
    const all = Array.from({ length: 8 }, () =>
      heap.allocate({ size: 32 * KIB, usage: VERTEX, priority: 'low' }),
    );
    for (const each of all.slice(1)) each.pin();
    gpu.completeUpTo(heap.endFrame());
    all[7]?.unpin();
    all[7]?.touch();
    heap.endFrame();
    const first = heap.residency.evict(all.slice(7));
    const second = heap.allocateAsync({ size: 32 * KIB, usage: VERTEX });
    const outcome = expect(second).rejects.toMatchObject({ code: 'over-budget' });
    await drain();
    for (const k of [0, 7]) all[k]?.pin();
    for (let k = 0; k < 4; k++) {
      gpu.completeAll();
      await drain();
    }
    expect(await first).toEqual([]);
    await outcome;
    heap.dispose();
  });

  it('an allocateMany that fails leaves none, with memory or without', () => {
    const { gpu, heap } = openSmall();
    const away = { size: 1000, usage: VERTEX, resident: false } as const;
    expect(codeOf(() => heap.allocateMany([away, { size: 1024 * KIB, usage: VERTEX }]))).toBe('over-budget');
    expect(heap.residency.statistics()).toMatchObject({ evictedNowCount: 0, evictedNowBytes: 0 });
    expect(recountHeap(heap, gpu)).toEqual([]);
    heap.dispose();
  });

  it('reads of what is there and what is not come together', async () => {
    const { heap } = openSmall();
    const [away, there] = awayOf(heap, 2) as [Allocation<MockBuffer>, Allocation<MockBuffer>];
    await heap.ensureResident([there]);
    const reads = [there, away, there].map((allocation) => ({ allocation }));
    const [first, second, third] = (await heap.readMany(reads)) as [Uint8Array, Uint8Array, Uint8Array];
    expect(firstDifference(first, patternOf(1, 32 * KIB))).toBe(-1);
    expect(firstDifference(second, patternOf(0, 32 * KIB))).toBe(-1);
    expect(firstDifference(third, patternOf(1, 32 * KIB))).toBe(-1);
    heap.dispose();
  });
});

describe('where leaks are watched for', () => {
  it('what goes and comes is still told, and counted under its names', async () => {
    const leaks: string[] = [];
    const { gpu, heap } = openSmall({ onLeak: ({ label }) => void leaks.push(label) });
    const kept = heap.allocate({ size: 1000, usage: VERTEX, owner: 'me', label: 'kept', priority: 'low' });
    kept.write(patternOf(1, 1000));
    heap.endFrame();
    await heap.residency.evict([kept]);
    expect(heap.owners.statistics('me')?.liveCount).toBe(0);
    await heap.ensureResident([kept]);
    expect(recountHeap(heap, gpu)).toEqual([]);
    expect(firstDifference(await kept.read(), patternOf(1, 1000))).toBe(-1);
    drop(() => heap.allocate({ size: 500, usage: VERTEX, label: 'dropped', priority: 'low' }));
    drop(() => heap.allocate({ size: 600, usage: VERTEX, label: 'away', resident: false, priority: 'low' }));
    await frames(heap, 2);
    await collectGarbage();
    expect(leaks.sort()).toEqual(['away', 'dropped']);
    expect(heap.residency.statistics()).toMatchObject({ evictedNowCount: 0, evictedNowBytes: 0 });
    await frames(heap, 1);
    expect(recountHeap(heap, gpu)).toEqual([]);
    kept.free();
    heap.dispose();
  });

  it('nobody is evicted whose object has gone, nor counted for', async () => {
    const { heap } = openSmall({ watchLeaks: true });
    const request = { size: 8 * KIB, usage: VERTEX, priority: 'low' as const };
    // The last one may still lie in a register.
    for (let k = 0; k < 5; k++) {
      drop(() => heap.allocate({ ...request, onRestore: () => undefined }));
      drop(() => heap.allocate({ ...request, resident: false }));
    }
    await frames(heap, 1);
    await new Promise((resolve) => setTimeout(resolve));
    collect();
    // Collected, but nobody has been told.
    expect(heap.residency.statistics()).toMatchObject({ evictedNowCount: 5, hostBytes: 0 });
    expect(codeOf(() => heap.allocate({ size: 250 * KIB, usage: VERTEX }))).toBe('over-budget');
    await collectGarbage();
    heap.endFrame();
    expect(heap.residency.statistics().evictedNowCount).toBe(0);
    const all = awayOf(heap, 8);
    await heap.ensureResident(all);
    await expectPatterns(all);
    heap.dispose();
  });
});

/** Makes something that nothing refers to. */
function drop(make: () => object): void {
  make();
}

describe('where little is to be had', () => {
  it('nothing is held for reading back, and clean ones go all the same', async () => {
    const types = openHeap().backend.memoryTypes;
    const only = types.filter(({ properties }) => (properties & MemoryProperty.DEVICE_LOCAL) !== 0);
    const { heap } = openHeap(
      { chunkBytes: 64 * KIB, budgetBytes: 64 * KIB, uploadBytes: 0 },
      { autoComplete: true, memoryTypes: only },
    );
    const all = awayOf(heap, 4);
    for (const each of all) {
      await heap.ensureResident([each]);
      heap.endFrame();
    }
    expect(countOf(all)).toBe(2);
    heap.dispose();
  });

  it('a budget below what would be held for it holds nothing', async () => {
    const { heap } = openHeap(
      { chunkBytes: 64 * KIB, budgetBytes: 40 * KIB, uploadBytes: 0 },
      { autoComplete: true },
    );
    const all = awayOf(heap, 2);
    for (const each of all) {
      await heap.ensureResident([each]);
      heap.endFrame();
    }
    expect(countOf(all)).toBe(1);
    heap.dispose();
  });

  it('what other timelines use stays beside what goes', () => {
    const { gpu, heap } = openHeap(SMALL, { timelines: 2, reuseAfter: 'completed' });
    const request = { size: 32 * KIB, usage: VERTEX, onRestore: () => undefined };
    const other = heap.allocate({ ...request, timelines: [0, 1] });
    const all = Array.from({ length: 7 }, () => heap.allocate({ ...request, priority: 'low' }));
    heap.endFrame();
    gpu.completeAll();
    for (let k = 0; k < 7; k++) heap.allocate({ ...request, priority: 'high' });
    expect([countOf(all), other.isResident]).toEqual([0, true]);
    expect(codeOf(() => heap.allocate(request))).toBe('over-budget');
    heap.dispose();
  });

  it('what other timelines use is not evicted, nor promised by a rebuild', () => {
    const { gpu, heap } = openHeap({}, { timelines: 2, reuseAfter: 'completed' });
    const request = { size: 100, usage: VERTEX, timelines: [0, 1] };
    expect(codeOf(() => heap.allocate({ ...request, priority: 'low' }))).toBe('bad-argument');
    expect(() => heap.allocate({ ...request, resident: false })).toThrow(/timelines an array/);
    const one = heap.allocate({ ...request, onRestore: async () => new Uint8Array(100) });
    gpu.lose();
    const next = new MockGpu({ timelines: 2, reuseAfter: 'completed' });
    const { failures, evicted, emptied } = heap.rebuild(next.backend());
    expect([failures.map(({ error }) => (error as UsageError).code), evicted, emptied]).toEqual([
      ['not-restored'],
      [],
      [one],
    ]);
    expect(String(failures[0]?.error)).toContain('other timelines');
    heap.dispose();
  });
});
