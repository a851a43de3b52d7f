import { BestFit, Tlsf } from '@gpuheap/core/ranges';
import { expect, it } from 'vitest';
import { mustAllocate } from './scenes.ts';

it.each([Tlsf, BestFit])('has a class for a hole as long as the span, whatever its length', (Kind) => {
  for (const capacity of [1, 63, 64, 65, 127, 128, 2 ** 20 - 1, 2 ** 20, 2 ** 30, 2 ** 31 - 1]) {
    const ranges = new Kind({ capacity });
    expect(ranges.largestAllocatable()).toBe(capacity);
    const whole = mustAllocate(ranges, capacity);
    expect(ranges.largestAllocatable()).toBe(0);
    ranges.free(whole);
    mustAllocate(ranges, capacity);
  }
});

it('follows a span that grows into a longer class', () => {
  const ranges = new Tlsf({ capacity: 60 });
  ranges.grow(2 ** 31 - 1);
  mustAllocate(ranges, 2 ** 31 - 1);
});
