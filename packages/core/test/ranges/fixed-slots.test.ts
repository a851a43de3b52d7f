import { digest, validate } from '@gpuheap/core/debug';
import { Fixed, type Handle, NO_SPACE, type Suballocator } from '@gpuheap/core/ranges';
import { describe, expect, it } from 'vitest';
import { codeOf } from '../code-of.ts';

/** Free ranges as `offset+size`. */
function holes(subject: Suballocator): string[] {
  return [...subject.ranges()]
    .filter(({ handle }) => handle === NO_SPACE)
    .map(({ offset, size }) => `${offset}+${size}`);
}

/** Slots of 10 bytes, every one of them live. */
function fullOf(count: number): { fixed: Fixed; handles: Handle[] } {
  const fixed = new Fixed({ capacity: count * 10, granularity: 10 });
  const handles = Array.from({ length: count }, () => fixed.allocate(10));
  return { fixed, handles };
}

describe('fixed: slots', () => {
  it('cuts the span into as many whole slots as it holds', () => {
    const fixed = new Fixed({ capacity: 100, granularity: 48 });
    expect(fixed.capacity).toBe(96);
    expect([fixed.allocate(48), fixed.allocate(1)].map((handle) => fixed.offsetOf(handle))).toEqual([0, 48]);
    expect(fixed.allocate(1)).toBe(NO_SPACE);
  });

  it('refuses a span that is shorter than one slot', () => {
    expect(codeOf(() => new Fixed({ capacity: 47, granularity: 48 }))).toBe('bad-capacity');
    expect(new Fixed({ capacity: 48, granularity: 48 }).allocate(48)).not.toBe(NO_SPACE);
  });

  it('gives a whole slot to any size that fits in one, and knows what was asked for', () => {
    const fixed = new Fixed({ capacity: 480, granularity: 48 });
    const handles = [1, 36, 47, 48].map((size) => fixed.allocate(size));
    expect(handles.map((handle) => fixed.sizeOf(handle))).toEqual([48, 48, 48, 48]);
    expect(fixed.statistics()).toMatchObject({ used: 192, requested: 132 });
    fixed.free(handles[1] as Handle);
    expect(fixed.statistics()).toMatchObject({ used: 144, requested: 96 });
  });

  it('gives slots that were never used in offset order, and the slot freed last first', () => {
    const { fixed, handles } = fullOf(6);
    expect(handles.map((handle) => fixed.offsetOf(handle))).toEqual([0, 10, 20, 30, 40, 50]);
    for (const index of [4, 1, 3]) fixed.free(handles[index] as Handle);
    const again = [fixed.allocate(10), fixed.allocate(10), fixed.allocate(10)];
    expect(again.map((handle) => fixed.offsetOf(handle))).toEqual([30, 10, 40]);
    expect(fixed.allocate(10)).toBe(NO_SPACE);
  });

  it('shows neighbouring free slots as one free range, in whatever order they were freed', () => {
    const { fixed, handles } = fullOf(8);
    const counts = [1, 5, 3, 2, 7, 4].map((index) => {
      fixed.free(handles[index] as Handle);
      return fixed.statistics().holeCount;
    });
    expect(counts).toEqual([1, 2, 3, 2, 3, 2]);
    expect(holes(fixed)).toEqual(['10+50', '70+10']);
    expect(fixed.statistics()).toMatchObject({ mergeCount: 4, splitCount: 7 });
    expect(validate(fixed)).toEqual([]);
  });

  it('says of its longest hole what the holes have on average, rounded up', () => {
    const { fixed, handles } = fullOf(10);
    expect(fixed.statistics()).toMatchObject({ largestFree: 0, fragmentation: 0 });
    for (const index of [0, 2, 3, 4]) fixed.free(handles[index] as Handle);
    expect(fixed.statistics()).toMatchObject({ free: 40, holeCount: 2, largestFree: 20, fragmentation: 0.5 });
    expect(fixed.largestAllocatable()).toBe(30);
    fixed.free(handles[6] as Handle);
    expect(fixed.statistics()).toMatchObject({ free: 50, holeCount: 3, largestFree: 20 });
  });
});

