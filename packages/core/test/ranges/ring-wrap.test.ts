import { NO_SPACE, Ring } from '@gpuheap/core/ranges';
import { describe, expect, it } from 'vitest';
import { scale } from '../../../testing/src/scale.ts';
import { Scene } from './live-ranges-scene.ts';
import { limited, MOST_RECORDS } from './most-records.ts';

function open(capacity: number, granularity = 1): Scene<Ring> {
  return new Scene(new Ring({ capacity, granularity }));
}

describe('ring, going round', () => {
  it('goes on at the start when the end is too near, and accounts for what it skips there', () => {
    const scene = open(10);
    expect([scene.put('a', 4), scene.put('b', 4)]).toEqual([0, 4]);
    expect(scene.subject.skipped).toBe(0);
    expect(scene.put('c', 3)).toBe(-1);
    scene.drop('a');
    expect(scene.subject.largestAllocatable()).toBe(4);
    expect(scene.put('c', 3)).toBe(0);
    expect(scene.picture).toBe('ccc.bbbb..');
    expect(scene.subject.skipped).toBe(2);
    expect(scene.subject.largestAllocatable()).toBe(1);
    expect(scene.subject.statistics()).toMatchObject({ free: 3, holeCount: 2, largestFree: 2 });
    expect(scene.put('d', 2)).toBe(-1);
    scene.drop('b');
    expect(scene.subject.skipped).toBe(0);
    expect(scene.put('d', 7)).toBe(3);
    expect(scene.picture).toBe('cccddddddd');
  });

  it('serves exact fits: at the end, at the start, and between head and oldest', () => {
    const scene = open(12);
    expect([scene.put('a', 5), scene.put('b', 3), scene.put('c', 4)]).toEqual([0, 5, 8]);
    expect(scene.subject.largestAllocatable()).toBe(0);
    expect(scene.put('x', 1)).toBe(-1);
    scene.drop('a');
    expect(scene.subject.largestAllocatable()).toBe(5);
    expect(scene.put('x', 6)).toBe(-1);
    expect(scene.put('d', 5)).toBe(0);
    expect(scene.picture).toBe('dddddbbbcccc');
    scene.drop('b');
    expect(scene.subject.largestAllocatable()).toBe(3);
    expect(scene.put('x', 4)).toBe(-1);
    expect(scene.put('e', 3)).toBe(5);
    scene.drop('c');
    expect(scene.put('f', 4)).toBe(8);
    expect(scene.picture).toBe('dddddeeeffff');
  });

  it('never takes full for empty, nor empty for full, wherever the head stands', () => {
    for (let head = 0; head < 8; head++) {
      const scene = open(8);
      if (head > 0) scene.put('a', head);
      scene.put('b', 8 - head);
      if (head > 0) {
        scene.drop('a');
        expect(scene.put('c', head)).toBe(0);
      }
      // Full: the head is where the oldest range begins.
      expect(scene.subject.largestAllocatable()).toBe(0);
      expect(scene.put('x', 1)).toBe(-1);
      scene.drop(head > 0 ? 'bc' : 'b');
      // Empty: it is there too.
      expect(scene.subject.largestAllocatable()).toBe(8);
      expect(scene.put('d', 8)).toBe(0);
    }
  });

  it('serves its whole capacity once it is empty, in one piece and aligned, in whatever order that came', () => {
    for (const order of ['abc', 'acb', 'bac', 'bca', 'cab', 'cba']) {
      const scene = open(10);
      scene.put('x', 5);
      expect([scene.put('a', 2), scene.put('b', 2)]).toEqual([5, 7]);
      scene.drop('x');
      expect(scene.put('c', 3)).toBe(0);
      scene.drop(order);
      expect(scene.subject.statistics()).toMatchObject({ holeCount: 1, largestFree: 10, fragmentation: 0 });
      expect(scene.subject.largestAllocatable(1000)).toBe(10);
      expect(scene.put('y', 10, 1000)).toBe(0);
    }
  });

  it('refuses what is longer than the span, empty or not', () => {
    const { subject } = open(10);
    expect([subject.allocate(11), subject.allocate(2 ** 53 - 1)]).toEqual([NO_SPACE, NO_SPACE]);
    const a = subject.allocate(3);
    expect([subject.allocate(8), subject.allocate(11)]).toEqual([NO_SPACE, NO_SPACE]);
    subject.free(a);
    expect(subject.allocate(11)).toBe(NO_SPACE);
    expect(subject.allocate(10)).not.toBe(NO_SPACE);
  });

  it('does not go round into a range that is still live, though the sum of what is free would do', () => {
    const scene = open(10);
    scene.put('a', 3);
    scene.put('b', 3);
    scene.drop('a');
    // Free are 4 at the end and 3 at the start.
    expect(scene.put('c', 5)).toBe(-1);
    expect(scene.put('c', 4)).toBe(6);
    expect(scene.put('d', 4)).toBe(-1);
    expect(scene.put('d', 3)).toBe(0);
    expect(scene.picture).toBe('dddbbbcccc');
  });

  it('skips to aligned offsets, strides included, and goes round where alignment asks for it', () => {
    const scene = open(80, 4);
    expect([scene.put('a', 8), scene.put('b', 20, 36)]).toEqual([0, 36]);
    expect(scene.picture).toBe('aa.......bbbbb......');
    expect(scene.subject.skipped).toBe(28);
    scene.drop('a');
    // The head is at 56, 24 bytes from the end; the next multiple of 36 is 72.
    expect(scene.subject.largestAllocatable(36)).toBe(36);
    expect(scene.subject.largestAllocatable()).toBe(36);
    expect(scene.put('c', 12, 36)).toBe(0);
    expect(scene.picture).toBe('ccc......bbbbb......');
    expect(scene.subject.skipped).toBe(24);
    expect(scene.subject.largestAllocatable(36)).toBe(0);
    expect(scene.put('d', 24)).toBe(12);
    expect(scene.picture).toBe('cccddddddbbbbb......');
  });
});

