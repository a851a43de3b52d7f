import { Buddy, type Handle, NO_SPACE } from '@gpuheap/core/ranges';
import { describe, expect, it } from 'vitest';

const MOST_RECORDS = 2 ** 21 - 1;

/** One range of a unit after another, until there are `count`. */
function fill(buddy: Buddy, count: number): Handle[] {
  return Array.from({ length: count }, () => buddy.allocate(1));
}

describe('buddy: a table of 2^21 - 1 records', () => {
  it('refuses whatever would need one record more, and changes nothing', () => {
    const buddy = new Buddy({ capacity: 2 ** 22 });
    // Beside the live ones there are records for two holes, of 2 and of 2^21 units.
    const pair = buddy.allocate(2);
    const live = fill(buddy, MOST_RECORDS - 3);
    const holes = buddy.statistics().holeCount;
    expect(live.length + 1 + holes).toBe(MOST_RECORDS);
    const before = buddy.statistics();
    expect(buddy.allocate(1)).toBe(NO_SPACE);
    expect(buddy.resize(pair, 1)).toBe(false);
    expect(() => buddy.grow(2 ** 22 + 1)).toThrow(/tables are full/);
    expect(buddy.shrinkTo(2 ** 22 - 1)).toBe(false);
    expect(buddy.statistics()).toEqual(before);
    // A range as long as a hole needs no record.
    const whole = buddy.largestAllocatable();
    expect(whole).toBe(2 ** 21);
    expect(buddy.allocate(whole)).not.toBe(NO_SPACE);
    // Two buddies free give one back.
    buddy.free(live[0] as Handle);
    expect(buddy.resize(pair, 1)).toBe(false);
    buddy.free(live[1] as Handle);
    expect(buddy.resize(pair, 1)).toBe(true);
    expect(buddy.resize(pair, 2)).toBe(true);
  });
});