describe('fixed: alignments', () => {
  it('aligns slots of any size to any integer, when the slot is a multiple of it', () => {
    for (const [size, alignment, slot] of [
      [36, 16, 48],
      [10, 7, 14],
      [101, 101, 101],
      [5, 1, 5],
    ] as const) {
      const fixed = new Fixed({ capacity: slot * 20, granularity: slot });
      const offsets = Array.from({ length: 20 }, () => fixed.offsetOf(fixed.allocate(size, alignment)));
      expect(offsets).toEqual(Array.from({ length: 20 }, (_, i) => i * slot));
    }
  });

  it('finds every slot at a multiple of an alignment that does not divide the slot, and no other', () => {
    const fixed = new Fixed({ capacity: 36 * 10, granularity: 36 });
    const offsets = [0, 1, 2, 3, 4].map(() => fixed.offsetOf(fixed.allocate(36, 8)));
    expect(offsets).toEqual([0, 72, 144, 216, 288]);
    expect(fixed.statistics().free).toBe(180);
    expect([fixed.allocate(36, 8), fixed.largestAllocatable(8)]).toEqual([NO_SPACE, 0]);
    expect(fixed.offsetOf(fixed.allocate(36, 27))).toBe(108);
    expect(fixed.largestAllocatable(4)).toBe(36);
  });

  it('keeps the alignment of a slot that is used again', () => {
    const { fixed, handles } = fullOf(8);
    for (const index of [3, 4, 5, 6]) fixed.free(handles[index] as Handle);
    // The slot freed last begins at 60; 40 is the only multiple of 40.
    expect(fixed.offsetOf(fixed.allocate(10, 40))).toBe(40);
    expect(fixed.offsetOf(fixed.allocate(10, 20))).toBe(60);
    expect(fixed.allocate(10, 20)).toBe(NO_SPACE);
  });
});

