import { validate } from '@gpuheap/core/debug';
import { NO_SPACE } from '@gpuheap/core/ranges';
import { describe, expect, it } from 'vitest';
import { EVERY_KIND, expectDisjoint, mustAllocate } from './scenes.ts';

const CAPACITIES = [1, 63, 64, 65, 127, 128, 2 ** 20 - 1, 2 ** 20, 2 ** 30, 2 ** 31 - 1];

describe.each(EVERY_KIND)('%s', (name, make) => {
  /** No range of a buddy is longer than the longest power of two. */
  const longestOf = (capacity: number) =>
    name === 'buddy' ? 2 ** Math.floor(Math.log2(capacity)) : capacity;

  it('has a class for a hole as long as the span, whatever its length', () => {
    for (const capacity of CAPACITIES) {
      const ranges = make({ capacity });
      const longest = longestOf(capacity);
      expect(ranges.largestAllocatable()).toBe(longest);
      const whole = mustAllocate(ranges, longest);
      expect(ranges.allocate(longest)).toBe(NO_SPACE);
      expect(ranges.largestAllocatable()).toBeLessThan(longest);
      ranges.free(whole);
      mustAllocate(ranges, longest);
    }
  });

  it('follows a span that grows into a longer class', () => {
    const ranges = make({ capacity: 60 });
    ranges.grow(2 ** 31 - 1);
    expectDisjoint(ranges, [mustAllocate(ranges, longestOf(2 ** 31 - 1))]);
    expect(validate(ranges)).toEqual([]);
  });
});
