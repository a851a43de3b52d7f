import { Buddy, type Handle, NO_SPACE } from '@gpuheap/core/ranges';
import { describe, expect, it } from 'vitest';
import { limited, MOST_RECORDS } from './most-records.ts';

const CAPACITY = 2 * (MOST_RECORDS + 1);

/** One range of a unit after another, until there are `count`. */
function fill(buddy: Buddy, count: number): Handle[] {
  return Array.from({ length: count }, () => buddy.allocate(1));
}

describe('buddy: a full table', () => {
  it('refuses whatever would need one record more, and changes nothing', () => {
    const buddy = limited(new Buddy({ capacity: CAPACITY }));
    // Beside the live ones there are records for two holes, of 2 and of half the span.
    const pair = buddy.allocate(2);
    const live = fill(buddy, MOST_RECORDS - 3);
    const holes = buddy.statistics().holeCount;
    expect(live.length + 1 + holes).toBe(MOST_RECORDS);
    const before = buddy.statistics();
    expect(buddy.allocate(1)).toBe(NO_SPACE);
    expect(buddy.resize(pair, 1)).toBe(false);
    expect(() => buddy.grow(CAPACITY + 1)).toThrow(/tables are full/);
    expect(buddy.shrinkTo(CAPACITY - 1)).toBe(false);
    expect(buddy.statistics()).toEqual(before);
    // A range as long as a hole needs no record.
    const whole = buddy.largestAllocatable();
    expect(whole).toBe(CAPACITY / 2);
    expect(buddy.allocate(whole)).not.toBe(NO_SPACE);
    // Two buddies free give one back.
    buddy.free(live[0] as Handle);
    expect(buddy.resize(pair, 1)).toBe(false);
    buddy.free(live[1] as Handle);
    expect(buddy.resize(pair, 1)).toBe(true);
    expect(buddy.resize(pair, 2)).toBe(true);
  });
});
