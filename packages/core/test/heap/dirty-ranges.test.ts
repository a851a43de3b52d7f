import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scale } from '../../../testing/src/scale.ts';
import { DirtyRanges } from '../../src/heap/dirty-ranges.ts';

type Range = readonly [from: number, to: number];

const rangesOf = (dirty: DirtyRanges): Range[] =>
  Array.from({ length: dirty.count }, (_, k): Range => [dirty.fromOf(k), dirty.toOf(k)]);

/** What was added, joined where no further apart than `gap`, however many ranges that are. */
function joined(added: readonly Range[], gap: number): Range[] {
  const out: [number, number][] = [];
  for (const [from, to] of [...added].sort((a, b) => a[0] - b[0])) {
    const last = out.at(-1);
    if (last !== undefined && from - last[1] <= gap) last[1] = Math.max(last[1], to);
    else out.push([from, to]);
  }
  return out;
}

const added = (most: number): fc.Arbitrary<Range[]> =>
  fc.array(
    fc.tuple(fc.nat(most), fc.integer({ min: 1, max: 60 })).map(([from, size]): Range => [from, from + size]),
    { maxLength: 80, size: 'max' },
  );

describe('dirty ranges', () => {
  it('are those that were added, joined where they are near', () => {
    fc.assert(
      fc.property(added(1500), fc.nat(40), (ranges, gap) => {
        const dirty = new DirtyRanges(gap);
        for (const [from, to] of ranges) dirty.add(from, to);
        const isEverMore = ranges.some((_, k) => joined(ranges.slice(0, k), gap).length > 16);
        const plain = joined(ranges, gap);
        if (!isEverMore && plain.length <= 16) expect(rangesOf(dirty)).toEqual(plain);
      }),
      { numRuns: scale(500, 8000) },
    );
  });

  it('are sixteen at most, in order, apart, and cover everything', () => {
    fc.assert(
      fc.property(added(100_000), fc.nat(40), (ranges, gap) => {
        const dirty = new DirtyRanges(gap);
        const covers = ([from, to]: Range): boolean =>
          rangesOf(dirty).some((range) => range[0] <= from && range[1] >= to);
        for (const range of ranges) {
          dirty.add(...range);
          if (dirty.count > 16 || !covers(range)) throw new Error(`after ${range}: ${rangesOf(dirty)}`);
        }
        const kept = rangesOf(dirty);
        expect(ranges.every(covers)).toBe(true);
        expect(kept.slice(1).every(([from], k) => from - kept[k]![1] > gap)).toBe(true);
        // Nothing is made up at the ends.
        if (ranges.length > 0) {
          expect(kept[0]![0]).toBe(Math.min(...ranges.map(([from]) => from)));
          expect(kept.at(-1)![1]).toBe(Math.max(...ranges.map(([, to]) => to)));
        }
        dirty.clear();
        expect(dirty.count).toBe(0);
        dirty.add(7, 8);
        expect(rangesOf(dirty)).toEqual([[7, 8]]);
      }),
      { numRuns: scale(500, 8000) },
    );
  });

  it('give up the narrowest gap for the seventeenth', () => {
    const dirty = new DirtyRanges(0);
    for (let k = 0; k < 16; k++) dirty.add(k * 100, k * 100 + (k === 9 ? 60 : 50));
    dirty.add(5000, 5001);
    expect([dirty.count, dirty.fromOf(9), dirty.toOf(9)]).toEqual([16, 900, 1050]);
  });
});
