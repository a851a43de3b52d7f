/**
 * Neighbours: records in the order of their offsets, each linked to the one on its left and on its right.
 *
 * Layout   two cells of a record. The wall, record 0, stands before the first and behind the last, so that
 *          every record has two neighbours and no link needs a test.
 *
 *            wall [ a ] [ b ] [ c ] wall       the last wall is the first
 *
 * Cost     every function O(1).
 * Promise  what is linked is reached from the wall in both directions, once.
 * Refusal  none: whoever calls links only what is not linked yet, and takes out only what is.
 */
import { RangeRecords } from './range-records.ts';

// Cells of a record.
const PREVIOUS = 4; // the record to the left
const NEXT = 5; // the record to the right

/** The record before the first and behind the last. */
export const WALL = 0;

/** See the head of the file. */
export abstract class Neighbours extends RangeRecords {
  /** Links the wall with itself: nothing is linked any more. */
  protected unlinkAll(): void {
    this.cells[WALL + PREVIOUS] = WALL;
    this.cells[WALL + NEXT] = WALL;
  }

  /** Links `n` on the right of `left`, the wall for the lowest. */
  protected linkAfter(left: number, n: number): void {
    const { cells } = this;
    const next = cells[left + NEXT];
    cells[n + PREVIOUS] = left;
    cells[n + NEXT] = next;
    cells[left + NEXT] = n;
    cells[next + PREVIOUS] = n;
  }

  /** Links `n` on the left of `right`, the wall for the highest. */
  protected linkBefore(right: number, n: number): void {
    this.linkAfter(this.cells[right + PREVIOUS], n);
  }

  /** Takes a record out of the order; its own links stay as they were. */
  protected unlink(n: number): void {
    const { cells } = this;
    const left = cells[n + PREVIOUS];
    const right = cells[n + NEXT];
    cells[left + NEXT] = right;
    cells[right + PREVIOUS] = left;
  }

  protected override replaced(from: number, to: number): void {
    super.replaced(from, to);
    const { cells } = this;
    cells[cells[to + PREVIOUS] + NEXT] = to;
    cells[cells[to + NEXT] + PREVIOUS] = to;
  }
}
