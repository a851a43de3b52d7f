import { BestFit, Linear, Tlsf } from '@gpuheap/core/ranges';
import { expect, it } from 'vitest';
import { mustAllocate } from './scenes.ts';

it.each([Tlsf, BestFit, Linear])('gives offsets beyond 2^31, 2^32 and 2^52 whole', (Kind) => {
  const ranges = new Kind({ capacity: 2 ** 53 - 2 ** 23, granularity: 2 ** 23 });
  const steps = [2 ** 31, 2 ** 32, 2 ** 51, 2 ** 52];
  let expected = 0;
  for (const size of steps) {
    const handle = mustAllocate(ranges, size);
    expect(ranges.offsetOf(handle)).toBe(expected);
    expect(ranges.sizeOf(handle)).toBe(size);
    expected += size;
  }
  expect(ranges.statistics()).toMatchObject({ used: expected, liveCount: 4 });
});
