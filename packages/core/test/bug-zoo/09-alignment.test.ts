import { BestFit, Linear, Tlsf } from '@gpuheap/core/ranges';
import { expect, it } from 'vitest';
import { mustAllocate } from './scenes.ts';

it.each([Tlsf, BestFit, Linear])('aligns to numbers that are no powers of two', (Kind) => {
  for (const alignment of [3, 12, 36, 100, 101, 1000]) {
    for (const granularity of [1, 4, 7]) {
      const ranges = new Kind({ capacity: 100_000 * granularity, granularity });
      for (let i = 0; i < 20; i++) {
        mustAllocate(ranges, 1 + i);
        expect(ranges.offsetOf(mustAllocate(ranges, 5, alignment)) % alignment).toBe(0);
      }
    }
  }
});
