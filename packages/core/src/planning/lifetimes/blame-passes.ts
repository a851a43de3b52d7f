/**
 * Blame passes: everything is packed anew, each time in an order that puts first what ended too high before.
 *
 * Layout   three orders take turns and learn each for itself, for one of them is often much better: by size,
 *          by size class, and the busiest step first. A place is a number; the smaller, the earlier.
 * Cost     a pass: O(overlaps × log n). Memory O(n).
 * Source   D. Joslin and D. Clements, "Squeaky wheel optimization", 1999.
 */
import type { HoleRule } from './hole-search.ts';
import { orderItems } from './lifetime-orders.ts';
import type { LifetimeProblem } from './lifetime-problem.ts';
import { insertItem, makePacking, type Packing, totalOf, UNPLACED } from './packing.ts';
import { drawShare, type RandomNumbers } from './random-numbers.ts';
import { isTimeOver, type SearchLimit } from './search-limit.ts';

/** What the passes go by. */
export interface BlamePasses {
  readonly problem: LifetimeProblem;
  readonly boundBytes: number;
  readonly random: RandomNumbers;
  /** By order: the place of each item. */
  readonly places: readonly Float64Array[];
  passCount: number;
}

/** A pass looks at the clock after so many items. */
const ITEMS_A_LOOK = 256;

/** Nothing has been blamed yet. O(n log n). */
export function makeBlamePasses(
  problem: LifetimeProblem,
  boundBytes: number,
  random: RandomNumbers,
): BlamePasses {
  const places = (['size', 'breadth', 'size-class'] as const).map((order) => {
    const placeOf = new Float64Array(problem.count);
    orderItems(problem, order).forEach((item, place) => {
      placeOf[item] = place;
    });
    return placeOf;
  });
  return { problem, boundBytes, random, places, passCount: 0 };
}

/**
 * Packs everything and learns from it. `best` is the smallest packing so far; every second round of the
 * orders keeps items with conflicts in its buffers. `undefined` when the time is over or there are too few
 * buffers.
 */
export function packWithBlame(passes: BlamePasses, best: Packing, limit: SearchLimit): Packing | undefined {
  const { problem, places, random } = passes;
  const turn = passes.passCount++;
  const placeOf = places[turn % places.length];
  const keepsBuffers = problem.hasConflicts && turn % (2 * places.length) >= places.length;
  const rule: HoleRule = drawShare(random) < 0.8 ? 'first-fit' : 'best-fit';
  const packing = makePacking(problem);
  const items = orderBy(placeOf);
  for (let at = 0; at < items.length; at++) {
    if (at % ITEMS_A_LOOK === ITEMS_A_LOOK - 1 && isTimeOver(limit)) return undefined;
    const item = items[at];
    const isBound = keepsBuffers && problem.conflicts[item] !== undefined;
    if (insertItem(packing, item, rule, isBound ? best.buffers[item] : UNPLACED)) continue;
    // No buffer was left for it: next time it comes first.
    placeOf[item] = -1;
    return undefined;
  }
  blame(passes, placeOf, packing, totalOf(best));
  return packing;
}

/** The items by their places, which become whole numbers again. */
function orderBy(placeOf: Float64Array): Int32Array {
  const items = Int32Array.from(placeOf, (_, item) => item);
  // Equal places, if there are any, stay in the order of the items.
  items.sort((a, b) => placeOf[a] - placeOf[b]);
  items.forEach((item, place) => {
    placeOf[item] = place;
  });
  return items;
}

/** Moves what ends above a height between the bound and the best peak forward, each by a share of its own. */
function blame(passes: BlamePasses, placeOf: Float64Array, packing: Packing, bestBytes: number): void {
  const { problem, boundBytes, random } = passes;
  const { buffers, offsets, tops } = packing;
  const height = boundBytes + (bestBytes - boundBytes) * drawShare(random);
  const share = height / totalOf(packing);
  const strength = drawShare(random);
  for (let item = 0; item < problem.count; item++) {
    if (offsets[item] + problem.sizes[item] <= tops[buffers[item]] * share) continue;
    placeOf[item] = placeOf[item] * (1 - strength * drawShare(random)) - 1;
  }
}
