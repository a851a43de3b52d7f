import { digest, validate } from '@gpuheap/core/debug';
import { Buddy, type Handle, NO_SPACE } from '@gpuheap/core/ranges';
import { describe, expect, it } from 'vitest';
import { codeOf } from '../code-of.ts';

/** Free ranges as `offset+size`, live ones as `[offset+size]`. */
function layout(buddy: Buddy): string {
  return [...buddy.ranges()]
    .map(({ offset, size, handle }) => (handle === NO_SPACE ? `${offset}+${size}` : `[${offset}+${size}]`))
    .join(' ');
}

function splitsOf(buddy: Buddy, act: () => unknown): { splits: number; merges: number } {
  const before = buddy.statistics();
  act();
  const after = buddy.statistics();
  return {
    splits: after.splitCount - before.splitCount,
    merges: after.mergeCount - before.mergeCount,
  };
}

describe('buddy: spans', () => {
  it('that are no power of two are cut into the longest ranges that fit, one after the other', () => {
    expect(layout(new Buddy({ capacity: 22 }))).toBe('0+16 16+4 20+2');
    for (let capacity = 1; capacity <= 300; capacity++) {
      const powers = [256, 128, 64, 32, 16, 8, 4, 2, 1].filter(
        (power) => Math.floor(capacity / power) % 2 === 1,
      );
      const sizes = [...new Buddy({ capacity }).ranges()].map(({ size }) => size);
      expect(sizes).toEqual(powers);
    }
  });

  it('of the most units have a hole for each power of two, and serve them all', () => {
    const buddy = new Buddy({ capacity: 2 ** 31 - 1 });
    expect(buddy.statistics()).toMatchObject({ holeCount: 31, largestFree: 2 ** 30 });
    expect(buddy.allocate(2 ** 30 + 1)).toBe(NO_SPACE);
    expect(buddy.allocateBy('min-offset', 2 ** 30 + 1)).toBe(NO_SPACE);
    expect(buddy.allocateAt(0, 2 ** 30 + 1)).toBe(NO_SPACE);
    for (let bit = 30; bit >= 0; bit--) expect(buddy.allocate(2 ** bit)).not.toBe(NO_SPACE);
    expect(buddy.statistics()).toMatchObject({ free: 0, holeCount: 0, largestFree: 0, splitCount: 0 });
    expect(buddy.allocate(1)).toBe(NO_SPACE);
  });

  it('grow and shrink to what a span of that length is cut into at first', () => {
    for (let from = 1; from <= 40; from++) {
      for (let to = 1; to <= 40; to++) {
        const buddy = new Buddy({ capacity: from });
        if (to >= from) buddy.grow(to);
        else expect(buddy.shrinkTo(to)).toBe(true);
        expect(layout(buddy)).toBe(layout(new Buddy({ capacity: to })));
        expect(validate(buddy)).toEqual([]);
        expect(codeOf(() => (to >= from ? buddy.shrinkTo(to + 1) : buddy.grow(to - 1 || 0)))).toBe(
          'bad-capacity',
        );
      }
    }
  });

  it('keep their live ranges when they shrink, as far as the last of them', () => {
    const buddy = new Buddy({ capacity: 64 });
    const handles = [8, 4, 16].map((size) => buddy.allocate(size));
    expect(layout(buddy)).toBe('[0+8] [8+4] 12+4 [16+16] 32+32');
    expect(buddy.shrinkTo(31)).toBe(false);
    expect(buddy.shrinkTo(39)).toBe(true);
    expect(layout(buddy)).toBe('[0+8] [8+4] 12+4 [16+16] 32+4 36+2 38+1');
    buddy.free(handles[2] as Handle);
    expect(buddy.shrinkTo(13)).toBe(true);
    expect(layout(buddy)).toBe('[0+8] [8+4] 12+1');
    buddy.grow(16);
    expect(layout(buddy)).toBe('[0+8] [8+4] 12+4');
    buddy.free(handles[0] as Handle);
    buddy.free(handles[1] as Handle);
    expect(layout(buddy)).toBe('0+16');
  });
});

