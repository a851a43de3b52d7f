/** What was evicted is used as if it was there, and nobody is told. */
import { expect, it } from 'vitest';
import type { MockBuffer } from '../../../mock/src/index.ts';
import { type Allocation, BufferUsage } from '../../src/index.ts';
import { codeOf } from '../code-of.ts';
import { firstDifference, openHeap, patternOf } from '../heap/open-heap.ts';
import { drain } from '../heap/watched.ts';

const KIB = 1024;
const usage = BufferUsage.VERTEX;

function open() {
  const options = { chunkBytes: 256 * KIB, budgetBytes: 320 * KIB, uploadBytes: 0 };
  const { heap } = openHeap(options, { autoComplete: true });
  const all = Array.from({ length: 8 }, (_, k) => {
    const made = heap.allocate({ size: 32 * KIB, usage, priority: 'normal' });
    made.write(patternOf(k, made.size));
    heap.endFrame();
    return made;
  });
  return { heap, all };
}

it('an evicted allocation has no binding, and is not touched as if it was there', async () => {
  const { heap, all } = open();
  const [gone] = (await heap.residency.evict(all.slice(0, 1))) as [Allocation<MockBuffer>];
  expect([gone.isResident, gone.touch()]).toEqual([false, false]);
  expect(codeOf(() => gone.binding())).toBe('not-resident');
  expect(codeOf(() => gone.buffer)).toBe('not-resident');
  heap.dispose();
});

it('a restored allocation has its bytes, another version, and whoever bound it is told', async () => {
  const { heap, all } = open();
  const wanted = all.slice(0, 3);
  const versions = wanted.map(({ version }) => version);
  const told = new Set<number>();
  for (const [k, each] of wanted.entries()) each.on('moved', () => told.add(k));
  await heap.residency.evict(wanted);
  await heap.ensureResident(wanted);
  expect(told.size).toBe(3);
  for (const [k, each] of wanted.entries()) {
    expect(each.version).toBeGreaterThan(versions[k] as number);
    expect(firstDifference(await each.read(), patternOf(k, each.size))).toBe(-1);
  }
  heap.dispose();
});

it('a working set is whole when the promise of it resolves, or the promise rejects', async () => {
  const { heap, all } = open();
  const more = Array.from({ length: 8 }, (_, k) =>
    heap.allocate({
      ...{ size: 32 * KIB, usage, priority: 'normal' as const, resident: false },
      onRestore: () => patternOf(20 + k, 32 * KIB),
    }),
  );
  await heap.ensureResident(more);
  expect(more.every(({ isResident }) => isResident)).toBe(true);
  const both = heap.ensureResident([...all, ...more]);
  await expect(both).rejects.toMatchObject({ code: 'over-budget' });
  heap.dispose();
});

it('what is resized on its way back comes back with what was loaded, not with what its host copy had', async () => {
  const { gpu, heap } = openHeap({}, { autoComplete: true, settleWhen: 'manual' });
  const base = patternOf(9, 32 * KIB);
  const away = heap.allocate({
    ...{ size: 32 * KIB, usage, priority: 'normal', resident: false, hostCopy: true },
    onRestore: () => base,
  });
  const ensured = heap.ensureResident([away]);
  await drain();
  away.resize(KIB);
  const read = away.read();
  for (let k = 0; k < 9; k++) {
    gpu.settle();
    await drain();
  }
  await ensured;
  expect(away.isResident).toBe(true);
  expect(firstDifference(await read, base.slice(0, KIB))).toBe(-1);
  heap.dispose();
});