describe('ring, freed out of order', () => {
  it('serves a hole when everything older has ended', () => {
    const scene = open(10);
    for (const letter of 'abc') scene.put(letter, 3);
    scene.drop('b');
    expect(scene.picture).toBe('aaa...ccc.');
    expect(scene.subject.skipped).toBe(3);
    expect(scene.put('d', 2)).toBe(-1);
    scene.drop('a');
    expect(scene.subject.skipped).toBe(0);
    expect(scene.put('d', 6)).toBe(0);
    expect(scene.picture).toBe('ddddddccc.');
  });

  it('moves the head back when the newest is freed, past what was freed before it and round the start', () => {
    const scene = open(10);
    scene.put('a', 3);
    scene.put('b', 3);
    scene.put('c', 2);
    scene.drop('b');
    scene.drop('c');
    expect(scene.put('b', 5)).toBe(3);
    scene.drop('a');
    expect(scene.put('c', 3)).toBe(0);
    expect(scene.picture).toBe('cccbbbbb..');
    expect(scene.subject.skipped).toBe(2);
    // The newest lies at the start: without it the head is at 8 again.
    scene.drop('c');
    expect(scene.subject.skipped).toBe(0);
    expect(scene.put('d', 2)).toBe(8);
    expect(scene.put('e', 3)).toBe(0);
    expect(scene.picture).toBe('eeebbbbbdd');
  });

  it('keeps the order of age when the newest, at the start, is freed before older ones at the end', () => {
    const scene = open(12);
    for (const letter of 'abcd') scene.put(letter, 3);
    scene.drop('ab');
    expect([scene.put('e', 2), scene.put('f', 2)]).toEqual([0, 2]);
    scene.drop('d');
    expect(scene.picture).toBe('eeff..ccc...');
    expect(scene.subject.skipped).toBe(3);
    scene.drop('fe');
    // Only c lives: the head is behind it.
    expect(scene.picture).toBe('......ccc...');
    expect(scene.put('g', 3)).toBe(9);
    expect(scene.put('h', 6)).toBe(0);
  });

  it('leaves no trace of a batch that does not fit, round the start or not', () => {
    const scene = open(12);
    for (const letter of 'ab') scene.put(letter, 5);
    scene.drop('a');
    const before = scene.subject.statistics();
    const mark = scene.subject.mark();
    const requests = [{ size: 1, alignment: 4 }, { size: 1 }, { size: 2 }, { size: 2 }];
    expect(scene.subject.allocateMany(requests)).toBeUndefined();
    expect(scene.subject.statistics()).toEqual(before);
    expect([scene.subject.mark(), scene.subject.skipped]).toEqual([mark, 0]);
    expect(scene.put('c', 2)).toBe(10);
    expect(scene.put('d', 5)).toBe(0);
  });
});

