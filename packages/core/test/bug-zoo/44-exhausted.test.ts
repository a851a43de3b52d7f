import { Linear, NO_SPACE } from '@gpuheap/core/ranges';
import { expect, it } from 'vitest';
import { codeOf } from '../code-of.ts';
import { EVERY_KIND, fill, mustAllocate } from './scenes.ts';

it.each(EVERY_KIND)('%s answers NO_SPACE, and nothing else, when it is full', (_, make) => {
  for (const size of [1, 4, 128]) {
    const ranges = make({ capacity: 128 });
    const liveCount = fill(ranges, size).length;
    expect(liveCount).toBe(128 / size);
    for (const [more, alignment] of [
      [1, 1],
      [1, 64],
      [96, 1],
      [33, 4],
      [129, 1],
    ] as const) {
      expect(ranges.allocate(more, alignment)).toBe(NO_SPACE);
    }
    expect(ranges.statistics()).toMatchObject({ liveCount, used: 128, free: 0 });
    expect(codeOf(() => ranges.free(NO_SPACE))).toBe('bad-handle');
  }
});

it('answers NO_SPACE at the upper end too', () => {
  const linear = new Linear({ capacity: 96 });
  mustAllocate(linear, 96);
  expect(linear.allocateBy('max-offset', 1)).toBe(NO_SPACE);
});
