import { NO_SPACE } from '@gpuheap/core/ranges';
import { describe, expect, it } from 'vitest';
import { limited, MOST_RECORDS as MOST } from '../ranges/most-records.ts';
import { EVERY_KIND, kindsOf } from './scenes.ts';

// Their records are for live ranges alone.
it.each(kindsOf('linear', 'ring'))('%s serves the last record, and says so when there is none', (_, make) => {
  const ranges = limited(make({ capacity: 2 * MOST }));
  for (let count = 0; count < MOST; count++) {
    if (ranges.allocate(1) === NO_SPACE) expect(count).toBe(MOST);
  }
  expect(ranges.allocate(1)).toBe(NO_SPACE);
  const { liveCount, free } = ranges.statistics();
  expect([liveCount, free]).toEqual([MOST, MOST]);
});

describe.each(EVERY_KIND.filter(([name]) => name !== 'binned of classes'))('%s', (_, make) => {
  it('lets the last record be the last range of a full span', () => {
    const ranges = limited(make({ capacity: MOST }));
    let last = 0;
    for (let count = 0; count < MOST; count++) {
      last = ranges.allocate(1);
      if (last === NO_SPACE) expect(count).toBe(MOST);
    }
    expect(ranges.statistics()).toMatchObject({ liveCount: MOST, free: 0, holeCount: 0 });
    expect(ranges.allocate(1)).toBe(NO_SPACE);
    ranges.free(last);
    expect(ranges.allocate(1)).not.toBe(NO_SPACE);
  });
});
