import { Binned, NO_SPACE } from '@gpuheap/core/ranges';
import { expect, it } from 'vitest';
import { limited, MOST_RECORDS } from './most-records.ts';

it('serves to its last record when a whole slab would need more, and a longer range not at all', () => {
  const binned = limited(new Binned({ capacity: 2 * (MOST_RECORDS + 1), classes: [1] }));
  // A slab has 64 slots, so the last 63 records are no slab.
  for (let i = 0; i < MOST_RECORDS - 2; i++) binned.allocate(1);
  const [first, second] = [binned.allocate(1), binned.allocate(1)];
  expect([first, second]).not.toContain(NO_SPACE);
  const before = binned.statistics();
  expect(before).toMatchObject({ liveCount: MOST_RECORDS, used: MOST_RECORDS, holeCount: 1 });
  expect([binned.allocate(1), binned.allocate(2), binned.allocate(1, 2)]).toEqual([
    NO_SPACE,
    NO_SPACE,
    NO_SPACE,
  ]);
  expect(binned.statistics()).toEqual(before);
  binned.free(first);
  expect(binned.allocate(100)).not.toBe(NO_SPACE);
  expect(binned.allocate(1)).toBe(NO_SPACE);
});
