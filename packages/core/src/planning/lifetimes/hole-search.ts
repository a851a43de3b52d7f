/**
 * Hole search: where a range fits among ranges that may overlap one another.
 *
 * Layout   the first bytes and the ends of the ranges, sorted each for itself: that a hole begins is seen by
 *          as many ends as first bytes having passed.
 * Cost     O(k log k) in the ranges, O(1) memory: the two rows are kept from call to call.
 */

/** How a hole is chosen: the lowest that fits, or the one that leaves the least. */
export type HoleRule = 'first-fit' | 'best-fit';

/** Ranges to keep clear of. */
export interface TakenRanges {
  count: number;
  firsts: Float64Array;
  ends: Float64Array;
}

const SHORT = 24;

export function makeTakenRanges(): TakenRanges {
  return { count: 0, firsts: new Float64Array(64), ends: new Float64Array(64) };
}

/** Adds a range. O(1) amortised. */
export function addTaken(taken: TakenRanges, offset: number, size: number): void {
  if (taken.count === taken.firsts.length) {
    taken.firsts = extended(taken.firsts);
    taken.ends = extended(taken.ends);
  }
  taken.firsts[taken.count] = offset;
  taken.ends[taken.count++] = offset + size;
}

/** The offset for `size` bytes: in a hole, else above all. Sorts the rows. */
export function findHole(taken: TakenRanges, size: number, alignment: number, rule: HoleRule): number {
  const { firsts, ends, count } = taken;
  sortFirst(firsts, count);
  sortFirst(ends, count);
  let found = -1;
  let least = Number.POSITIVE_INFINITY;
  let hole = 0;
  // Before firsts[i] a hole ends, if all i ranges that began before it have ended.
  for (let i = 0; i < count; i++) {
    if (i > 0) hole = ends[i - 1];
    if (hole >= firsts[i]) continue;
    const offset = alignedFrom(hole, alignment);
    if (offset + size > firsts[i]) continue;
    if (rule === 'first-fit') return offset;
    if (firsts[i] - hole - size >= least) continue;
    least = firsts[i] - hole - size;
    found = offset;
  }
  if (found !== -1) return found;
  return alignedFrom(count === 0 ? 0 : ends[count - 1], alignment);
}

/** The next multiple of `alignment` from `offset` on. */
export function alignedFrom(offset: number, alignment: number): number {
  const over = offset % alignment;
  return over === 0 ? offset : offset - over + alignment;
}

/** Sorts the first `count` numbers. The engine's sort is for longer rows; a call of it takes a while. */
function sortFirst(row: Float64Array, count: number): void {
  if (count > SHORT) {
    row.subarray(0, count).sort();
    return;
  }
  for (let i = 1; i < count; i++) {
    const value = row[i];
    let at = i;
    for (; at > 0 && row[at - 1] > value; at--) row[at] = row[at - 1];
    row[at] = value;
  }
}

function extended(row: Float64Array): Float64Array {
  const longer = new Float64Array(2 * row.length);
  longer.set(row);
  return longer;
}