describe('ring, resized', () => {
  it('resizes the newest in place, up to the oldest or the end, and shrinks the others', () => {
    const scene = open(12);
    for (const letter of 'abc') scene.put(letter, 3);
    expect([scene.resize('c', 7), scene.resize('c', 6)]).toEqual([false, true]);
    expect(scene.picture).toBe('aaabbbcccccc');
    expect(scene.resize('c', 2)).toBe(true);
    expect(scene.put('d', 4)).toBe(8);
    scene.drop('a');
    expect(scene.put('e', 1)).toBe(0);
    expect([scene.resize('e', 4), scene.resize('e', 3)]).toEqual([false, true]);
    expect(scene.picture).toBe('eeebbbccdddd');
    expect(scene.subject.statistics()).toMatchObject({ free: 0, holeCount: 0, largestFree: 0 });
    expect(scene.resize('b', 1)).toBe(true);
    expect(scene.resize('d', 3)).toBe(true);
    expect(scene.picture).toBe('eeeb..ccddd.');
    // What b left lies between live ranges; what d left is skipped.
    expect([scene.subject.skipped, scene.subject.largestAllocatable()]).toEqual([3, 0]);
    expect([scene.resize('b', 4), scene.resize('b', 3), scene.resize('d', 4)]).toEqual([false, true, true]);
    expect(scene.picture).toBe('eeebbbccdddd');
  });

  it('grows behind the newest while the live ranges do not go round the end', () => {
    const scene = open(6);
    scene.put('a', 2);
    scene.put('b', 3);
    scene.drop('a');
    scene.subject.grow(10);
    expect(scene.subject.statistics()).toMatchObject({ capacity: 10, free: 7, holeCount: 2 });
    expect(scene.subject.largestAllocatable()).toBe(5);
    expect(scene.put('c', 5)).toBe(5);
    expect(scene.put('d', 2)).toBe(0);
  });

  it('grows while they do, and keeps what it gains until they no longer do', () => {
    const scene = open(6);
    scene.put('a', 3);
    scene.put('b', 3);
    scene.drop('a');
    expect(scene.put('c', 2)).toBe(0);
    scene.subject.grow(10);
    expect(scene.picture).toBe('cc.bbb....');
    expect(scene.subject.skipped).toBe(4);
    expect(scene.subject.largestAllocatable()).toBe(1);
    expect(scene.subject.statistics()).toMatchObject({ free: 5, holeCount: 2, largestFree: 3 });
    scene.drop('b');
    expect(scene.subject.skipped).toBe(0);
    expect(scene.put('d', 8)).toBe(2);
  });

  it('lets the newest at the end grow into what grow gained', () => {
    const scene = open(6);
    scene.put('a', 6);
    expect(scene.resize('a', 7)).toBe(false);
    scene.subject.grow(8);
    expect(scene.resize('a', 7)).toBe(true);
    expect(scene.picture).toBe('aaaaaaa.');
  });

  it('shrinks to where the highest range ends, and no further', () => {
    const scene = open(12);
    for (const letter of 'abc') scene.put(letter, 3);
    scene.drop('a');
    expect(scene.subject.shrinkTo(8)).toBe(false);
    expect(scene.subject.shrinkTo(10)).toBe(true);
    expect(scene.put('d', 2)).toBe(0);
    expect(scene.picture).toBe('dd.bbbccc.');
    expect(scene.subject.skipped).toBe(1);
    expect(scene.subject.shrinkTo(9)).toBe(true);
    expect(scene.subject.skipped).toBe(0);
    expect(scene.subject.statistics()).toMatchObject({ capacity: 9, holeCount: 1, free: 1 });
    scene.drop('bcd');
    expect(scene.subject.shrinkTo(1)).toBe(true);
    expect(scene.put('e', 1)).toBe(0);
    expect(scene.put('f', 1)).toBe(-1);
  });

  it.each([
    ['grow', 15],
    ['shrinkTo', 17],
    ['grow', Number.NaN],
    ['shrinkTo', 0],
  ] as const)('refuses %s(%d) of 16', (act, capacity) => {
    const { subject } = open(16);
    expect(() => subject[act](capacity)).toThrow(expect.objectContaining({ code: 'bad-capacity' }));
    expect(subject.capacity).toBe(16);
  });
});

describe('ring, with a full table', () => {
  it('refuses what it can not name, until a range ends', () => {
    const most = MOST_RECORDS;
    const subject = limited(new Ring({ capacity: most + 10 }));
    const first = subject.allocate(1);
    for (let i = 1; i < most; i++) subject.allocate(1);
    const before = subject.statistics();
    expect([before.liveCount, subject.largestAllocatable()]).toEqual([most, 10]);
    expect(subject.allocate(1)).toBe(NO_SPACE);
    expect(subject.statistics()).toEqual(before);
    expect(subject.metadataBytes / most).toBeLessThan(scale(33, 33, 41));
    subject.free(first);
    expect(subject.offsetOf(subject.allocate(1))).toBe(most);
  });
});
