import { UsageError } from '@gpuheap/core/errors';
import { Fixed, type Handle, NO_SPACE } from '@gpuheap/core/ranges';
import { describe, expect, it } from 'vitest';
import { limited, MOST_RECORDS } from './most-records.ts';

const CAPACITY = 2 * (MOST_RECORDS + 1);

/** Slots of one byte until none more is given out. */
function fill(capacity: number): { fixed: Fixed; handles: Handle[] } {
  const fixed = limited(new Fixed({ capacity }));
  const handles: Handle[] = [];
  for (let handle = fixed.allocate(1); handle !== NO_SPACE; handle = fixed.allocate(1)) handles.push(handle);
  return { fixed, handles };
}

describe('fixed: a full table', () => {
  it('holds as many live slots where nothing is free', () => {
    const { fixed, handles } = fill(MOST_RECORDS);
    expect(handles.length).toBe(MOST_RECORDS);
    fixed.free(handles[5] as Handle);
    expect(fixed.offsetOf(fixed.allocate(1))).toBe(5);
    const before = fixed.statistics();
    expect(() => fixed.grow(MOST_RECORDS + 1)).toThrow(UsageError);
    expect(fixed.statistics()).toEqual(before);
    expect(fixed.capacity).toBe(MOST_RECORDS);
  });

  it('holds one fewer beside a hole, and gives out what leaves nothing of a hole', () => {
    const { fixed, handles } = fill(CAPACITY);
    expect(handles.length).toBe(MOST_RECORDS - 1);
    const before = fixed.statistics();
    expect([fixed.allocate(2), fixed.allocateBy('max-offset', 1)]).toEqual([NO_SPACE, NO_SPACE]);
    expect(fixed.statistics()).toEqual(before);

    // One slot, then a run of two that is the newest piece: only the former is served without a record.
    for (const index of [10, 20, 21]) fixed.free(handles[index] as Handle);
    const run = fixed.allocate(2);
    fixed.free(run);
    expect(fixed.offsetOf(fixed.allocate(1))).toBe(20);
    expect(fixed.offsetOf(fixed.allocate(1))).toBe(21);
    expect(fixed.offsetOf(fixed.allocate(1))).toBe(10);
    expect(fixed.allocate(1)).toBe(NO_SPACE);
  });

  it('joins slots that were freed apart when it needs their records', () => {
    const { fixed, handles } = fill(CAPACITY);
    for (const index of [10, 30, 31]) fixed.free(handles[index] as Handle);
    const far = fixed.allocateBy('max-offset', 3);
    expect(fixed.offsetOf(far)).toBe(CAPACITY - 3);
    // The newest piece is long now and can not be cut: the hole of one slot serves.
    expect(fixed.offsetOf(fixed.allocate(1))).toBe(10);
    expect([fixed.allocate(1), fixed.allocateAt(CAPACITY - 9, 1)]).toEqual([NO_SPACE, NO_SPACE]);
    expect(fixed.offsetOf(fixed.allocate(2))).toBe(30);
  });

  it('shortens a run while a record can be found, and not beyond', () => {
    const { fixed, handles } = fill(CAPACITY);
    for (const index of [40, 41, 42, 43]) fixed.free(handles[index] as Handle);
    const run = fixed.allocateAt(40, 4);
    expect(fixed.resize(run, 3)).toBe(true);
    for (const index of [50, 51]) fixed.free(handles[index] as Handle);
    expect(fixed.resize(run, 2)).toBe(true);
    while (fixed.allocate(1) !== NO_SPACE);
    const before = fixed.statistics();
    expect(fixed.resize(run, 1)).toBe(false);
    expect(fixed.statistics()).toEqual(before);
    expect(fixed.sizeOf(run)).toBe(2);
  });
});
