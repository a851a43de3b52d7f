import { Linear, NO_SPACE } from '@gpuheap/core/ranges';
import { describe, expect, it } from 'vitest';
import { scale } from '../../../testing/src/scale.ts';
import { Scene } from './live-ranges-scene.ts';
import { limited, MOST_RECORDS } from './most-records.ts';

function open(capacity: number): Scene<Linear> {
  return new Scene(new Linear({ capacity }));
}

describe('linear, from below', () => {
  it('gives the top back at once, and what is buried when all above is free', () => {
    const scene = open(10);
    expect([scene.put('a', 2), scene.put('b', 3), scene.put('c', 4)]).toEqual([0, 2, 5]);
    scene.drop('b');
    expect(scene.picture).toBe('aa...cccc.');
    expect(scene.subject.largestAllocatable()).toBe(1);
    expect(scene.put('d', 2)).toBe(-1);
    scene.drop('c');
    expect(scene.picture).toBe('aa........');
    expect(scene.subject.statistics()).toMatchObject({ largestFree: 8, holeCount: 1, mergeCount: 2 });
    expect(scene.put('d', 8)).toBe(2);
    expect(scene.subject.statistics()).toMatchObject({ free: 0, largestFree: 0, fragmentation: 0 });
    scene.drop('a');
    expect(scene.picture).toBe('..dddddddd');
    expect(scene.subject.largestAllocatable()).toBe(0);
    scene.drop('d');
    expect(scene.put('e', 10)).toBe(0);
  });

  it('shows the space skipped for alignment as free, and takes it back with the range on it', () => {
    const linear = new Linear({ capacity: 64, granularity: 4 });
    const scene = new Scene(linear);
    expect([scene.put('a', 4), scene.put('b', 5, 24)]).toEqual([0, 24]);
    expect(scene.picture).toBe('a.....bb........');
    expect(linear.largestAllocatable(64)).toBe(0);
    expect(linear.largestAllocatable(24)).toBe(16);
    scene.drop('b');
    expect(scene.picture).toBe('a...............');
  });

  it('bounds the longest free range by the middle, or by the free space shared out among the holes', () => {
    const scene = open(100);
    for (const [i, size] of [10, 1, 20, 1, 30, 1].entries()) scene.put('abcdef'.charAt(i), size);
    expect(scene.subject.statistics()).toMatchObject({ free: 37, largestFree: 37, fragmentation: 0 });
    scene.drop('ace');
    // Holes of 10, 20, 30 and 37.
    expect(scene.subject.statistics()).toMatchObject({ free: 97, holeCount: 4, largestFree: 37 });
    scene.put('g', 36);
    // Holes of 10, 20, 30 and 1: 61 free bytes in 4 holes, so one has 16 at least.
    expect(scene.subject.statistics()).toMatchObject({ free: 61, holeCount: 4, largestFree: 16 });
    scene.put('h', 1);
    expect(scene.subject.statistics()).toMatchObject({ free: 60, holeCount: 3, largestFree: 20 });
    expect(scene.subject.largestAllocatable()).toBe(0);
  });

  it('frees all by a reset, and keeps the history', () => {
    const scene = open(100);
    for (let i = 0; i < 5; i++) scene.put('a', 10);
    scene.subject.reset();
    expect(scene.subject.statistics()).toMatchObject({ liveCount: 0, holeCount: 1, largestFree: 100 });
    expect(scene.subject.statistics()).toMatchObject({ allocationCount: 5, freeCount: 5, freedBytes: 50 });
    expect(scene.put('b', 100)).toBe(0);
  });

  it('remembers the highest end ever used, through frees, resets and refused batches', () => {
    const { subject } = open(100);
    expect(subject.highWater).toBe(0);
    const a = subject.allocate(30);
    subject.free(a);
    expect(subject.highWater).toBe(30);
    subject.free(subject.allocate(20));
    expect(subject.highWater).toBe(30);
    subject.reset();
    expect(subject.allocateMany([{ size: 40 }, { size: 50 }, { size: 60 }])).toBeUndefined();
    expect(subject.highWater).toBe(30);
    const b = subject.allocate(10);
    subject.resize(b, 45);
    subject.resize(b, 5);
    expect(subject.highWater).toBe(45);
    expect(subject.allocateMany([{ size: 5 }, { size: 50, alignment: 16 }])).toHaveLength(2);
    expect(subject.highWater).toBe(66);
    expect(Linear.restore(subject.serialize()).highWater).toBe(66);
  });

  it('gives the highest end in bytes, and takes over no state without it', () => {
    const linear = new Linear({ capacity: 96, granularity: 4 });
    linear.free(linear.allocate(30));
    expect(linear.highWater).toBe(32);
    const state = linear.serialize();
    expect(Linear.restore(state).highWater).toBe(32);
    for (const more of [[], [0], [0, 8, 0], [0, 0.5]]) {
      const parts = { ...state.parts, more: Float64Array.from(more) };
      expect(() => Linear.restore({ ...state, parts })).toThrow(/contradict/);
    }
  });

  it('leaves no trace of a batch that does not fit', () => {
    const scene = open(30);
    scene.put('a', 3);
    const before = scene.subject.statistics();
    expect(
      scene.subject.allocateMany([{ size: 9, alignment: 4 }, { size: 8 }, { size: 20 }]),
    ).toBeUndefined();
    expect(scene.subject.statistics()).toEqual(before);
    expect(scene.picture).toBe(`aaa${'.'.repeat(27)}`);
    expect(scene.put('b', 27)).toBe(3);
  });
});

