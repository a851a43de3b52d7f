/** Hints, and what shows that the working set is too large. */
import { describe, expect, it } from 'vitest';
import { type MockBuffer, MockGpu } from '../../../mock/src/index.ts';
import type { Allocation, Thrashing } from '../../src/index.ts';
import { firstDifference, patternOf } from '../heap/open-heap.ts';
import { drain } from '../heap/watched.ts';
import { awayOf, countOf, frames, KIB, openSmall } from './away-scene.ts';

describe('prefetch', () => {
  it('brings what is hinted at, so many bytes a frame, the first hint first', async () => {
    const { heap } = openSmall({ residency: { prefetchBytesPerFrame: 64 * KIB } });
    const all = awayOf(heap, 6);
    heap.residency.prefetch(all);
    heap.residency.prefetch(all.slice(2));
    await drain();
    expect([countOf(all), heap.residency.statistics().hintCount]).toEqual([0, 6]);
    await frames(heap, 1);
    expect(all.map(({ isResident }) => isResident)).toEqual([true, true, false, false, false, false]);
    await frames(heap, 2);
    expect([countOf(all), heap.residency.statistics().hintCount]).toEqual([6, 0]);
    for (const [k, each] of all.entries()) {
      expect(firstDifference(await each.read(), patternOf(k, each.size))).toBe(-1);
    }
    expect(all.every(({ neededCount }) => neededCount === 0)).toBe(true);
    heap.dispose();
  });

  it('takes the room of what has long not been used, and of nothing else', async () => {
    const { heap } = openSmall();
    const old = awayOf(heap, 8);
    const hinted = awayOf(heap, 4);
    await heap.ensureResident(old);
    await frames(heap, 30);
    heap.residency.prefetch(hinted);
    await frames(heap, 3);
    expect([countOf(old), countOf(hinted), heap.residency.statistics().hintCount]).toEqual([8, 0, 0]);
    await frames(heap, 40);
    for (const each of old.slice(0, 5)) each.touch('read');
    heap.residency.prefetch(hinted);
    await frames(heap, 3);
    expect(old.map(({ isResident }) => isResident)).toEqual([
      true,
      true,
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
    expect(countOf(hinted)).toBe(3);
    heap.dispose();
  });

  it('brings what stays until it is used, though it was used last of all', async () => {
    const { heap } = openSmall();
    const all = awayOf(heap, 8);
    await heap.ensureResident(all.slice(0, 7));
    for (const each of all.slice(0, 7)) each.touch('read');
    heap.residency.prefetch(all.slice(7));
    await frames(heap, 3);
    expect(countOf(all)).toBe(8);
    await heap.ensureResident(awayOf(heap, 3));
    expect(all.map(({ isResident }) => isResident)).toEqual([
      ...Array(3).fill(false),
      ...Array(5).fill(true),
    ]);
    heap.dispose();
  });

  it('takes nothing from a higher priority', async () => {
    const { heap } = openSmall();
    const high = awayOf(heap, 8, { priority: 'high' });
    await heap.ensureResident(high);
    await frames(heap, 70);
    const low = awayOf(heap, 2, { priority: 'low' });
    const higher = awayOf(heap, 1, { priority: 'high' });
    heap.residency.prefetch([...low, ...higher]);
    await frames(heap, 5);
    expect([countOf(high), countOf(low), countOf(higher)]).toEqual([7, 0, 1]);
    heap.dispose();
  });

  it('forgets what is freed, what comes by itself, what can not be loaded, and all when the heap ends', async () => {
    const { heap } = openSmall();
    const all = awayOf(heap, 3);
    const broken = awayOf(heap, 1, { onRestore: () => Promise.reject(new Error('gone')) });
    const slow = awayOf(heap, 1, { onRestore: () => new Promise(() => {}) });
    heap.residency.prefetch([...all, ...broken, ...slow]);
    all[0]?.free();
    await heap.ensureResident(all.slice(1, 2));
    await frames(heap, 3);
    expect(countOf([...all, ...broken, ...slow])).toBe(2);
    expect(heap.residency.statistics().hintCount).toBe(1);
    heap.dispose();
    expect(heap.residency.statistics().hintCount).toBe(0);
  });

  it('does nothing where no bytes are allowed, nor for what a lost device was to have', async () => {
    const { gpu, heap } = openSmall({ residency: { prefetchBytesPerFrame: 0 } });
    const gives: (() => void)[] = [];
    const [late] = awayOf(heap, 1, {
      onRestore: () => new Promise<undefined>((resolve) => void gives.push(() => resolve(undefined))),
    });
    const all = awayOf(heap, 2);
    heap.residency.prefetch([...all, late as Allocation<MockBuffer>]);
    await frames(heap, 2);
    expect(countOf(all)).toBe(0);
    gpu.lose();
    heap.rebuild(new MockGpu({ autoComplete: true }).backend());
    for (const give of gives) give();
    await frames(heap, 2);
    expect([countOf(all), late?.neededCount]).toEqual([0, 0]);
    heap.dispose();
  });

  it('counts what fails, since nobody waits for it', async () => {
    const { gpu, heap } = openSmall();
    const all = awayOf(heap, 2);
    heap.residency.prefetch(all);
    await drain();
    gpu.faults.failAtCall(gpu.counts.write + 1, { kind: 'write' });
    await frames(heap, 2);
    expect(heap.residency.statistics()).toMatchObject({ failedCount: 1, hintCount: 0 });
    expect(countOf(all)).toBe(0);
    await heap.ensureResident(all);
    heap.dispose();
  });
});

describe('thrashing', () => {
  it('is told once for each stretch of it, with what went to and fro', async () => {
    const told: Thrashing[] = [];
    const { heap } = openSmall({ residency: { onThrash: (thrashing) => void told.push(thrashing) } });
    const all = awayOf(heap, 12);
    const turn = async (sets: number, count: number) => {
      for (let k = 0; k < count; k++) {
        const wanted = all.slice((k % sets) * 4, (k % sets) * 4 + 4);
        await heap.ensureResident(wanted);
        for (const each of wanted) each.touch('read');
        await frames(heap, 1);
      }
    };
    await turn(2, 120);
    expect([told.length, heap.residency.statistics().isThrashing]).toEqual([0, false]);
    await turn(3, 180);
    expect([told.length, heap.residency.statistics().isThrashing]).toEqual([1, true]);
    expect(told[0]?.evictedBytes).toBeGreaterThan(1024 * KIB);
    expect((told[0] as Thrashing).returnedBytes * 2).toBeGreaterThanOrEqual(
      (told[0] as Thrashing).evictedBytes,
    );
    await turn(2, 180);
    expect([told.length, heap.residency.statistics().isThrashing]).toEqual([1, false]);
    await turn(3, 120);
    expect(told.length).toBe(2);
    expect(heap.residency.statistics().returnedBytes).toBeGreaterThan(told[0]?.returnedBytes ?? 0);
    heap.dispose();
  });
});
