import { Linear, NO_SPACE } from '@gpuheap/core/ranges';
import { describe, expect, it } from 'vitest';
import { EVERY_KIND, kindsOf, mustAllocate } from './scenes.ts';

describe.each(kindsOf('linear', 'ring'))('%s', (_, make) => {
  it('refuses what is longer than the space in front of it, by one unit too', () => {
    const ranges = make({ capacity: 100 });
    expect(ranges.allocate(101)).toBe(NO_SPACE);
    mustAllocate(ranges, 40);
    expect(ranges.allocate(61)).toBe(NO_SPACE);
    expect(ranges.allocate(60, 64)).toBe(NO_SPACE);
    mustAllocate(ranges, 60);
    expect(ranges.allocate(1)).toBe(NO_SPACE);
    expect(ranges.statistics()).toMatchObject({ used: 100, free: 0 });
  });
});

it('refuses it at the upper end too', () => {
  const linear = new Linear({ capacity: 100 });
  expect(linear.allocateBy('max-offset', 101)).toBe(NO_SPACE);
  mustAllocate(linear, 40);
  expect(linear.allocateBy('max-offset', 61)).toBe(NO_SPACE);
  expect(linear.allocateBy('max-offset', 50, 64)).toBe(NO_SPACE);
  expect(linear.allocateBy('max-offset', 60)).not.toBe(NO_SPACE);
  expect(linear.allocateBy('max-offset', 1)).toBe(NO_SPACE);
});

it.each(EVERY_KIND)('%s refuses what is longer than the span', (_, make) => {
  for (const granularity of [1, 5]) {
    const ranges = make({ capacity: 64 * granularity, granularity });
    for (const size of [64 * granularity + 1, 65 * granularity, 128 * granularity, 2 ** 40]) {
      expect(ranges.allocate(size)).toBe(NO_SPACE);
    }
    const live = mustAllocate(ranges, granularity);
    expect(ranges.resize(live, 64 * granularity + 1)).toBe(false);
    expect(ranges.allocate(64 * granularity)).toBe(NO_SPACE);
  }
});
