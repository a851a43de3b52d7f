import { Buddy, Linear } from '@gpuheap/core/ranges';
import { expect, it } from 'vitest';
import { codeOf } from '../code-of.ts';
import { mustAllocate, WITH_ANY_ALIGNMENT } from './scenes.ts';

it.each(WITH_ANY_ALIGNMENT)('%s aligns to numbers that are no powers of two', (_, make) => {
  for (const alignment of [3, 12, 36, 100, 101, 1000]) {
    for (const granularity of [1, 4, 7]) {
      const ranges = make({ capacity: 100_000 * granularity, granularity });
      for (let i = 0; i < 20; i++) {
        mustAllocate(ranges, 1 + i);
        expect(ranges.offsetOf(mustAllocate(ranges, 5, alignment)) % alignment).toBe(0);
      }
    }
  }
});

it('aligns from the upper end too', () => {
  const linear = new Linear({ capacity: 10_000 });
  for (const alignment of [3, 12, 101, 1000]) {
    expect(linear.offsetOf(linear.allocateBy('max-offset', 5, alignment)) % alignment).toBe(0);
  }
});

it('refuses what it can not align to, and counts alignments in units', () => {
  const buddy = new Buddy({ capacity: 3 * 4096, granularity: 3 });
  for (const alignment of [5, 7, 9, 20, 100]) {
    expect(codeOf(() => buddy.allocate(8, alignment))).toBe('bad-alignment');
  }
  for (const alignment of [1, 2, 3, 6, 12, 64, 192]) {
    mustAllocate(buddy, 1);
    expect(buddy.offsetOf(mustAllocate(buddy, 5, alignment)) % alignment).toBe(0);
  }
});
