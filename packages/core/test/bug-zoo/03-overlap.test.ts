import { NO_SPACE, Tlsf } from '@gpuheap/core/ranges';
import { expect, it } from 'vitest';
import { expectDisjoint, mustAllocate } from './scenes.ts';

it('takes only a hole of the same class that is long enough', () => {
  // 1000 and 1001 share a bin; the only hole is one unit too short for the second.
  const ranges = new Tlsf({ capacity: 1002 });
  const left = mustAllocate(ranges, 1);
  const middle = mustAllocate(ranges, 1000);
  const right = mustAllocate(ranges, 1);
  ranges.free(middle);
  expect(ranges.allocate(1001)).toBe(NO_SPACE);
  const again = mustAllocate(ranges, 1000);
  expectDisjoint(ranges, [left, again, right]);
});
