import { BestFit, type Handle, NO_SPACE, type RangeView } from '@gpuheap/core/ranges';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scale } from '../../../testing/src/scale.ts';

/** The oracle: looks at every hole. The offset that best fit must choose, or -1. */
function bestOffset(ranges: Iterable<RangeView>, size: number, alignment: number): number {
  let bestSize = Number.POSITIVE_INFINITY;
  let offset = -1;
  for (const range of ranges) {
    const start = Math.ceil(range.offset / alignment) * alignment;
    if (range.handle !== NO_SPACE || range.size >= bestSize) continue;
    if (start + size > range.offset + range.size) continue;
    bestSize = range.size;
    offset = start;
  }
  return offset;
}

function largest(ranges: Iterable<RangeView>, alignment: number): number {
  let best = 0;
  for (const range of ranges) {
    const start = Math.ceil(range.offset / alignment) * alignment;
    if (range.handle === NO_SPACE) best = Math.max(best, range.offset + range.size - start);
  }
  return best;
}

const step = fc.record({
  size: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 400 })),
  alignment: fc.constantFrom(1, 1, 1, 2, 3, 8, 36, 256),
  free: fc.nat(),
  frees: fc.boolean(),
});

describe('best fit', () => {
  it('chooses the smallest hole that holds the request, the lowest among equals, and refuses only what fits nowhere', () => {
    const plan = fc.array(step, { minLength: 20, maxLength: 300 });
    const check = (steps: { size: number; alignment: number; free: number; frees: boolean }[]): void => {
      const ranges = new BestFit({ capacity: 3000 });
      const live: Handle[] = [];
      for (const { size, alignment, free, frees } of steps) {
        if (frees && live.length > 0) {
          ranges.free(live.splice(free % live.length, 1)[0] as Handle);
        }
        expect(ranges.largestAllocatable(alignment)).toBe(largest(ranges.ranges(), alignment));
        const expected = bestOffset(ranges.ranges(), size, alignment);
        const handle = ranges.allocate(size, alignment);
        expect(handle === NO_SPACE ? -1 : ranges.offsetOf(handle)).toBe(expected);
        if (handle !== NO_SPACE) live.push(handle);
      }
    };
    fc.assert(fc.property(plan, check), { numRuns: scale(150, 5000) });
  });

  it('keeps thousands of holes of one bin in order', () => {
    const count = 4000;
    const ranges = new BestFit({ capacity: count * 2 * 64 });
    const handles: Handle[] = [];
    // Sizes 63 and 62 share no bin with 64 but one another's neighbours; every second range is freed,
    // shuffled.
    for (let i = 0; i < count * 2; i++) handles.push(ranges.allocate(i % 2 === 0 ? 60 + (i % 5) : 64));
    for (let i = 0; i < count; i++) ranges.free(handles[((i * 1237) % count) * 2] as Handle);
    for (let i = 0; i < count; i++) {
      const expected = bestOffset(ranges.ranges(), 61, 1);
      const handle = ranges.allocate(61);
      expect(ranges.offsetOf(handle)).toBe(expected);
      if (i > 60) break;
    }
    for (let i = 0; i < count; i++) ranges.free(handles[i * 2 + 1] as Handle);
    expect(ranges.statistics().liveCount).toBe(62);
  });
});
