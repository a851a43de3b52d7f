import { validate } from '@gpuheap/core/debug';
import { BestFit, Linear, Tlsf } from '@gpuheap/core/ranges';
import { expect, it } from 'vitest';
import { codeOf, mustAllocate } from './scenes.ts';

it.each([Tlsf, BestFit, Linear])('refuses to end a range twice, and changes nothing', (Kind) => {
  const ranges = new Kind({ capacity: 100 });
  const first = mustAllocate(ranges, 10);
  const second = mustAllocate(ranges, 10);
  ranges.free(first);
  for (let i = 0; i < 3; i++) expect(codeOf(() => ranges.free(first))).toBe('stale-handle');
  expect(ranges.statistics()).toMatchObject({ used: 10, liveCount: 1, freeCount: 1 });
  mustAllocate(ranges, 10);
  expect(codeOf(() => ranges.free(first))).toBe('stale-handle');
  expect(ranges.sizeOf(second)).toBe(10);
  expect(validate(ranges)).toEqual([]);
});
