import { digest } from '@gpuheap/core/debug';
import { BestFit, Tlsf } from '@gpuheap/core/ranges';
import { expect, it } from 'vitest';
import { mustAllocate } from './scenes.ts';

it.each([Tlsf, BestFit])('counts nothing for what was refused', (Kind) => {
  const ranges = new Kind({ capacity: 1000, granularity: 10 });
  mustAllocate(ranges, 333);
  const before = digest(ranges);
  for (let i = 0; i < 10; i++) {
    ranges.allocate(900);
    expect(ranges.allocateMany([{ size: 55 }, { size: 66, alignment: 40 }, { size: 700 }])).toBeUndefined();
  }
  expect(digest(ranges)).toBe(before);
});

it.each([Tlsf, BestFit])('is back at zero when everything has ended', (Kind) => {
  const ranges = new Kind({ capacity: 1000, granularity: 10 });
  const handles = [7, 13, 20, 101].map((size) => mustAllocate(ranges, size));
  expect(ranges.resize(handles[3] as number, 144)).toBe(true);
  expect(ranges.statistics()).toMatchObject({ used: 200, requested: 184 });
  expect(ranges.resize(handles[1] as number, 3)).toBe(true);
  expect(ranges.statistics()).toMatchObject({ used: 190, requested: 174 });
  for (const handle of handles) ranges.free(handle);
  expect(ranges.statistics()).toMatchObject({
    used: 0,
    requested: 0,
    free: 1000,
    liveCount: 0,
    holeCount: 1,
  });
});
