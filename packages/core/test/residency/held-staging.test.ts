import { describe, expect, it } from 'vitest';
import { BufferUsage } from '../../src/index.ts';
import { firstDifference, openHeap, patternOf } from '../heap/open-heap.ts';

const KIB = 1024;

describe('what a full heap holds for reads', () => {
  // A 32nd of the budget is held: 128 KiB. Whatever is as long as a chunk has a buffer of its own.
  const options = { budgetBytes: 4096 * KIB, chunkBytes: 64 * KIB };
  const request = { usage: BufferUsage.STORAGE, priority: 'normal' } as const;

  it.each([32, 64, 96, 120])('serves evictions of %i KiB each', async (kib) => {
    const { heap } = openHeap(options, { autoComplete: true });
    const made = [];
    for (let k = 0; ; k++) {
      const each = heap.tryAllocate({ ...request, size: kib * KIB });
      if (each === undefined) break;
      each.write(patternOf(k, each.size));
      made.push(each);
    }
    // Nothing is left beside.
    for (; heap.tryAllocate({ usage: BufferUsage.STORAGE, size: 4 * KIB }) !== undefined; );
    heap.endFrame();
    expect(await heap.residency.evict(made)).toEqual(made);
    for (const [k, each] of made.entries()) {
      expect(firstDifference(await each.read(), patternOf(k, each.size))).toBe(-1);
    }
    heap.dispose();
  });

  it.each([60, 64, 100, 128])('serves a read of %i KiB', async (kib) => {
    const { heap } = openHeap(options, { autoComplete: true });
    const made = heap.allocate({ ...request, size: kib * KIB });
    made.write(patternOf(1, made.size));
    for (let size = 64 * KIB; size > 1024; size /= 2) {
      for (; heap.tryAllocate({ usage: BufferUsage.STORAGE, size }) !== undefined; );
    }
    expect(firstDifference(await made.read(), patternOf(1, made.size))).toBe(-1);
    heap.dispose();
  });
});
