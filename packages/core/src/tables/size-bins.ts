/**
 * Size bins: which sizes have a hole, so that a hole of at least a given size is found in O(1).
 *
 * Layout   one Int32Array. Sizes below 64 units have a bin each; above, every power of two is cut into 32
 *          bins. Cell 0 has a bit per row of 32 bins with a hole, cells 1 to 27 a bit per bin of that row,
 *          from cell 32 on stands the first record of each bin, 0 for none.
 * Cost     every function O(1) but `makeBins`. At most 896 cells, 3.6 KiB; only the rows that a span of
 *          this length needs are there.
 * Promise  every hole of a bin from `binFrom(units)` on holds `units`.
 * Refusal  such a search skips the request's own bin, whose holes may be up to 1/32 too small or just fit:
 *          callers that want those look through that one bin.
 * Source   TLSF (M. Masmano et al., ECRTS 2004), with the bin shape of a small float.
 */
import { highestBit } from '../base/bits.ts';
import type { Units } from '../base/quantities.ts';

/** No bin. */
export const NO_BIN = -1;

const COLUMN_BITS = 5;
const ROWS = 0;
const COLUMNS = 1;
const HEADS = 32;

/** Empty bins for holes of up to `mostUnits` units. O(rows). */
export function makeBins(mostUnits: Units): Int32Array {
  return new Int32Array(HEADS + (((binOf(mostUnits) >>> COLUMN_BITS) + 1) << COLUMN_BITS));
}

/** The same bins with room for holes of up to `mostUnits` units. O(rows). */
export function growBins(bins: Int32Array, mostUnits: Units): Int32Array {
  const grown = makeBins(mostUnits);
  if (grown.length <= bins.length) return bins;
  grown.set(bins);
  return grown;
}

// Bits are picked without the helpers of bits.ts here: these four functions run in every operation, and each
// call that the engine must first inline leaves it less room for the rest.

/**
 * The bin that a hole of `units` (1 to 2^31-1) belongs to: the last one whose smallest size is not larger.
 */
export function binOf(units: Units): number {
  // `| 32` makes the shift 0 for every size with a bin of its own.
  const shift = 26 - Math.clz32(units | 32);
  return (shift << 5) + (units >>> shift);
}

/** The first bin all of whose holes hold `units` (1 to 2^31-1). May lie behind the last bin there is. */
export function binFrom(units: Units): number {
  const shift = 26 - Math.clz32(units | 32);
  return (shift << 5) + ((units + (1 << shift) - 1) >>> shift);
}

/** The first bin from `atLeast` on that has a hole, or NO_BIN. */
export function findBin(bins: Int32Array, atLeast: number): number {
  const row = atLeast >>> 5;
  const inRow = bins[COLUMNS + row] & (-1 << (atLeast & 31));
  if (inRow !== 0) return (row << 5) + 31 - Math.clz32(inRow & -inRow);
  // Nothing left in the row itself: any bin of the next row with a hole will do. A row is below 31.
  const higher = bins[ROWS] & (-2 << row);
  if (higher === 0) return NO_BIN;
  const next = 31 - Math.clz32(higher & -higher);
  const inNext = bins[COLUMNS + next];
  return (next << 5) + 31 - Math.clz32(inNext & -inNext);
}

/** The last bin that has a hole, or NO_BIN. */
export function findLastBin(bins: Int32Array): number {
  if (bins[ROWS] === 0) return NO_BIN;
  const row = highestBit(bins[ROWS]);
  return (row << COLUMN_BITS) + highestBit(bins[COLUMNS + row]);
}

/** The first record of a bin, 0 for none. */
export function headOf(bins: Int32Array, bin: number): number {
  return bins[HEADS + bin];
}

/** Makes `n` the first record of a bin; 0 leaves it empty. */
export function setHead(bins: Int32Array, bin: number, n: number): void {
  const before = bins[HEADS + bin];
  bins[HEADS + bin] = n;
  if (before === 0) markBin(bins, bin);
  else if (n === 0) unmarkBin(bins, bin);
}

/** How many bins there are. */
export function binCountOf(bins: Int32Array): number {
  return bins.length - HEADS;
}

/** Whether exactly the bins with a first record are marked. O(bins). */
export function areSoundMarks(bins: Int32Array): boolean {
  const expected = new Int32Array(HEADS);
  for (let bin = 0; bin < binCountOf(bins); bin++) if (bins[HEADS + bin] !== 0) markBin(expected, bin);
  return expected.every((mark, i) => bins[i] === mark);
}

/** Says that a bin has a hole. */
export function markBin(bins: Int32Array, bin: number): void {
  const row = bin >>> 5;
  bins[COLUMNS + row] |= 1 << (bin & 31);
  bins[ROWS] |= 1 << row;
}

/** Says that a bin has none. */
export function unmarkBin(bins: Int32Array, bin: number): void {
  const row = bin >>> 5;
  const left = bins[COLUMNS + row] & ~(1 << (bin & 31));
  bins[COLUMNS + row] = left;
  if (left === 0) bins[ROWS] &= ~(1 << row);
}
