import { validate } from '@gpuheap/core/debug';
import { Buddy } from '@gpuheap/core/ranges';
import { describe, expect, it } from 'vitest';
import { EVERY_KIND, mustAllocate } from './scenes.ts';

const ORDERS = [
  [0, 1, 2, 3],
  [3, 2, 1, 0],
  [0, 2, 1, 3],
  [1, 0, 3, 2],
  [1, 2, 0, 3],
  [3, 0, 2, 1],
];

describe.each(EVERY_KIND.filter(([name]) => name !== 'binned of classes'))('%s', (_, make) => {
  it('joins with the hole on the left, on the right, and on both sides', () => {
    for (const order of ORDERS) {
      const ranges = make({ capacity: 32 });
      const handles = [0, 1, 2, 3].map(() => mustAllocate(ranges, 8));
      for (const index of order) {
        ranges.free(handles[index] as number);
        expect(validate(ranges)).toEqual([]);
      }
      expect([...ranges.ranges()]).toEqual([{ offset: 0, size: 32, handle: 0 }]);
      expect(ranges.statistics()).toMatchObject({ holeCount: 1, largestFree: 32 });
    }
  });
});

it('joins with the buddy, and with no other neighbour', () => {
  const buddy = new Buddy({ capacity: 8 });
  const handles = [0, 1, 2, 3].map(() => mustAllocate(buddy, 2));
  buddy.free(handles[2] as number);
  buddy.free(handles[1] as number);
  const offsets = [...buddy.ranges()].map(({ offset }) => offset);
  expect(offsets).toEqual([0, 2, 4, 6]);
  buddy.free(handles[0] as number);
  const pieces = [...buddy.ranges()].map(({ offset, size }) => [offset, size]);
  expect(pieces).toEqual([
    [0, 4],
    [4, 2],
    [6, 2],
  ]);
});