describe('buddy: the work of a call', () => {
  it('is a split for each doubling between a request and its hole, and a merge for each back', () => {
    for (let exponent = 0; exponent <= 30; exponent++) {
      const buddy = new Buddy({ capacity: 2 ** 30 });
      let handle = NO_SPACE;
      const allocate = (): void => {
        handle = buddy.allocate(2 ** exponent);
      };
      expect(splitsOf(buddy, allocate)).toEqual({ splits: 30 - exponent, merges: 0 });
      expect(buddy.statistics()).toMatchObject({
        holeCount: 30 - exponent,
        largestFree: exponent < 30 ? 2 ** 29 : 0,
      });
      expect(splitsOf(buddy, () => buddy.free(handle))).toEqual({ splits: 0, merges: 30 - exponent });
      expect(layout(buddy)).toBe(`0+${2 ** 30}`);
    }
  });

  it('does not depend on how many ranges there are', () => {
    for (const count of [1, 10, 1000]) {
      const buddy = new Buddy({ capacity: 2 ** 20 });
      for (let i = 0; i < count; i++) buddy.allocate(16);
      const { largestFree } = buddy.statistics();
      // The shortest hole serves: a range of 16 units is as long as one, or the next doubling away.
      const { splits } = splitsOf(buddy, () => buddy.allocate(largestFree));
      expect(splits).toBe(0);
    }
  });

  it('takes the shortest hole that holds the request, the newest of that length', () => {
    const buddy = new Buddy({ capacity: 64 });
    const handles = Array.from({ length: 16 }, () => buddy.allocate(4));
    for (const index of [0, 1, 4, 6]) buddy.free(handles[index] as Handle);
    // Holes: 0+8, 16+4, 24+4; the hole at 24 is the newest.
    expect(buddy.offsetOf(buddy.allocate(3))).toBe(24);
    expect(buddy.offsetOf(buddy.allocate(4))).toBe(16);
    expect(buddy.offsetOf(buddy.allocate(1))).toBe(0);
    expect(layout(buddy)).toMatch(/^\[0\+1\] 1\+1 2\+2 4\+4 \[8\+4\]/);
  });

  it('joins only buddies: neighbours of one length that are no halves of a range stay apart', () => {
    const buddy = new Buddy({ capacity: 32 });
    const handles = Array.from({ length: 4 }, () => buddy.allocate(8));
    buddy.free(handles[1] as Handle);
    expect(splitsOf(buddy, () => buddy.free(handles[2] as Handle))).toEqual({ splits: 0, merges: 0 });
    expect(layout(buddy)).toBe('[0+8] 8+8 16+8 [24+8]');
    expect(buddy.allocate(16)).toBe(NO_SPACE);
    expect(buddy.largestAllocatable()).toBe(8);
    expect(splitsOf(buddy, () => buddy.free(handles[0] as Handle))).toEqual({ splits: 0, merges: 1 });
    expect(splitsOf(buddy, () => buddy.free(handles[3] as Handle))).toEqual({ splits: 0, merges: 2 });
  });
});

