import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Flight, planOptimum, replayRecency } from '../src/belady.ts';

const TILE_COUNT = 6;

/** The fewest fetches by trying every choice of whom to keep, in every frame. */
function fewestFetches(flight: readonly Flight[], slotCount: number): number {
  let costs = new Map([[0, 0]]); // Of each set of tiles that may be resident, as bits.
  for (const { seen } of flight) {
    const needed = maskOf(seen);
    const next = new Map<number, number>();
    for (const [resident, cost] of costs) {
      const arrivals = needed & ~resident;
      for (let kept = 0; kept < 2 ** TILE_COUNT; kept++) {
        // Whoever was there may stay, and what is seen is there.
        if ((kept & ~(resident | needed)) !== 0 || (needed & ~kept) !== 0) continue;
        if (countOf(kept) > slotCount) continue;
        next.set(kept, Math.min(next.get(kept) ?? Number.POSITIVE_INFINITY, cost + countOf(arrivals)));
      }
    }
    costs = next;
  }
  return Math.min(...costs.values());
}

const maskOf = (tiles: readonly number[]): number => tiles.reduce((mask, tile) => mask | (2 ** tile), 0);
const countOf = (mask: number): number => mask.toString(2).replaceAll('0', '').length;

const seen = fc.uniqueArray(fc.nat(TILE_COUNT - 1), { minLength: 0, maxLength: 3 });
const flights = fc.array(
  seen.map((tiles): Flight => ({ seen: tiles, written: [] })),
  { maxLength: 9 },
);

describe("Belady's optimum", () => {
  it('fetches just as many tiles as the best of all choices', () => {
    fc.assert(
      fc.property(flights, fc.integer({ min: 3, max: 5 }), (flight, slotCount) => {
        const { hitCount, fetchedCount } = planOptimum(flight, slotCount);
        expect(fetchedCount).toBe(fewestFetches(flight, slotCount));
        expect(hitCount + fetchedCount).toBe(flight.reduce((sum, frame) => sum + frame.seen.length, 0));
      }),
      { numRuns: 300 },
    );
  });

  it('is never worse than recency, which goes round a loop in vain', () => {
    const loop = Array.from({ length: 30 }, (_, frame) => ({ seen: [frame % 5], written: [] }));
    expect(replayRecency(loop, 4)).toEqual({ hitCount: 0, fetchedCount: 30, savedCount: 0 });
    expect(planOptimum(loop, 4).fetchedCount).toBe(fewestFetches(loop, 4));
    fc.assert(
      fc.property(flights, fc.integer({ min: 3, max: 5 }), (flight, slotCount) => {
        const { fetchedCount } = planOptimum(flight, slotCount);
        expect(replayRecency(flight, slotCount).fetchedCount).toBeGreaterThanOrEqual(fetchedCount);
      }),
    );
  });

  it('saves what was written whenever it goes', () => {
    const flight = [
      { seen: [0], written: [0] },
      { seen: [1], written: [2] }, // Tile 0 goes.
      { seen: [2], written: [] }, // Tile 1 goes, which nobody has written.
      { seen: [0], written: [] }, // Tile 2 goes, which was written while it was not there.
      { seen: [1], written: [] }, // Tile 0 goes again.
    ];
    expect(planOptimum(flight, 1)).toEqual({ hitCount: 0, fetchedCount: 5, savedCount: 3 });
    expect(replayRecency(flight, 1)).toEqual({ hitCount: 0, fetchedCount: 5, savedCount: 3 });
  });

  it('is not to be had when a frame sees more than there is room for', () => {
    expect(() => planOptimum([{ seen: [0, 1], written: [] }], 1)).toThrow(/2 tiles in sight, and 1 slots/);
  });
});
