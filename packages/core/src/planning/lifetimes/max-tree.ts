/**
 * Max tree: numbers in a row, of which those that are at least so large are found without a look at the rest.
 *
 * Layout   a full binary tree in one array: node 1 is the root, node n has the children 2n and 2n + 1, and
 *          holds the larger of the two. The leaves are the row, filled up with NOTHING.
 * Cost     set, the largest of a span: O(log n). To visit k of them by `nextAtLeast`: O(k log n), O(k) where
 *          they stand side by side.
 */

/** What an empty place holds: less than any number that is set. */
export const NOTHING = -1;

/** The nodes, and where the leaves begin among them. */
export interface MaxTree {
  readonly nodes: Float64Array;
  /** A power of two: leaf i is node `leaves + i`. */
  readonly leaves: number;
}

/** A row of `count` places, all of them empty. O(count). */
export function makeMaxTree(count: number): MaxTree {
  let leaves = 1;
  while (leaves < count) leaves *= 2;
  return { nodes: new Float64Array(2 * leaves).fill(NOTHING), leaves };
}

/** Fills the first places of a row, all at once. O(n). */
export function fillTree({ nodes, leaves }: MaxTree, values: ArrayLike<number>): void {
  nodes.set(values, leaves);
  for (let n = leaves - 1; n > 0; n--) nodes[n] = Math.max(nodes[2 * n], nodes[2 * n + 1]);
}

/** Puts `value`, 0 or more or NOTHING, at place `at`. */
export function setLeaf({ nodes, leaves }: MaxTree, at: number, value: number): void {
  let n = leaves + at;
  nodes[n] = value;
  while (n > 1) {
    n = (n - (n & 1)) / 2;
    const larger = Math.max(nodes[2 * n], nodes[2 * n + 1]);
    if (nodes[n] === larger) return;
    nodes[n] = larger;
  }
}

/** The largest number of all, or NOTHING. O(1). */
export function largestOf({ nodes }: MaxTree): number {
  return nodes[1];
}

/** The first place from `from` on that holds at least `least`, or -1. */
export function nextAtLeast({ nodes, leaves }: MaxTree, from: number, least: number): number {
  if (from >= leaves) return -1;
  let n = leaves + from;
  while (nodes[n] < least) {
    // What lies below n is too small: up as long as n is a right child, then to the right.
    while ((n & 1) === 1) n = (n - 1) / 2;
    if (n === 0) return -1;
    n++;
  }
  while (n < leaves) n = nodes[2 * n] >= least ? 2 * n : 2 * n + 1;
  return n - leaves;
}

/** The largest number of places `from` to `to`, both included. */
export function largestIn({ nodes, leaves }: MaxTree, from: number, to: number): number {
  let low = leaves + from;
  let high = leaves + to;
  let largest = Math.max(nodes[low], nodes[high]);
  while (low + 1 < high) {
    if ((low & 1) === 0) largest = Math.max(largest, nodes[low + 1]);
    if ((high & 1) === 1) largest = Math.max(largest, nodes[high - 1]);
    low = (low - (low & 1)) / 2;
    high = (high - (high & 1)) / 2;
  }
  return largest;
}
