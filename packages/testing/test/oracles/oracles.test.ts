import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BigIntOracle, BitmapOracle, IntervalOracle, type SpaceOracle, scale } from '../../src/index.ts';

const GRANULARITIES = [1, 3, 36, 256];
const ALIGNMENTS = [1, 2, 3, 5, 12, 36, 100, 1000, 2 ** 31 - 1];

function makeOracles(units: number, granularity: number): SpaceOracle[] {
  const capacity = units * granularity;
  return [
    new BitmapOracle(capacity, granularity),
    new IntervalOracle(capacity, granularity),
    new BigIntOracle(capacity, granularity),
  ];
}

describe.each([0, 1, 2])('oracle %#', (which) => {
  const make = (): SpaceOracle => makeOracles(16, 36)[which] as SpaceOracle;

  it('begins with everything free', () => {
    const oracle = make();
    expect(oracle.freeRanges()).toEqual([{ offset: 0, size: 576 }]);
    expect(oracle.largest(1)).toBe(576);
    expect(oracle.largest(2 ** 31 - 1)).toBe(576);
  });

  it('takes, answers what fits, gives and joins', () => {
    const oracle = make();
    // [ free 2 ][ live 3 ][ free 11 ] units of 36
    expect(oracle.take(72, 108)).toBeUndefined();
    expect(oracle.freeRanges()).toEqual([
      { offset: 0, size: 72 },
      { offset: 180, size: 396 },
    ]);
    expect(oracle.largest(1)).toBe(396);
    expect(oracle.largest(180)).toBe(396);
    expect(oracle.largest(216)).toBe(360); // The first multiple from 180 on.
    expect(oracle.largest(1000)).toBe(72); // Only 0 is one.
    expect(oracle.give(72, 108)).toBeUndefined();
    expect(oracle.freeRanges()).toEqual([{ offset: 0, size: 576 }]);
  });

  it('complains about overlap, bounds and broken units, and stays as it was', () => {
    const oracle = make();
    oracle.take(72, 108);
    const before = oracle.freeRanges();
    for (const [offset, size] of [
      [36, 72],
      [144, 72],
      [72, 108],
      [108, 36],
      [0, 576],
      [540, 72],
      [576, 36],
      [-36, 36],
      [0, 35],
      [1, 36],
      [0, 0],
    ] as const) {
      expect(oracle.take(offset, size), `take ${offset}, ${size}`).toBeTypeOf('string');
    }
    for (const [offset, size] of [
      [0, 36],
      [36, 72],
      [144, 72],
      [-36, 36],
      [576, 36],
      [180, 36],
    ] as const) {
      expect(oracle.give(offset, size), `give ${offset}, ${size}`).toBeTypeOf('string');
    }
    expect(oracle.freeRanges()).toEqual(before);
  });

  it('forgets all when it is cleared', () => {
    const oracle = make();
    oracle.take(0, 576);
    expect(oracle.freeRanges()).toEqual([]);
    expect(oracle.largest(1)).toBe(0);
    oracle.clear();
    expect(oracle.largest(1)).toBe(576);
  });
});

describe('the three oracles', () => {
  it('agree on every answer', () => {
    const steps = fc.array(
      fc.record({ take: fc.boolean(), at: fc.nat(63), size: fc.integer({ min: 1, max: 20 }) }),
    );
    const span = { units: fc.integer({ min: 1, max: 64 }), granularity: fc.constantFrom(...GRANULARITIES) };
    fc.assert(
      fc.property(fc.record(span), steps, ({ units, granularity }, program) => {
        const oracles = makeOracles(units, granularity);
        const live: [number, number][] = [];
        for (const { take, at, size } of program) {
          const range: [number, number] = take
            ? [at * granularity, size * granularity]
            : (live.splice(at % Math.max(1, live.length), 1)[0] ?? [-granularity, granularity]);
          const said = oracles.map(
            (oracle) => (take ? oracle.take(...range) : oracle.give(...range)) === undefined,
          );
          expect(new Set(said).size).toBe(1);
          if (take && said[0]) live.push(range);
          const free = oracles.map((oracle) => oracle.freeRanges());
          expect(free[1]).toEqual(free[0]);
          expect(free[2]).toEqual(free[0]);
          for (const alignment of ALIGNMENTS) {
            const largest = oracles.map((oracle) => oracle.largest(alignment));
            expect(new Set(largest).size, `alignment ${alignment}: ${largest}`).toBe(1);
          }
        }
      }),
      { numRuns: scale(100, 5000), seed: 1 },
    );
  });

  it('are exact at 2^53', () => {
    for (const oracle of [IntervalOracle, BigIntOracle].map(
      (Oracle) => new Oracle(2 ** 53 - 2 ** 22, 2 ** 22),
    )) {
      expect(oracle.take(2 ** 52, 2 ** 22)).toBeUndefined();
      expect(oracle.largest(1)).toBe(2 ** 52);
      expect(oracle.largest(3)).toBe(2 ** 52);
      expect(oracle.give(2 ** 52, 2 ** 22)).toBeUndefined();
      expect(oracle.largest(1)).toBe(2 ** 53 - 2 ** 22);
    }
  });

  it('leave spans of too many units to the other two', () => {
    expect(BitmapOracle.suits(2 ** 20, 1)).toBe(true);
    expect(BitmapOracle.suits(2 ** 31, 1)).toBe(false);
    expect(() => new BitmapOracle(2 ** 31, 1)).toThrow(RangeError);
  });
});