describe('buddy: alignment', () => {
  it('is that of the reserved size without being asked', () => {
    const buddy = new Buddy({ capacity: 2 ** 12 * 3, granularity: 3 });
    for (const size of [1, 4, 7, 12, 13, 100, 30, 6, 700, 3]) {
      const handle = buddy.allocate(size);
      expect(buddy.offsetOf(handle) % buddy.sizeOf(handle)).toBe(0);
    }
    expect(validate(buddy)).toEqual([]);
  });

  it('may be longer than the range: the hole is as long as it, or aligned by chance', () => {
    const buddy = new Buddy({ capacity: 64 });
    buddy.allocate(1);
    expect(buddy.offsetOf(buddy.allocate(1, 32))).toBe(32);
    expect(buddy.offsetOf(buddy.allocate(1, 16))).toBe(48);
    expect(buddy.offsetOf(buddy.allocate(16))).toBe(16);
    expect(buddy.largestAllocatable(16)).toBe(0);
    expect(buddy.allocate(1, 16)).toBe(NO_SPACE);
    const full = new Buddy({ capacity: 64 });
    const handles = Array.from({ length: 8 }, () => full.allocate(8));
    full.free(handles[3] as Handle);
    full.free(handles[6] as Handle);
    expect(full.largestAllocatable(16)).toBe(8);
    expect(full.allocate(2, 32)).toBe(NO_SPACE);
    expect(full.offsetOf(full.allocate(2, 16))).toBe(48);
    expect(full.largestAllocatable(16)).toBe(0);
    expect(full.largestAllocatable(8)).toBe(8);
    expect(full.largestAllocatable(2)).toBe(8);
  });

  it('must be a power of two where units and alignment first meet', () => {
    const buddy = new Buddy({ capacity: 4096 * 12, granularity: 12 });
    for (const alignment of [1, 2, 3, 4, 6, 8, 12, 24, 16, 48, 96]) {
      expect(codeOf(() => buddy.allocate(12, alignment))).toBe('none');
    }
    for (const alignment of [5, 9, 36, 18, 60, 7]) {
      const before = digest(buddy);
      expect(codeOf(() => buddy.allocate(12, alignment))).toBe('bad-alignment');
      expect(codeOf(() => buddy.allocateMany([{ size: 12 }, { size: 12, alignment }]))).toBe('bad-alignment');
      expect(codeOf(() => buddy.largestAllocatable(alignment))).toBe('bad-alignment');
      expect(digest(buddy)).toBe(before);
    }
  });
});

describe('buddy: resize', () => {
  it('doubles as often as the buddies behind are free, and halves again', () => {
    const buddy = new Buddy({ capacity: 64 });
    const handle = buddy.allocate(2);
    for (const [size, splits, merges] of [
      [3, 0, 1],
      [4, 0, 0],
      [9, 0, 2],
      [64, 0, 2],
      [33, 0, 0],
      [32, 1, 0],
      [1, 5, 0],
    ] as const) {
      expect(splitsOf(buddy, () => expect(buddy.resize(handle, size)).toBe(true))).toEqual({
        splits,
        merges,
      });
      const reserved = 2 ** Math.ceil(Math.log2(size));
      expect([buddy.offsetOf(handle), buddy.sizeOf(handle)]).toEqual([0, reserved]);
      expect(buddy.statistics()).toMatchObject({ used: reserved, requested: size, free: 64 - reserved });
      expect(validate(buddy)).toEqual([]);
    }
    expect(buddy.resize(handle, 65)).toBe(false);
    expect(buddy.resize(handle, 2 ** 30 + 1)).toBe(false);
  });

  it('never moves: an upper half does not double, nor what a live range or a shorter hole follows', () => {
    const buddy = new Buddy({ capacity: 32 });
    const [lower, upper, next] = [buddy.allocate(4), buddy.allocate(4), buddy.allocate(8)];
    expect(layout(buddy)).toBe('[0+4] [4+4] [8+8] 16+16');
    const before = digest(buddy);
    expect(buddy.resize(lower, 8)).toBe(false);
    expect(buddy.resize(upper, 5)).toBe(false);
    expect(buddy.resize(next, 9)).toBe(false);
    expect(digest(buddy)).toBe(before);
    buddy.free(upper);
    expect(buddy.resize(lower, 8)).toBe(true);
    expect(buddy.resize(lower, 9)).toBe(false);
    expect(buddy.resize(next, 4)).toBe(true);
    // The hole behind is shorter than a doubling needs.
    expect(layout(buddy)).toBe('[0+8] [8+4] 12+4 16+16');
    expect(buddy.resize(lower, 16)).toBe(false);
    expect(buddy.resize(next, 8)).toBe(true);
    buddy.free(next);
    expect(buddy.resize(lower, 32)).toBe(true);
    expect(layout(buddy)).toBe('[0+32]');
  });
});

