import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scale } from '../../../testing/src/scale.ts';
import { mixBits } from '../../src/base/bits.ts';
import {
  insertHole,
  lastHole,
  leastFitting,
  leastFrom,
  mostFitting,
  removeHole,
} from '../../src/tables/hole-tree.ts';

// Cells as the tree knows them; each hole lies behind a live record of its own.
const [SIZE, LEFT, RIGHT, OFFSET, PREVIOUS, STRIDE] = [1, 2, 3, 2, 4, 5];
const MOST_HOLES = 40;

interface Hole {
  readonly n: number;
  readonly size: number;
  readonly offset: number;
}

/** Holes in a tree, and beside it in a list. */
class Scene {
  readonly cells = new Int32Array(STRIDE * (2 * MOST_HOLES + 1));
  root = 0;
  holes: Hole[] = [];

  /** Adds the `k`-th hole with this size, at an offset of its own that is `about` so much. */
  insert(k: number, size: number, about: number): void {
    const n = STRIDE * (2 * k + 1);
    if (this.holes.some((hole) => hole.n === n)) return;
    const offset = about * MOST_HOLES + k;
    const previous = n + STRIDE;
    // The live record before it ends where it begins.
    const length = 1 + (k % Math.max(1, offset));
    this.cells[previous + OFFSET] = offset - length;
    this.cells[previous + SIZE] = length;
    this.cells[n + PREVIOUS] = previous;
    this.cells[n + SIZE] = size;
    this.root = insertHole(this.cells, this.root, n);
    this.holes.push({ n, size, offset });
    this.holes.sort((a, b) => a.size - b.size || a.offset - b.offset);
  }

  remove(which: number): void {
    const [hole] = this.holes.splice(which % Math.max(1, this.holes.length), 1);
    if (hole !== undefined) this.root = removeHole(this.cells, this.root, hole.n);
  }

  /** The ids in the order of the tree; no node has a larger priority than its parent. */
  walk(t: number = this.root): number[] {
    if (t === 0) return [];
    const [left, right] = [this.cells[t + LEFT] as number, this.cells[t + RIGHT] as number];
    for (const child of [left, right]) {
      if (child !== 0) expect(mixBits(child)).toBeLessThan(mixBits(t));
    }
    return [...this.walk(left), t, ...this.walk(right)];
  }

  expectSame(): void {
    const { cells, root, holes } = this;
    expect(this.walk()).toEqual(holes.map(({ n }) => n));
    if (root !== 0) expect(lastHole(cells, root)).toBe(holes.at(-1)?.n);
    for (let units = 1; units <= 13; units++) {
      expect(leastFrom(cells, root, units)).toBe(holes.find(({ size }) => size >= units)?.n ?? 0);
    }
  }

  expectSameAligned(alignment: number): void {
    const { cells, root, holes } = this;
    const padding = (offset: number) => (alignment - (offset % alignment)) % alignment;
    for (let units = 1; units <= 13; units++) {
      const fitting = holes.find(({ size, offset }) => size - padding(offset) >= units);
      expect(leastFitting(cells, root, units, alignment)).toBe(fitting?.n ?? 0);
    }
    const most = Math.max(0, ...holes.map(({ size, offset }) => size - padding(offset)));
    expect(mostFitting(cells, root, alignment, 0)).toBe(most);
    expect(mostFitting(cells, root, alignment, 5)).toBe(Math.max(5, most));
  }
}

describe('hole tree', () => {
  it('is ordered by size, then by offset, and finds what a list finds', () => {
    const step = fc.record({
      isRemoval: fc.boolean(),
      k: fc.nat(MOST_HOLES - 1),
      size: fc.integer({ min: 1, max: 12 }),
      about: fc.integer({ min: 1, max: 9 }),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 30, maxLength: 120, size: 'max' }), (steps) => {
        const scene = new Scene();
        for (const { isRemoval, k, size, about } of steps) {
          if (isRemoval) scene.remove(k);
          else scene.insert(k, size, about);
          scene.expectSame();
          scene.expectSameAligned(1 + (k % 7));
        }
      }),
      { numRuns: scale(40, 1000, 6) },
    );
  });

  it('is empty at first, and again when all have gone', () => {
    const scene = new Scene();
    scene.expectSame();
    scene.expectSameAligned(3);
    for (let k = 0; k < MOST_HOLES; k++) scene.insert(k, 1 + (k % 5), 3);
    for (let k = 0; k < MOST_HOLES; k++) scene.remove(k * 7);
    expect(scene.root).toBe(0);
  });
});
