import { describe, expect, it } from 'vitest';
import { BufferUsage } from '../../src/index.ts';
import { firstDifference, openHeap, patternOf } from '../heap/open-heap.ts';

const { STORAGE } = BufferUsage;
const KIB = 1024;

describe('an allocation that was evicted', () => {
  it('comes back with its bytes', async () => {
    const { heap } = openHeap({ chunkBytes: 256 * KIB }, { autoComplete: true });
    const made = Array.from({ length: 20 }, (_, k) => heap.allocate({ size: 1000 + k, usage: STORAGE }));
    for (const [k, each] of made.entries()) each.write(patternOf(k, each.size));
    heap.endFrame();
    const gone = await heap.residency.evict(made);
    expect(gone.length).toBe(20);
    expect(made.every(({ isResident, isLive }) => !isResident && isLive)).toBe(true);
    expect(heap.statistics().allocationCount).toBe(0);
    await heap.ensureResident(made);
    for (const [k, each] of made.entries()) {
      expect(firstDifference(await each.read(), patternOf(k, each.size))).toBe(-1);
    }
    heap.dispose();
  });
});
