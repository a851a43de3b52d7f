/**
 * Lifetime orders: in which order items are placed one by one.
 *
 * Layout   a key an item, the larger first; of equal ones the larger size, then the larger alignment, then
 *          what begins first.
 * Cost     O(n log n).
 * Source   Y. Pisarchyk and J. Lee, "Efficient memory management for deep neural net inference", 2020,
 *          for `size` and `breadth`; `first-use` is what a suballocator meets that knows no future.
 */
import type { LifetimeOrder } from './lifetime-plan.ts';
import type { LifetimeProblem } from './lifetime-problem.ts';
import { fillTree, largestIn, makeMaxTree } from './max-tree.ts';

/** The items in that order. */
export function orderItems(problem: LifetimeProblem, order: LifetimeOrder): Int32Array {
  const items = Int32Array.from({ length: problem.count }, (_, item) => item);
  // Items are numbered by their first step already.
  if (order === 'first-use') return items;
  const { sizes, alignments } = problem;
  const keys = keysOf(problem, order);
  return items.sort(
    (a, b) => keys[b] - keys[a] || sizes[b] - sizes[a] || alignments[b] - alignments[a] || a - b,
  );
}

function keysOf(problem: LifetimeProblem, order: LifetimeOrder): Float64Array {
  const { sizes, firsts, lasts } = problem;
  if (order === 'size') return sizes;
  if (order === 'breadth') return breadthsOf(problem);
  const lengths = Float64Array.from(firsts, (first, item) => lasts[item] - first + 1);
  if (order === 'size-class') {
    // A length is less than the number of steps, so that the class comes first.
    return lengths.map(
      (length, item) => Math.floor(Math.log2(sizes[item])) * (problem.stepCount + 1) + length,
    );
  }
  // A product may be rounded: it only orders.
  return order === 'length' ? lengths : lengths.map((length, item) => length * sizes[item]);
}

/** By item: the most bytes alive at one of its steps. */
function breadthsOf({ count, firsts, lasts, loads, stepCount }: LifetimeProblem): Float64Array {
  const tree = makeMaxTree(stepCount);
  fillTree(tree, loads);
  const breadths = new Float64Array(count);
  for (let item = 0; item < count; item++) breadths[item] = largestIn(tree, firsts[item], lasts[item]);
  return breadths;
}
