import { validate } from '@gpuheap/core/debug';
import { expect, it } from 'vitest';
import { codeOf } from '../code-of.ts';
import { EVERY_KIND, mustAllocate } from './scenes.ts';

it.each(EVERY_KIND)('%s refuses to end a range twice, and changes nothing', (_, make) => {
  const ranges = make({ capacity: 128 });
  const first = mustAllocate(ranges, 16);
  const second = mustAllocate(ranges, 16);
  ranges.free(first);
  for (let i = 0; i < 3; i++) expect(codeOf(() => ranges.free(first))).toBe('stale-handle');
  expect(ranges.statistics()).toMatchObject({ used: 16, liveCount: 1, freeCount: 1 });
  const third = mustAllocate(ranges, 16);
  expect(codeOf(() => ranges.free(first))).toBe('stale-handle');
  expect(ranges.sizeOf(second)).toBe(16);
  expect(ranges.offsetOf(third)).not.toBe(ranges.offsetOf(second));
  expect(validate(ranges)).toEqual([]);
  ranges.reset();
  expect(codeOf(() => ranges.free(second))).toBe('stale-handle');
  expect(validate(ranges)).toEqual([]);
});
