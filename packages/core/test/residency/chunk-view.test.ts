/** The cheapest place in a chunk, against a look at every run of neighbours. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scale } from '../../../testing/src/scale.ts';
import type { Chunk } from '../../src/memory/chunk.ts';
import { ChunkView, FREE, type PricedRange } from '../../src/movement/residency/chunk-view.ts';

/** Ranges side by side from 0 on; a price of -1 is free, of 9 can not go. */
function rangesOf(pieces: readonly (readonly [size: number, price: number])[]): PricedRange<number>[] {
  let offset = 0;
  return pieces.map(([size, price], k) => {
    const range = {
      offset,
      size,
      price: price === 9 ? Number.POSITIVE_INFINITY : price,
      resident: price === FREE || price === 9 ? undefined : k,
    };
    offset += size;
    return range;
  });
}

interface Best {
  readonly price: number;
  readonly bytes: number;
}

/** Every run of neighbours that holds it. */
function search(ranges: readonly PricedRange<number>[], size: number, alignment: number): Best | undefined {
  let best: Best | undefined;
  for (let first = 0; first < ranges.length; first++) {
    for (let last = first; last < ranges.length; last++) {
      const run = ranges.slice(first, last + 1);
      const price = Math.max(...run.map((each) => each.price));
      if (price === Number.POSITIVE_INFINITY) break;
      const from = Math.ceil((run[0] as PricedRange<number>).offset / alignment) * alignment;
      const end = run.at(-1) as PricedRange<number>;
      if (end.offset + end.size - from < size) continue;
      const bytes = run.reduce((sum, each) => sum + (each.price === FREE ? 0 : each.size), 0);
      const isBetter =
        best === undefined || price < best.price || (price === best.price && bytes < best.bytes);
      if (isBetter) best = { price, bytes };
    }
  }
  return best;
}

describe('the view of a chunk', () => {
  it('finds the place whose dearest resident is the cheapest, and of those the one with the fewest bytes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: -1, max: 9 })), {
          maxLength: 12,
        }),
        fc.integer({ min: 1, max: 30 }),
        fc.constantFrom(1, 2, 3, 8),
        (pieces, size, alignment) => {
          const ranges = rangesOf(pieces);
          const view = new ChunkView({} as Chunk<object>, ranges);
          const found = view.cheapest(size, alignment);
          const best = search(ranges, size, alignment);
          expect(found && { price: found.price, bytes: found.bytes }).toEqual(best);
          expect(view.cheapest(size, alignment)).toBe(found);
          if (found === undefined) return;
          expect(found.offset % alignment).toBe(0);
          // Those who go are all that live where the range would be.
          for (const range of ranges) {
            const isInside = range.offset < found.offset + size && range.offset + range.size > found.offset;
            if (isInside && range.resident !== undefined) expect(found.victims).toContain(range.resident);
            if (isInside) expect(range.price).not.toBe(Number.POSITIVE_INFINITY);
          }
          view.take(found.offset, size);
          const next = view.cheapest(size, alignment);
          const isApart =
            next === undefined || next.offset >= found.offset + size || next.offset + size <= found.offset;
          expect(isApart).toBe(true);
        },
      ),
      { numRuns: scale(2000, 50_000) },
    );
  });

  it('tells what all of it costs, where all of it can go', () => {
    const whole = (pieces: readonly (readonly [number, number])[]) =>
      new ChunkView({} as Chunk<object>, rangesOf(pieces)).whole;
    expect(
      whole([
        [4, 1],
        [2, FREE],
        [3, 5],
      ]),
    ).toEqual({ offset: 0, victims: [0, 2], price: 5, bytes: 7 });
    expect(
      whole([
        [4, 1],
        [2, 9],
      ]),
    ).toBe(undefined);
    expect(whole([[4, FREE]])).toEqual({ offset: 0, victims: [], price: FREE, bytes: 0 });
  });
});