describe('linear, from both ends', () => {
  it('allocates downwards from the upper end, aligned, and gives the lowest back at once', () => {
    const scene = open(32);
    const { subject } = scene;
    expect(scene.put('a', 5)).toBe(0);
    expect(scene.keep('z', subject.allocateBy('max-offset', 3))).toBe(29);
    expect(scene.keep('y', subject.allocateBy('max-offset', 6, 8))).toBe(16);
    expect(scene.picture).toBe('aaaaa...........yyyyyy.......zzz');
    expect(scene.put('b', 12)).toBe(-1);
    expect(scene.keep('x', subject.allocateBy('max-offset', 12))).toBe(-1);
    expect(subject.allocateBy('max-offset', 4, 24)).toBe(NO_SPACE);
    expect([subject.largestAllocatable(), subject.largestAllocatable(8)]).toEqual([11, 8]);
    expect(scene.keep('b', subject.allocateBy('min-offset', 2, 4))).toBe(8);
    expect(scene.keep('c', subject.allocateBy('min-time', 6))).toBe(10);
    expect(scene.picture).toBe('aaaaa...bbccccccyyyyyy.......zzz');
    expect(subject.largestAllocatable()).toBe(0);
    scene.drop('y');
    expect(scene.picture).toBe('aaaaa...bbcccccc.............zzz');
    expect(scene.keep('x', subject.allocateBy('max-offset', 13))).toBe(16);
  });

  it('refuses from above what is longer than the middle, aligned or not', () => {
    const scene = open(8);
    scene.keep('z', scene.subject.allocateBy('max-offset', 6));
    for (const alignment of [1, 3, 4, 100]) {
      expect(scene.keep('y', scene.subject.allocateBy('max-offset', 3, alignment))).toBe(-1);
      expect(scene.keep('y', scene.subject.allocateBy('max-offset', 2 ** 53 - 1, alignment))).toBe(-1);
    }
    expect(scene.picture).toBe('..zzzzzz');
    expect(scene.keep('y', scene.subject.allocateBy('max-offset', 2, 100))).toBe(0);
  });

  it('buries what is freed under the top of either stack, and joins it when the top goes', () => {
    const scene = open(12);
    for (const letter of 'ab') scene.put(letter, 2);
    for (const letter of 'zyx') scene.keep(letter, scene.subject.allocateBy('max-offset', 2));
    scene.drop('y');
    expect(scene.picture).toBe('aabb..xx..zz');
    scene.drop('a');
    expect(scene.picture).toBe('..bb..xx..zz');
    expect(scene.subject.largestAllocatable()).toBe(2);
    scene.drop('x');
    expect(scene.picture).toBe('..bb......zz');
    expect(scene.subject.largestAllocatable()).toBe(6);
    scene.drop('b');
    expect(scene.subject.largestAllocatable()).toBe(10);
    expect(scene.put('c', 10)).toBe(0);
    scene.drop('cz');
    expect(scene.picture).toBe('............');
    expect(scene.subject.statistics()).toMatchObject({ holeCount: 1, largestFree: 12 });
  });

  it('works with an upper stack alone, and does not count it in highWater', () => {
    const scene = open(8);
    expect(scene.keep('z', scene.subject.allocateBy('max-offset', 8))).toBe(0);
    expect(scene.subject.highWater).toBe(0);
    expect(scene.put('a', 1)).toBe(-1);
    scene.drop('z');
    expect(scene.keep('y', scene.subject.allocateBy('max-offset', 3))).toBe(5);
    expect(scene.put('a', 5)).toBe(0);
    expect(scene.subject.highWater).toBe(5);
    scene.drop('a');
    expect(scene.put('b', 5)).toBe(0);
  });

  it('refuses a strategy that it does not have', () => {
    const { subject } = open(8);
    expect(() => subject.allocateBy('min-waste', 1)).toThrow(
      expect.objectContaining({ code: 'bad-argument' }),
    );
    expect(subject.statistics().allocationCount).toBe(0);
  });
});

