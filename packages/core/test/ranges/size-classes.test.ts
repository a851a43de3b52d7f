import { describe, expect, it } from 'vitest';
import { classesFromBytes, deriveClasses, tabulateClasses } from '../../src/ranges/size-classes.ts';
import { codeOf } from '../code-of.ts';

/** The lengths up to `most` of which eight lie in each doubling, and every one up to 16. */
function evenLengths(most: number): number[] {
  const lengths = Array.from({ length: most }, (_, k) => k + 1);
  return lengths.filter((units) => units <= 16 || units % 2 ** (Math.ceil(Math.log2(units)) - 4) === 0);
}

describe('size classes', () => {
  it('are derived eight to a doubling, up to 256 units, as far as that is a small part of the span', () => {
    for (const [capacity, most] of [
      [1, 0],
      [255, 0],
      [256, 1],
      [511, 1],
      [512, 2],
      [256 * 16, 16],
      [256 * 17, 17],
      [256 * 18, 18],
      [256 * 100, 100],
      [256 * 255, 255],
      [256 * 256, 256],
      [2 ** 31 - 1, 256],
    ] as const) {
      const classes = deriveClasses(capacity);
      expect(classes.map(({ units }) => units)).toEqual(evenLengths(most));
    }
    expect(evenLengths(256).length).toBe(16 + 4 * 8);
  });

  it('have slabs of about 128 units, at least one slot and at most 64', () => {
    const slots = new Map(deriveClasses(2 ** 20).map((each) => [each.units, each.slots]));
    expect([1, 2, 3, 5, 64, 72, 128, 144, 256].map((units) => slots.get(units))).toEqual([
      64, 64, 42, 25, 2, 1, 1, 1, 1,
    ]);
  });

  it('are taken in bytes, in any order, each once, and in slabs of a 64th of the span', () => {
    const classes = classesFromBytes([100, 16, 1, 96, 16], 16, 64 * 64);
    expect(classes).toEqual([
      { units: 1, slots: 64 },
      { units: 6, slots: 10 },
      { units: 7, slots: 9 },
    ]);
    expect(classesFromBytes([3], 1, 64 * 36)).toEqual([{ units: 3, slots: 12 }]);
    expect(classesFromBytes([65_535 * 8], 8, 64)).toEqual([{ units: 65_535, slots: 4 }]);
    expect(classesFromBytes([], 8, 64)).toEqual([]);
  });

  it('are refused when they are none', () => {
    for (const bad of [undefined, null, 8, '8', {}, new Int32Array(1), new Array(256).fill(8)]) {
      expect(codeOf(() => classesFromBytes(bad as never, 8, 64))).toBe('bad-argument');
    }
    for (const bad of [0, -1, 0.5, Number.NaN, 2 ** 53, '8', null, 65_535 * 8 + 1]) {
      expect(codeOf(() => classesFromBytes([8, bad as number], 8, 64))).toBe('bad-size');
    }
    expect(classesFromBytes(new Array(255).fill(8), 8, 64)).toEqual([{ units: 1, slots: 4 }]);
  });

  it('are found by length in a table', () => {
    expect([...tabulateClasses([1, 3, 6], 10)]).toEqual([0, 0, 10, 10, 20, 20, 20]);
    expect([...tabulateClasses([2], 3)]).toEqual([0, 0, 0]);
    expect([...tabulateClasses([], 3)]).toEqual([0]);
  });
});
