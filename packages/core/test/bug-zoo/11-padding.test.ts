import { BestFit, Linear, NO_SPACE, Tlsf } from '@gpuheap/core/ranges';
import { expect, it } from 'vitest';
import { mustAllocate } from './scenes.ts';

it.each([Tlsf, BestFit])('counts the padding before an aligned range as free, and gives it away', (Kind) => {
  const ranges = new Kind({ capacity: 256 });
  mustAllocate(ranges, 1);
  const aligned = mustAllocate(ranges, 10, 64);
  expect(ranges.offsetOf(aligned)).toBe(64);
  expect(ranges.statistics()).toMatchObject({ used: 11, free: 245, holeCount: 2 });
  expect(ranges.offsetOf(mustAllocate(ranges, 63))).toBe(1);
  ranges.free(aligned);
  expect(ranges.statistics()).toMatchObject({ used: 64, free: 192, holeCount: 1 });
});

it('gets the padding back when a linear range ends', () => {
  const ranges = new Linear({ capacity: 256 });
  mustAllocate(ranges, 1);
  for (let i = 0; i < 100; i++) ranges.free(mustAllocate(ranges, 10, 64));
  expect(ranges.statistics()).toMatchObject({ used: 1, free: 255, holeCount: 1 });
  expect(ranges.allocate(256)).toBe(NO_SPACE);
  mustAllocate(ranges, 255);
});