describe('fixed: runs', () => {
  it('finds a run among slots that were freed one by one', () => {
    const { fixed, handles } = fullOf(9);
    for (const index of [7, 2, 4, 3]) fixed.free(handles[index] as Handle);
    expect(fixed.allocate(31)).toBe(NO_SPACE);
    const run = fixed.allocate(21);
    expect([fixed.offsetOf(run), fixed.sizeOf(run)]).toEqual([20, 30]);
    expect(holes(fixed)).toEqual(['70+10']);
    fixed.free(run);
    expect(holes(fixed)).toEqual(['20+30', '70+10']);
    expect(fixed.offsetOf(fixed.allocate(10))).toBe(20);
    expect(validate(fixed)).toEqual([]);
  });

  it('takes a run from the piece freed last when that begins with it, else from the lowest offset', () => {
    const fixed = new Fixed({ capacity: 200, granularity: 10 });
    const runs = [30, 20, 40, 20, 10].map((size) => fixed.allocate(size));
    expect(runs.map((run) => fixed.offsetOf(run))).toEqual([0, 30, 50, 90, 110]);
    fixed.free(runs[0] as Handle);
    fixed.free(runs[2] as Handle);
    expect(fixed.offsetOf(fixed.allocate(20))).toBe(50);
    expect(fixed.offsetOf(fixed.allocate(30))).toBe(0);
    expect(fixed.offsetOf(fixed.allocate(20))).toBe(70);
    expect(fixed.offsetOf(fixed.allocate(20))).toBe(120);
  });

  it('begins a run inside the free slots where the alignment wants it', () => {
    const { fixed, handles } = fullOf(12);
    for (const index of [1, 2, 3, 4, 5, 6]) fixed.free(handles[index] as Handle);
    const run = fixed.allocate(20, 30);
    expect(fixed.offsetOf(run)).toBe(30);
    expect(holes(fixed)).toEqual(['10+20', '50+20']);
    // What was not needed still serves slots, the one freed last first.
    expect(fixed.offsetOf(fixed.allocate(10))).toBe(60);
    expect(fixed.offsetOf(fixed.allocate(20))).toBe(10);
    expect(fixed.offsetOf(fixed.allocate(10))).toBe(50);
    expect(fixed.allocate(10)).toBe(NO_SPACE);
  });

  it('places by strategy', () => {
    const { fixed, handles } = fullOf(12);
    for (const index of [1, 2, 3, 5, 6, 8, 9, 10]) fixed.free(handles[index] as Handle);
    const place = (strategy: 'min-waste' | 'min-offset' | 'max-offset', size: number, alignment = 1) => {
      const handle = fixed.allocateBy(strategy, size, alignment);
      const offset = fixed.offsetOf(handle);
      fixed.free(handle);
      return offset;
    };
    expect(place('min-offset', 20)).toBe(10);
    expect(place('min-waste', 20)).toBe(50);
    expect(place('min-waste', 20, 40)).toBe(80);
    expect(place('max-offset', 20)).toBe(90);
    expect(place('max-offset', 10, 40)).toBe(80);
    expect(place('max-offset', 10, 60)).toBe(60);
    expect(fixed.offsetOf(fixed.allocateBy('min-time', 10))).toBe(60);
    expect(fixed.allocateBy('min-waste', 40)).toBe(NO_SPACE);
    expect(codeOf(() => fixed.allocateBy('fast' as 'min-time', 10))).toBe('bad-argument');
  });

  it('places at an offset, across pieces that were freed apart', () => {
    const { fixed, handles } = fullOf(8);
    for (const index of [2, 5, 4, 3]) fixed.free(handles[index] as Handle);
    expect(fixed.allocateAt(10, 10)).toBe(NO_SPACE);
    expect(fixed.allocateAt(30, 31)).toBe(NO_SPACE);
    expect([fixed.allocateAt(80, 1), fixed.allocateAt(8000, 1)]).toEqual([NO_SPACE, NO_SPACE]);
    expect(codeOf(() => fixed.allocateAt(35, 10))).toBe('bad-offset');
    const run = fixed.allocateAt(30, 20);
    expect([fixed.offsetOf(run), fixed.sizeOf(run)]).toEqual([30, 20]);
    expect(holes(fixed)).toEqual(['20+10', '50+10']);
    expect(validate(fixed)).toEqual([]);
  });
});

describe('fixed: resize', () => {
  it('lengthens over pieces that were freed apart, and over a part of the next', () => {
    const fixed = new Fixed({ capacity: 100, granularity: 10 });
    const handles = [10, 10, 10, 10].map((size) => fixed.allocate(size));
    for (const index of [1, 3, 2]) fixed.free(handles[index] as Handle);
    expect(fixed.resize(handles[0] as Handle, 55)).toBe(true);
    expect(fixed.sizeOf(handles[0] as Handle)).toBe(60);
    expect(holes(fixed)).toEqual(['60+40']);
    expect(fixed.statistics()).toMatchObject({ requested: 55, used: 60, holeCount: 1 });
    expect(fixed.offsetOf(fixed.allocate(10))).toBe(60);
    expect(fixed.resize(handles[0] as Handle, 61)).toBe(false);
    expect(fixed.resize(handles[0] as Handle, 60)).toBe(true);
    expect(validate(fixed)).toEqual([]);
  });

  it('gives what it cuts off to the hole behind it, or makes one', () => {
    const fixed = new Fixed({ capacity: 100, granularity: 10 });
    const run = fixed.allocate(60);
    expect(fixed.resize(run, 50)).toBe(true);
    expect(holes(fixed)).toEqual(['50+50']);
    const next = fixed.allocate(10);
    expect(fixed.resize(run, 15)).toBe(true);
    expect(holes(fixed)).toEqual(['20+30', '60+40']);
    expect(fixed.offsetOf(fixed.allocate(10))).toBe(20);
    expect(fixed.offsetOf(next)).toBe(50);
    expect(validate(fixed)).toEqual([]);
  });
});

