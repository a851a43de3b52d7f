import type { LifetimeItem } from '@gpuheap/core/planning';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextScrambled } from '../../src/base/bits.ts';
import { colourItems } from '../../src/planning/lifetimes/conflict-colours.ts';
import { addTaken, findHole, makeTakenRanges } from '../../src/planning/lifetimes/hole-search.ts';
import { checkPlanOptions } from '../../src/planning/lifetimes/lifetime-options.ts';
import { type LifetimeProblem, makeProblem } from '../../src/planning/lifetimes/lifetime-problem.ts';
import {
  fillTree,
  largestIn,
  largestOf,
  makeMaxTree,
  nextAtLeast,
  setLeaf,
} from '../../src/planning/lifetimes/max-tree.ts';
import { itemsOf } from './lifetime-scenes.ts';

function problemOf(items: readonly LifetimeItem[]): LifetimeProblem {
  return makeProblem(items, checkPlanOptions({ granularity: 1 }));
}

describe('a max tree', () => {
  const row = fc.array(fc.integer({ min: -1, max: 9 }), { minLength: 1, maxLength: 40 });

  it('finds what a look at every place finds', () => {
    fc.assert(
      fc.property(row, fc.nat(50), fc.integer({ min: 0, max: 10 }), fc.nat(50), (values, from, least, at) => {
        const tree = makeMaxTree(values.length);
        fillTree(tree, values);
        const changed = at % values.length;
        values[changed] = least;
        setLeaf(tree, changed, least);
        expect(largestOf(tree)).toBe(Math.max(...values));
        expect(nextAtLeast(tree, from, least)).toBe(
          values.findIndex((value, place) => place >= from && value >= least),
        );
        const low = Math.min(from, values.length - 1);
        const high = Math.max(low, changed);
        expect(largestIn(tree, low, high)).toBe(Math.max(...values.slice(low, high + 1)));
      }),
    );
  });
});

describe('a search for a hole', () => {
  const ranges = fc.array(fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 9 })), { maxLength: 40 });

  it('finds what trying every offset finds', () => {
    fc.assert(
      fc.property(
        ranges,
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom(1, 2, 3),
        (all, size, alignment) => {
          const find = (rule: 'first-fit' | 'best-fit'): number => {
            const taken = makeTakenRanges();
            for (const [offset, length] of all) addTaken(taken, offset, length);
            return findHole(taken, size, alignment, rule);
          };
          const isFree = (at: number): boolean =>
            all.every(([offset, length]) => at < offset || at >= offset + length);
          const fits = (at: number): boolean =>
            at % alignment === 0 && Array.from({ length: size }, (_, k) => at + k).every(isFree);
          let lowest = 0;
          while (!fits(lowest)) lowest++;
          expect(find('first-fit')).toBe(lowest);
          const holeBytes = (at: number): number => {
            let [from, to] = [at, at];
            while (from > 0 && isFree(from - 1)) from--;
            while (to < 60 && isFree(to)) to++;
            return to === 60 ? Number.POSITIVE_INFINITY : to - from;
          };
          const offsets = Array.from({ length: 60 }, (_, at) => at).filter(fits);
          const chosen = find('best-fit');
          expect(fits(chosen)).toBe(true);
          expect(holeBytes(chosen)).toBe(Math.min(...offsets.map(holeBytes)));
        },
      ),
    );
  });
});

describe('colours of items in conflict', () => {
  const shape = { maxCount: 30, maxStep: 5, maxSize: 9, alignments: [1], maxConflicts: 4 };

  it('differ, are no more than one item asks for, and are given to nobody else', () => {
    const found = { coloured: 0, conflicts: 0 };
    fc.assert(
      fc.property(itemsOf(shape), fc.constantFrom('saturation' as const, 'size' as const), (items, order) => {
        const problem = problemOf(items);
        const colours = colourItems(problem, order);
        expect(colours.length).toBe(items.length);
        const most = Math.max(0, ...problem.conflicts.map((list) => list?.length ?? 0));
        for (const [item, list] of problem.conflicts.entries()) {
          expect(colours[item] === -1).toBe(list === undefined);
          expect(colours[item]).toBeLessThanOrEqual(most);
          if (list === undefined) continue;
          found.coloured++;
          for (const other of list) expect(colours[item]).not.toBe(colours[other]);
          found.conflicts += list.length;
        }
      }),
    );
    expect(found.coloured).toBeGreaterThan(0);
    expect(found.conflicts).toBeGreaterThanOrEqual(found.coloured);
  });

  it('are two where two are enough', () => {
    const sides = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }));
    const edges = fc.array(fc.tuple(fc.nat(11), fc.nat(11)), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(sides, edges, ([left, right], pairs) => {
        const items = Array.from({ length: left + right }, (_, index) => ({
          size: 1,
          firstUse: index,
          lastUse: index,
          conflictsWith: pairs.filter(([from]) => from % left === index).map(([, to]) => left + (to % right)),
        }));
        expect(Math.max(...colourItems(problemOf(items), 'saturation'))).toBe(1);
      }),
    );
  });
});

describe('scrambled numbers', () => {
  it('are integers from 1 to 2^32-1, each followed by another', () => {
    const seen = new Set<number>();
    for (let state = 1; seen.size < 10_000; state = nextScrambled(state)) {
      expect(Number.isInteger(state) && state >= 1 && state < 2 ** 32).toBe(true);
      expect(seen.has(state)).toBe(false);
      seen.add(state);
    }
    expect(nextScrambled(0)).toBe(0);
    expect(nextScrambled(1)).toBe(270_369);
  });
});
