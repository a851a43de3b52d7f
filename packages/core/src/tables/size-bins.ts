/**
 * Size bins: which sizes have a hole, so that a hole of at least a given size is found in O(1).
 *
 * Layout   sizes below 32 units have a bin each; above, every power of two is cut into 32 bins. `rows` has a
 *          bit per row with a hole, `columns[row]` a bit per bin of that row, `heads[bin]` the first record
 *          of the bin's list.
 * Cost     binOf, binFrom, find, mark, unmark: O(1). 896 bins, 3.6 KiB; nothing is allocated after
 *          construction.
 * Promise  every hole of a bin from `binFrom(units)` on holds `units`.
 * Refusal  such a search skips the request's own bin, whose holes may be up to 1/32 too small or just fit:
 *          callers that want those look through that one bin.
 * Source   TLSF (M. Masmano et al., ECRTS 2004), with the bin shape of a small float.
 */
import { bitsFrom, highestBit, lowestBit, withBit, withoutBit } from '../base/bits.ts';
import type { Units } from '../base/quantities.ts';
import { NIL } from './record-table.ts';

const COLUMN_BITS = 5;
const COLUMNS = 32;
const COLUMN_MASK = 31;
const ROWS = 28;

/**
 * The bin that a hole of `units` (1 to 2^31-1) belongs to: the last one whose smallest size is not larger.
 */
export function binOf(units: Units): number {
  if (units < COLUMNS) return units;
  const shift = highestBit(units) - COLUMN_BITS;
  return ((shift + 1) << COLUMN_BITS) + ((units >>> shift) & COLUMN_MASK);
}

/** The first bin all of whose holes hold `units` (1 to 2^31-1). */
export function binFrom(units: Units): number {
  if (units < COLUMNS) return units;
  const shift = highestBit(units) - COLUMN_BITS;
  return binOf(units + (1 << shift) - 1);
}

export class SizeBins {
  /** First record of each bin, or NIL. Whoever changes a head to or from NIL marks or unmarks the bin. */
  readonly heads: Int32Array = new Int32Array(ROWS * COLUMNS).fill(NIL);
  private readonly columns = new Int32Array(ROWS);
  private rows = 0;

  /** The first bin from `atLeast` on that has a hole, or NIL. */
  find(atLeast: number): number {
    let row = atLeast >>> COLUMN_BITS;
    let inRow = bitsFrom(this.columns[row], atLeast & COLUMN_MASK);
    if (inRow === 0) {
      // Nothing left in the row itself: any bin of the next row with a hole will do.
      const higher = bitsFrom(this.rows, row + 1);
      if (higher === 0) return NIL;
      row = lowestBit(higher);
      inRow = this.columns[row];
    }
    return (row << COLUMN_BITS) | lowestBit(inRow);
  }

  /** The last bin that has a hole, or NIL. */
  findLast(): number {
    if (this.rows === 0) return NIL;
    const row = highestBit(this.rows);
    return (row << COLUMN_BITS) | highestBit(this.columns[row]);
  }

  mark(bin: number): void {
    const row = bin >>> COLUMN_BITS;
    this.columns[row] = withBit(this.columns[row], bin & COLUMN_MASK);
    this.rows = withBit(this.rows, row);
  }

  unmark(bin: number): void {
    const row = bin >>> COLUMN_BITS;
    const left = withoutBit(this.columns[row], bin & COLUMN_MASK);
    this.columns[row] = left;
    if (left === 0) this.rows = withoutBit(this.rows, row);
  }

  clear(): void {
    this.heads.fill(NIL);
    this.columns.fill(0);
    this.rows = 0;
  }

  /** Bytes of the bins. */
  get byteLength(): number {
    return this.heads.byteLength + this.columns.byteLength;
  }
}