describe('fixed: grow and shrinkTo', () => {
  it('lengthens the free slots at the end, or adds some', () => {
    const { fixed, handles } = fullOf(3);
    fixed.grow(59);
    expect([fixed.capacity, holes(fixed)]).toEqual([50, ['30+20']]);
    fixed.grow(50);
    fixed.grow(100);
    expect(holes(fixed)).toEqual(['30+70']);
    fixed.free(handles[2] as Handle);
    fixed.grow(110);
    expect(holes(fixed)).toEqual(['20+90']);
    expect(codeOf(() => fixed.grow(100))).toBe('bad-capacity');
    expect(validate(fixed)).toEqual([]);
  });

  it('cuts off free pieces, and a part of the last', () => {
    const fixed = new Fixed({ capacity: 100, granularity: 10 });
    const handles = [10, 20, 10, 30].map((size) => fixed.allocate(size));
    for (const index of [1, 3, 2]) fixed.free(handles[index] as Handle);
    expect(fixed.shrinkTo(100)).toBe(true);
    expect(fixed.shrinkTo(25)).toBe(true);
    expect([fixed.capacity, holes(fixed)]).toEqual([20, ['10+10']]);
    expect(codeOf(() => fixed.shrinkTo(30))).toBe('bad-capacity');
    expect(fixed.shrinkTo(10)).toBe(true);
    expect(fixed.statistics()).toMatchObject({ free: 0, holeCount: 0 });
    expect(fixed.allocate(1)).toBe(NO_SPACE);
    fixed.grow(30);
    const run = fixed.allocate(20);
    expect(fixed.offsetOf(run)).toBe(10);
    expect(fixed.shrinkTo(20)).toBe(false);
    expect(fixed.capacity).toBe(30);
    expect(validate(fixed)).toEqual([]);
  });
});

describe('fixed: memory', () => {
  it('costs nothing for slots that were never used: a span of 2^31-1 slots', () => {
    const fixed = new Fixed({ capacity: 2 ** 31 - 1 });
    const bytes = fixed.metadataBytes;
    expect(bytes).toBeLessThan(1000);
    const last = fixed.allocateAt(2 ** 31 - 2, 1);
    const run = fixed.allocate(2 ** 31 - 2);
    expect([fixed.offsetOf(last), fixed.offsetOf(run)]).toEqual([2 ** 31 - 2, 0]);
    fixed.free(run);
    fixed.free(last);
    expect(fixed.largestAllocatable()).toBe(2 ** 31 - 1);
    expect(fixed.metadataBytes).toBe(bytes);
  });

  it('uses the records of slots again, however often', () => {
    const { fixed, handles } = fullOf(1000);
    const bytes = fixed.metadataBytes;
    expect(bytes / 1000).toBeLessThan(30);
    for (let round = 0; round < 20; round++) {
      for (let i = 0; i < 1000; i++) fixed.free(handles[(i * 37 + round) % 1000] as Handle);
      for (let i = 0; i < 1000; i++) handles[i] = fixed.allocate(10);
    }
    expect(fixed.metadataBytes).toBe(bytes);
  });

  it('undoes allocateMany to the last figure', () => {
    const { fixed, handles } = fullOf(10);
    for (const index of [1, 3, 4, 5]) fixed.free(handles[index] as Handle);
    const before = digest(fixed);
    expect(fixed.allocateMany([{ size: 20 }, { size: 10 }, { size: 20 }])).toBeUndefined();
    expect(digest(fixed)).toBe(before);
    const many = fixed.allocateMany([{ size: 20 }, { size: 10 }, { size: 10, alignment: 10 }]);
    expect(many?.map((handle) => fixed.offsetOf(handle))).toEqual([30, 50, 10]);
  });
});
