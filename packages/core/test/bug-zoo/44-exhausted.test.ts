import { BestFit, Linear, NO_SPACE, Tlsf } from '@gpuheap/core/ranges';
import { expect, it } from 'vitest';
import { mustAllocate } from './scenes.ts';

it.each([Tlsf, BestFit, Linear])('answers NO_SPACE, and nothing else, when it is full', (Kind) => {
  const ranges = new Kind({ capacity: 96 });
  mustAllocate(ranges, 96);
  for (const [size, alignment] of [
    [1, 1],
    [1, 64],
    [96, 1],
    [33, 3],
    [97, 5],
  ] as const) {
    expect(ranges.allocate(size, alignment)).toBe(NO_SPACE);
  }
  expect(ranges.statistics()).toMatchObject({ liveCount: 1, used: 96 });
});
