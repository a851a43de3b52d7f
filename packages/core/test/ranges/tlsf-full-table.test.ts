import { type Handle, NO_SPACE, Tlsf } from '@gpuheap/core/ranges';
import { describe, expect, it } from 'vitest';
import { limited, MOST_RECORDS } from './most-records.ts';

describe('tlsf: a full table', () => {
  it('refuses whatever would need one record more, and changes nothing', () => {
    const capacity = 2 * (MOST_RECORDS + 1) + 1;
    const tlsf = limited(new Tlsf({ capacity }));
    const first = tlsf.allocate(2);
    const second = tlsf.allocate(2);
    // All but two records are live; then come those of the last range and of the hole at the end.
    for (let i = 0; i < MOST_RECORDS - 4; i++) tlsf.allocate(1);
    const last = tlsf.allocate(2);
    const before = tlsf.statistics();
    expect(before).toMatchObject({ liveCount: MOST_RECORDS - 1, holeCount: 1 });
    expect(tlsf.allocate(1)).toBe(NO_SPACE);
    expect(tlsf.allocate(1, (MOST_RECORDS + 1) / 512)).toBe(NO_SPACE);
    expect(tlsf.allocateBy('max-offset', 1)).toBe(NO_SPACE);
    expect(tlsf.allocateAt(capacity - 3, 2)).toBe(NO_SPACE);
    expect(tlsf.resize(second, 1)).toBe(false);
    expect(() => tlsf.track(2 * capacity, 8)).toThrow(/tables are full/);
    expect(tlsf.statistics()).toEqual(before);
    // The hole at the end moves and grows without a record.
    expect([tlsf.resize(last, 1), tlsf.resize(last, 3)]).toEqual([true, true]);
    tlsf.grow(capacity + 5);
    expect(tlsf.shrinkTo(capacity)).toBe(true);
    expect(tlsf.resize(last, 2)).toBe(true);
    expect([...tlsf.regions()]).toEqual([{ offset: 0, size: capacity }]);
    // What is free as a whole can be taken as a whole; then a hole behind it needs a record again.
    const rest = tlsf.allocate(before.free);
    expect(rest).not.toBe(NO_SPACE);
    expect(tlsf.resize(rest, before.free - 1)).toBe(false);
    expect(() => tlsf.grow(capacity + 5)).toThrow(/tables are full/);
    // One record: enough for the hole of a region, not for its wall too; and it is there afterwards.
    expect(tlsf.resize(rest, before.free)).toBe(true);
    tlsf.free(first);
    tlsf.free(second);
    const pair = tlsf.allocate(4);
    expect(() => tlsf.track(2 * capacity, 8)).toThrow(/tables are full/);
    expect(tlsf.resize(pair as Handle, 1)).toBe(true);
    expect(tlsf.resize(rest, before.free - 1)).toBe(false);
    expect(tlsf.statistics()).toMatchObject({ liveCount: MOST_RECORDS - 1, holeCount: 1 });
  });
});
