import { BestFit, Tlsf } from '@gpuheap/core/ranges';
import { expect, it } from 'vitest';
import { mustAllocate } from './scenes.ts';

it.each([Tlsf, BestFit])('joins with the hole on the left, on the right, and on both sides', (Kind) => {
  for (const order of [
    [0, 1, 2],
    [2, 1, 0],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
  ]) {
    const ranges = new Kind({ capacity: 30 });
    const handles = [mustAllocate(ranges, 10), mustAllocate(ranges, 10), mustAllocate(ranges, 10)];
    for (const index of order) ranges.free(handles[index] as number);
    expect([...ranges.ranges()]).toEqual([{ offset: 0, size: 30, handle: 0 }]);
    expect(ranges.statistics()).toMatchObject({ holeCount: 1, largestFree: 30 });
  }
});
