/** Oracle panel: the oracles that suit a span, brought to the state that the books tell of. */
import { BigIntOracle } from '../oracles/bigint-oracle.ts';
import { BitmapOracle } from '../oracles/bitmap-oracle.ts';
import { IntervalOracle } from '../oracles/interval-oracle.ts';
import type { SpaceOracle } from '../oracles/space-oracle.ts';
import type { Books } from './books.ts';

/** Makes oracles that know what the books know. */
export type MakePanel = (books: Books) => SpaceOracle[];

/** Looking at more units than this after every operation takes too long. */
const BITMAP_UNITS = 2048;

/** All three, the bitmap for small spans alone. */
export function makeOracles(books: Books): SpaceOracle[] {
  const { granularity, regions } = books;
  const last = regions.at(-1);
  const oracles: SpaceOracle[] = [
    new IntervalOracle(granularity, granularity),
    new BigIntOracle(granularity, granularity),
  ];
  if (last === undefined || isSmall(last.offset + last.size, books)) {
    oracles.push(new BitmapOracle(granularity, granularity));
  }
  return bring(oracles, books);
}

/** Two that are quick on a few units, for the millions of short sequences. */
export function makeQuickOracles(books: Books): SpaceOracle[] {
  const { granularity } = books;
  return bring(
    [new IntervalOracle(granularity, granularity), new BitmapOracle(granularity, granularity)],
    books,
  );
}

/** Whether the bitmap can look at every unit up to `end`. */
export function isSmall(end: number, { granularity }: Books): boolean {
  return end <= BITMAP_UNITS * granularity;
}

/** Oracles of one unit become oracles of what the books know. */
function bring(oracles: SpaceOracle[], { regions, byOffset, granularity }: Books): SpaceOracle[] {
  for (const oracle of oracles) {
    const complaints = [
      oracle.close(0, granularity),
      ...regions.map(({ offset, size }) => oracle.open(offset, size, false)),
      ...byOffset.map(({ offset, size }) => oracle.take(offset, size)),
    ];
    const complaint = complaints.find((each) => each !== undefined);
    if (complaint !== undefined) throw new RangeError(`the ${oracle.name} can not follow: ${complaint}`);
  }
  return oracles;
}