describe('linear, resized', () => {
  it('resizes either top into the middle or the hole behind it, and leaves buried holes elsewhere', () => {
    const scene = open(20);
    for (const letter of 'ab') scene.put(letter, 4);
    for (const letter of 'zy') scene.keep(letter, scene.subject.allocateBy('max-offset', 4));
    expect(scene.picture).toBe('aaaabbbb....yyyyzzzz');
    expect(scene.resize('b', 9)).toBe(false);
    expect(scene.resize('b', 8)).toBe(true);
    expect(scene.picture).toBe('aaaabbbbbbbbyyyyzzzz');
    expect(scene.subject.statistics()).toMatchObject({ holeCount: 0, largestFree: 0 });
    expect(scene.resize('y', 5)).toBe(false);
    expect(scene.resize('y', 2)).toBe(true);
    expect(scene.resize('b', 3)).toBe(true);
    expect(scene.picture).toBe('aaaabbb.....yy..zzzz');
    expect(scene.resize('a', 1)).toBe(true);
    expect(scene.picture).toBe('a...bbb.....yy..zzzz');
    expect(scene.subject.largestAllocatable()).toBe(5);
    expect([scene.resize('a', 3), scene.resize('a', 5), scene.resize('y', 4)]).toEqual([true, false, true]);
    expect(scene.picture).toBe('aaa.bbb.....yyyyzzzz');
    scene.drop('b');
    expect(scene.put('c', 9)).toBe(3);
  });

  it('grows by space on top, which lies buried while ranges live at the upper end', () => {
    const scene = open(8);
    scene.put('a', 2);
    scene.subject.grow(10);
    expect(scene.subject.largestAllocatable()).toBe(8);
    expect(scene.keep('z', scene.subject.allocateBy('max-offset', 3))).toBe(7);
    scene.subject.grow(14);
    expect(scene.picture).toBe('aa.....zzz....');
    expect(scene.subject.largestAllocatable()).toBe(5);
    expect(scene.subject.statistics()).toMatchObject({ capacity: 14, free: 9, holeCount: 2, largestFree: 5 });
    expect(scene.resize('z', 7)).toBe(true);
    scene.drop('z');
    expect(scene.subject.largestAllocatable()).toBe(12);
    expect(scene.keep('y', scene.subject.allocateBy('max-offset', 1))).toBe(13);
  });

  it('shrinks to where the last range ends, and no further', () => {
    const scene = open(20);
    for (const letter of 'abc') scene.put(letter, 4);
    expect(scene.subject.shrinkTo(11)).toBe(false);
    expect(scene.subject.capacity).toBe(20);
    expect(scene.subject.shrinkTo(12)).toBe(true);
    expect(scene.picture).toBe('aaaabbbbcccc');
    expect(scene.subject.statistics()).toMatchObject({ capacity: 12, free: 0, holeCount: 0 });
    scene.drop('b');
    scene.subject.grow(12);
    scene.subject.grow(13);
    expect(scene.picture).toBe('aaaa....cccc.');
    scene.drop('c');
    expect(scene.subject.shrinkTo(4)).toBe(true);
    expect(scene.put('d', 1)).toBe(-1);
    expect(scene.subject.highWater).toBe(12);
  });

  it.each([
    ['grow', 15],
    ['shrinkTo', 17],
    ['grow', 0],
    ['shrinkTo', 0.5],
  ] as const)('refuses %s(%d) of 16', (act, capacity) => {
    const { subject } = open(16);
    expect(() => subject[act](capacity)).toThrow(expect.objectContaining({ code: 'bad-capacity' }));
    expect(subject.capacity).toBe(16);
  });
});

