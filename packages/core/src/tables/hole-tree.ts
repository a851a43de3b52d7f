/**
 * Hole tree: holes ordered by size, then by offset, as a treap in the records of a table. The functions take
 * the root and answer the new one, so that a caller keeps as many trees over one table as it likes.
 *
 * Layout   cells of a record: SIZE, LEFT, RIGHT, PREVIOUS. A hole's offset is where the range before it ends.
 *          A node's priority is its id, mixed because ids come in sequence, so it needs no cell; no node has
 *          a larger priority than its parent.
 * Cost     insertHole, removeHole, leastFrom: O(log holes) expected, whatever the order of calls, and about
 *          two links changed. leastFitting: O(log holes + misses). Nothing is allocated.
 * Promise  keys are unique (two holes never share an offset), so the order is total and placement does not
 *          depend on the shape of the tree.
 * Refusal  a hole's key must not change while it is in a tree.
 * Source   C. Aragon, R. Seidel, "Randomized search trees", FOCS 1989.
 */
import { mixBits } from '../base/bits.ts';
import { paddingAt, type Units } from '../base/quantities.ts';

// Cells of a record that trees read and write. Like NIL they are constants of this file on purpose: the
// engine looks an imported one up at every use, which made the tree a quarter slower.
const SIZE = 1; // units
const LEFT = 2; // hole: the smaller holes, or NIL
const RIGHT = 3; // hole: the larger holes, or NIL
const OFFSET = 2; // live or wall: first unit
const PREVIOUS = 4; // the range to the left, which is live or a wall
const NIL = 0; // no record

/** Adds the hole `n`; answers the root. */
export function insertHole(cells: Int32Array, root: number, n: number): number {
  const size = cells[n + SIZE];
  const offset = offsetOfHole(cells, n);
  const priority = mixBits(n);
  let slot = NIL;
  let t = root;
  while (t !== NIL && mixBits(t) > priority) {
    slot = t + (precedes(cells, t, size, offset) ? RIGHT : LEFT);
    t = cells[slot];
  }
  // `n` takes the place of `t`, whose nodes are dealt out to the left and right of `n` along one path.
  let less = n + LEFT;
  let more = n + RIGHT;
  while (t !== NIL) {
    if (precedes(cells, t, size, offset)) {
      cells[less] = t;
      less = t + RIGHT;
      t = cells[less];
    } else {
      cells[more] = t;
      more = t + LEFT;
      t = cells[more];
    }
  }
  cells[less] = NIL;
  cells[more] = NIL;
  if (slot === NIL) return n;
  cells[slot] = n;
  return root;
}

/** Takes the hole `n` out; answers the root. */
export function removeHole(cells: Int32Array, root: number, n: number): number {
  if (root === n) return joinChildren(cells, n);
  const size = cells[n + SIZE];
  const offset = offsetOfHole(cells, n);
  let slot = NIL;
  for (let t = root; t !== n; t = cells[slot]) {
    slot = t + (precedes(cells, t, size, offset) ? RIGHT : LEFT);
  }
  cells[slot] = joinChildren(cells, n);
  return root;
}

/** The first hole of at least `units`, or NIL. */
export function leastFrom(cells: Int32Array, root: number, units: Units): number {
  let best = NIL;
  let t = root;
  while (t !== NIL) {
    if (cells[t + SIZE] >= units) {
      best = t;
      t = cells[t + LEFT];
    } else {
      t = cells[t + RIGHT];
    }
  }
  return best;
}

/** The last hole; `root` is not NIL. */
export function lastHole(cells: Int32Array, root: number): number {
  let t = root;
  while (cells[t + RIGHT] !== NIL) t = cells[t + RIGHT];
  return t;
}

/** The first hole that holds `units` from a multiple of `alignment` on, or NIL. */
export function leastFitting(cells: Int32Array, root: number, units: Units, alignment: Units): number {
  let t = root;
  while (t !== NIL && cells[t + SIZE] < units) t = cells[t + RIGHT];
  if (t === NIL) return NIL;
  const before = leastFitting(cells, cells[t + LEFT], units, alignment);
  if (before !== NIL) return before;
  if (cells[t + SIZE] - paddingAt(offsetOfHole(cells, t), alignment) >= units) return t;
  return leastFitting(cells, cells[t + RIGHT], units, alignment);
}

/**
 * Units of the largest request with this alignment that a hole of the tree holds, if more than `atLeast`,
 * else that.
 */
export function mostFitting(cells: Int32Array, root: number, alignment: Units, atLeast: Units): Units {
  if (root === NIL) return atLeast;
  let best = mostFitting(cells, cells[root + RIGHT], alignment, atLeast);
  if (cells[root + SIZE] <= best) return best;
  best = Math.max(best, cells[root + SIZE] - paddingAt(offsetOfHole(cells, root), alignment));
  return mostFitting(cells, cells[root + LEFT], alignment, best);
}

/** First unit of a hole. */
function offsetOfHole(cells: Int32Array, n: number): Units {
  const previous = cells[n + PREVIOUS];
  return cells[previous + OFFSET] + cells[previous + SIZE];
}

function precedes(cells: Int32Array, t: number, size: Units, offset: Units): boolean {
  const other = cells[t + SIZE];
  return other < size || (other === size && offsetOfHole(cells, t) < offset);
}

/**
 * One tree of the children of `n`. Until it is done, `n`'s own left link stands in for the link from above.
 */
function joinChildren(cells: Int32Array, n: number): number {
  let less = cells[n + LEFT];
  let more = cells[n + RIGHT];
  let slot = n + LEFT;
  while (less !== NIL && more !== NIL) {
    if (mixBits(less) > mixBits(more)) {
      cells[slot] = less;
      slot = less + RIGHT;
      less = cells[slot];
    } else {
      cells[slot] = more;
      slot = more + LEFT;
      more = cells[slot];
    }
  }
  cells[slot] = less !== NIL ? less : more;
  return cells[n + LEFT];
}
