import { expect, it } from 'vitest';
import { codeOf } from '../code-of.ts';
import { EVERY_KIND } from './scenes.ts';

const NOT_SIZES = [0.5, 1.5, -1, -0.5, 0, -0, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, 2 ** 60, 1e300];

it.each(EVERY_KIND)('%s lets no number in that is not a safe integer', (_, make) => {
  for (const granularity of [1, 3, 16]) {
    const ranges = make({ capacity: 4096, granularity });
    for (const size of NOT_SIZES) expect(codeOf(() => ranges.allocate(size))).toBe('bad-size');
    for (const alignment of NOT_SIZES)
      expect(codeOf(() => ranges.allocate(8, alignment))).toBe('bad-alignment');
    for (const capacity of NOT_SIZES) {
      expect(codeOf(() => make({ capacity }))).toBe('bad-capacity');
      expect(codeOf(() => ranges.grow(capacity))).toBe('bad-capacity');
    }
    expect(ranges.statistics()).toMatchObject({ allocationCount: 0, used: 0 });
  }
});
