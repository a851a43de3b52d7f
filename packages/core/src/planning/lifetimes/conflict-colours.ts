/**
 * Conflict colours: buffers for items that may not share one, before anything is placed.
 *
 * Layout   items are vertices, conflicts edges, colours buffers. The next vertex is the largest key in a max
 *          tree, where the neighbours of a coloured one rise.
 * Cost     O((n + conflicts) log n) time, O(n + conflicts) memory.
 * Promise  two items that conflict never have the same colour; two colours suffice where two are enough
 *          (`saturation`).
 * Refusal  the fewest colours are not promised: that is NP-hard.
 * Source   D. Brélaz, "New methods to color the vertices of a graph", 1979 (DSATUR).
 */
import type { LifetimeProblem } from './lifetime-problem.ts';
import { fillTree, largestOf, makeMaxTree, NOTHING, nextAtLeast, setLeaf } from './max-tree.ts';
import { UNPLACED } from './packing.ts';

/**
 * Which item is coloured next: the one beside the most colours, then with the most conflicts; or the largest,
 * so that large ones come together and the other buffers stay small.
 */
export type ColourOrder = 'saturation' | 'size';

/** A colour from 0 on by item, UNPLACED for those without conflicts: they may lie anywhere. */
export function colourItems({ count, sizes, conflicts }: LifetimeProblem, order: ColourOrder): Int32Array {
  const colours = new Int32Array(count).fill(UNPLACED);
  const seen: (Set<number> | undefined)[] = new Array(count).fill(undefined);
  // More than any item has conflicts, so that colours seen count before conflicts.
  const weight = count + 1;
  const tree = makeMaxTree(count);
  const keys = conflicts.map((list, item) => {
    if (list === undefined) return NOTHING;
    return order === 'size' ? sizes[item] : list.length;
  });
  fillTree(tree, keys);
  while (largestOf(tree) !== NOTHING) {
    const item = nextAtLeast(tree, 0, largestOf(tree));
    const colour = lowestAbsent(seen[item]);
    colours[item] = colour;
    setLeaf(tree, item, NOTHING);
    // Only items with conflicts are in the tree.
    for (const other of conflicts[item] as Iterable<number>) {
      seen[other] ??= new Set();
      if (seen[other].has(colour)) continue;
      seen[other].add(colour);
      if (order === 'size' || colours[other] !== UNPLACED) continue;
      setLeaf(tree, other, seen[other].size * weight + keys[other]);
    }
  }
  return colours;
}

function lowestAbsent(colours: ReadonlySet<number> | undefined): number {
  let colour = 0;
  while (colours?.has(colour)) colour++;
  return colour;
}