describe('buddy: places', () => {
  it('lie as low, as high or in as short a hole as they can', () => {
    const buddy = new Buddy({ capacity: 64 });
    const handles = Array.from({ length: 16 }, () => buddy.allocate(4));
    for (const index of [1, 4, 5, 12, 13, 14, 15, 9]) buddy.free(handles[index] as Handle);
    expect(layout(buddy)).toContain('4+4 [8+4] [12+4] 16+8 [24+4]');
    const at = (handle: Handle): number => {
      const offset = buddy.offsetOf(handle);
      buddy.free(handle);
      return offset;
    };
    expect(at(buddy.allocateBy('min-offset', 4))).toBe(4);
    expect(at(buddy.allocateBy('min-offset', 5))).toBe(16);
    expect(at(buddy.allocateBy('min-offset', 4, 8))).toBe(16);
    expect(at(buddy.allocateBy('max-offset', 4))).toBe(60);
    expect(at(buddy.allocateBy('max-offset', 8))).toBe(56);
    expect(at(buddy.allocateBy('max-offset', 2, 16))).toBe(48);
  });

  it('go by strategy: min-time as allocate does, min-waste into the shortest hole that is aligned', () => {
    const make = (): Buddy => {
      const buddy = new Buddy({ capacity: 256 });
      const handles = Array.from({ length: 32 }, () => buddy.allocate(8));
      // Holes of 16 at 32, of 8 at 72 and 88, of 64 at 192.
      for (const index of [24, 25, 26, 27, 28, 29, 30, 31, 9, 11, 4, 5]) buddy.free(handles[index] as Handle);
      return buddy;
    };
    const place = (act: (buddy: Buddy) => Handle): number => {
      const buddy = make();
      const handle = act(buddy);
      return handle === NO_SPACE ? -1 : buddy.offsetOf(handle);
    };
    for (const [size, alignment] of [
      [1, 1],
      [8, 1],
      [9, 1],
      [16, 64],
      [5, 32],
      [65, 1],
    ] as const) {
      const expected = place((buddy) => buddy.allocate(size, alignment));
      expect(place((buddy) => buddy.allocateBy('min-time', size, alignment))).toBe(expected);
    }
    expect(place((buddy) => buddy.allocateBy('min-waste', 8))).toBe(88);
    expect(place((buddy) => buddy.allocateBy('min-waste', 9))).toBe(32);
    expect(place((buddy) => buddy.allocateBy('min-waste', 8, 16))).toBe(32);
    expect(place((buddy) => buddy.allocateBy('min-waste', 8, 64))).toBe(192);
    expect(place((buddy) => buddy.allocateBy('max-offset', 1))).toBe(255);
    expect(place((buddy) => buddy.allocateBy('max-offset', 1, 8))).toBe(248);
    expect(place((buddy) => buddy.allocateBy('max-offset', 64, 128))).toBe(-1);
    expect(place((buddy) => buddy.allocateBy('max-offset', 33, 64))).toBe(192);
    expect(place((buddy) => buddy.allocateBy('min-offset', 8, 64))).toBe(192);
    expect(place((buddy) => buddy.allocateBy('min-offset', 8, 8))).toBe(32);
  });

  it('may be 2^30 units long, wherever it is asked for', () => {
    for (const strategy of ['min-time', 'min-waste', 'min-offset', 'max-offset'] as const) {
      const buddy = new Buddy({ capacity: 2 ** 31 - 1 });
      expect(buddy.sizeOf(buddy.allocateBy(strategy, 2 ** 30))).toBe(2 ** 30);
      expect(buddy.allocateBy(strategy, 2 ** 30)).toBe(NO_SPACE);
    }
    const buddy = new Buddy({ capacity: 2 ** 31 - 1 });
    const handle = buddy.allocateAt(0, 2 ** 30);
    expect(buddy.sizeOf(handle)).toBe(2 ** 30);
    expect([
      buddy.resize(handle, 1),
      buddy.resize(handle, 2 ** 30),
      buddy.resize(handle, 2 ** 30 + 1),
    ]).toEqual([true, true, false]);
  });
});