describe('linear, with a full table', () => {
  it('refuses at either end what it can not name, until a range ends', () => {
    const most = MOST_RECORDS;
    const subject = limited(new Linear({ capacity: most + 10 }));
    let last = NO_SPACE;
    for (let i = 0; i < most; i++) last = subject.allocate(1);
    const before = subject.statistics();
    expect([before.liveCount, subject.largestAllocatable()]).toEqual([most, 10]);
    expect([subject.allocate(1), subject.allocateBy('max-offset', 1)]).toEqual([NO_SPACE, NO_SPACE]);
    expect(subject.statistics()).toEqual(before);
    expect(subject.metadataBytes / most).toBeLessThan(scale(25, 25, 31));
    subject.free(last);
    expect(subject.offsetOf(subject.allocateBy('max-offset', 1))).toBe(most + 9);
  });
});

describe('linear, restored', () => {
  it('goes on where the other was', () => {
    const scene = open(40);
    for (const letter of 'abc') scene.put(letter, 3, 4);
    scene.keep('z', scene.subject.allocateBy('max-offset', 5));
    scene.drop('b');
    const twin = Linear.restore(structuredClone(scene.subject.serialize()));
    expect([...twin.ranges()]).toEqual([...scene.subject.ranges()]);
    expect(twin.statistics()).toEqual(scene.subject.statistics());
    for (const subject of [scene.subject, twin]) {
      subject.free(scene.handleOf('c'));
      expect(subject.offsetOf(subject.allocate(32))).toBe(3);
      expect(subject.offsetOf(scene.handleOf('z'))).toBe(35);
      expect(subject.highWater).toBe(35);
    }
  });

  it('refuses a state whose parts contradict each other', () => {
    const scene = open(40);
    for (const letter of 'abc') scene.put(letter, 3, 4);
    scene.drop('b');
    const state = scene.subject.serialize();
    const cells = state.parts['cells'] as Int32Array;
    const refused = (parts: Record<string, number | Int32Array | Float64Array>): void => {
      const broken = { ...state, parts: { ...state.parts, ...parts } };
      expect(() => Linear.restore(broken)).toThrow(expect.objectContaining({ code: 'bad-state' }));
    };
    for (let i = 1; i < cells.length; i++) {
      // Cell 3 of a record is its slack, which nothing here can prove wrong; the record of b is free.
      if (i % 6 === 3 || Math.floor(i / 6) === 2) continue;
      refused({ cells: cells.map((cell, at) => (at === i ? cell + 1 : cell)) });
    }
    refused({ capacityUnits: 39 });
    refused({ more: Float64Array.of(0) });
    refused({ more: Float64Array.of(18, 10) });
    refused({ more: Float64Array.of(18, 11.5) });
    refused({ more: Float64Array.of(12, 11) });
    refused({ more: new Int32Array(2) });
    expect(Linear.restore(state).highWater).toBe(11);
  });
});
