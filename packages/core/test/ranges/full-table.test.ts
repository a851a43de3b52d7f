import { BestFit, type Handle, Linear, NO_SPACE, type Suballocator } from '@gpuheap/core/ranges';
import { describe, expect, it } from 'vitest';
import { limited, MOST_RECORDS } from './most-records.ts';

/** Makes one range of one unit after another, until there are `count`. */
function fill(subject: Suballocator, count: number): Handle {
  let last = NO_SPACE;
  for (let i = 0; i < count; i++) last = subject.allocate(1);
  return last;
}

describe('a full table', () => {
  it('ends what linear can name; a free makes room for one more', () => {
    const linear = limited(new Linear({ capacity: MOST_RECORDS * 2 }));
    const last = fill(linear, MOST_RECORDS);
    const before = linear.statistics();
    expect(before.liveCount).toBe(MOST_RECORDS);
    expect(linear.allocate(1)).toBe(NO_SPACE);
    expect(linear.statistics()).toEqual(before);
    linear.free(last);
    expect(linear.allocate(1)).not.toBe(NO_SPACE);
  });

  it('refuses a best fit that would need one record, or two, more than there are', () => {
    const bestFit = limited(new BestFit({ capacity: MOST_RECORDS * 2 }));
    // One record is the hole at the end, so this takes the last one.
    const last = fill(bestFit, MOST_RECORDS - 1);
    const before = bestFit.statistics();
    expect(before.liveCount).toBe(MOST_RECORDS - 1);
    expect([bestFit.allocate(1), bestFit.allocate(1, 4)]).toEqual([NO_SPACE, NO_SPACE]);
    expect(bestFit.statistics()).toEqual(before);
    bestFit.free(last);
    // Now one is left: enough for the range, not for the padding too; the hole begins at 2^21 - 3.
    const roomy = bestFit.statistics();
    expect(bestFit.allocate(1, 4)).toBe(NO_SPACE);
    expect(bestFit.statistics()).toEqual(roomy);
    expect(bestFit.allocate(1)).not.toBe(NO_SPACE);
    expect(bestFit.metadataBytes).toBeGreaterThan(MOST_RECORDS * 24);
  });
});
