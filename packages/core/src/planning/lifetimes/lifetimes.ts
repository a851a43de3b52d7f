/**
 * Lifetimes: static offsets for items of which it is known ahead when each is used, in few bytes.
 *
 * Layout   check → problem (columns) → every greedy order → a search, if any is asked for → plan. Everything
 *          ends as soon as the peak is the lower bound.
 * Cost     greedy: O(n log n + overlaps × log n) for each of six orders with two rules for holes, and three
 *          times that with conflicts; overlaps are pairs of items that are alive together. Memory
 *          O(n + conflicts). The search: what it is given, and at most one step more.
 * Promise  items that are alive at the same step never share a byte, items that conflict never a buffer. The
 *          peak is at most that of the best greedy order; with the same items, options and answers of the
 *          clock, the plan is the same. Nothing that is passed in is changed.
 * Refusal  the least peak is not promised, but it is said when it was reached (`reason`). There is more than
 *          one buffer only where conflicts or `maxBufferBytes` ask for it. Nothing moves while it lives; for
 *          items that come unannounced there is a heap.
 * Source   offline dynamic storage allocation, which is NP-hard: A. Buchsbaum et al., "OPT versus LOAD in
 *          dynamic storage allocation", 2003; Y. Pisarchyk and J. Lee (see `lifetime-orders.ts`).
 */
import { UsageError } from '../../base/errors.ts';
import { type ColourOrder, colourItems } from './conflict-colours.ts';
import { searchExactly } from './exact-search.ts';
import type { HoleRule } from './hole-search.ts';
import { lowerBoundOf } from './lifetime-bound.ts';
import { type CheckedOptions, checkItems, checkPlanOptions } from './lifetime-options.ts';
import { orderItems } from './lifetime-orders.ts';
import type {
  LifetimeItem,
  LifetimeOptions,
  LifetimeOrder,
  LifetimePlan,
  LifetimeStop,
  LifetimeStrategy,
} from './lifetime-plan.ts';
import { type LifetimeProblem, makeProblem } from './lifetime-problem.ts';
import { searchOn } from './lifetime-search.ts';
import { insertItem, makePacking, type Packing, totalOf, UNPLACED } from './packing.ts';
import { makeSearchLimit, type SearchLimit } from './search-limit.ts';

/** A packing of all items, and how it was made. */
interface Found {
  readonly packing: Packing;
  readonly totalBytes: number;
  readonly strategy: LifetimeStrategy;
}

const ORDERS: readonly LifetimeOrder[] = ['size', 'size-class', 'area', 'breadth', 'length', 'first-use'];
const RULES: readonly HoleRule[] = ['first-fit', 'best-fit'];
const COLOUR_ORDERS: readonly ColourOrder[] = ['saturation', 'size'];

/**
 * Plans where items lie whose lifetimes are known: O(n log n + overlaps × log n) for each greedy order, and
 * then what `timeLimitMs` or `stepLimit` grant.
 * @throws UsageError `bad-argument`, `unknown-option`, `bad-size`, `bad-alignment`, `bad-granularity`;
 *   `too-large` for an item larger than `maxBufferBytes`, for items that add up to more than 2^53-1 bytes
 *   with their alignments, and when no plan in `maxBuffers` was found
 */
export function planLifetimes(items: readonly LifetimeItem[], options: LifetimeOptions = {}): LifetimePlan {
  const checked = checkPlanOptions(options);
  const problem = makeProblem(checkItems(items), checked);
  const boundBytes = lowerBoundOf(problem);
  const greedy = planGreedily(problem, boundBytes);
  if (greedy.totalBytes === boundBytes) return planOf(greedy, boundBytes, 'optimal');
  return search(greedy, boundBytes, checked);
}

/** The best of all greedy orders; the first of equal ones. */
function planGreedily(problem: LifetimeProblem, boundBytes: number): Found {
  const colourings = problem.hasConflicts
    ? [undefined, ...COLOUR_ORDERS.map((order) => colourItems(problem, order))]
    : [undefined];
  let best: Found | undefined;
  for (const order of ORDERS) {
    const items = orderItems(problem, order);
    for (const rule of RULES) {
      for (const colours of colourings) {
        if (best !== undefined && best.totalBytes === boundBytes) return best;
        const packing = packInOrder(problem, items, rule, colours);
        if (packing === undefined) continue;
        const totalBytes = totalOf(packing);
        if (best !== undefined && totalBytes >= best.totalBytes) continue;
        const strategy = `${order}-${rule}` as const;
        best = { packing, totalBytes, strategy: colours ? `${strategy}-coloured` : strategy };
      }
    }
  }
  if (best === undefined) throw tooManyBuffers(problem);
  return best;
}

function packInOrder(
  problem: LifetimeProblem,
  items: Int32Array,
  rule: HoleRule,
  colours: Int32Array | undefined,
): Packing | undefined {
  const packing = makePacking(problem);
  for (const item of items) {
    if (!insertItem(packing, item, rule, colours?.[item] ?? UNPLACED)) return undefined;
  }
  return packing;
}

/** All plans when there are few, then repairs of the best one. */
function search(greedy: Found, boundBytes: number, options: CheckedOptions): LifetimePlan {
  if (options.timeLimitMs === 0 || options.stepLimit === 0) return planOf(greedy, boundBytes, 'no-search');
  const limit = makeSearchLimit(options);
  const exact = searchExactly(greedy.packing, boundBytes, limit);
  const start = exact.packing === undefined ? greedy : foundBy('exact-search', exact.packing);
  if (start.totalBytes === boundBytes) return planOf(start, boundBytes, 'optimal');
  if (exact.isComplete) return planOf(start, boundBytes, 'exhausted');
  const searched = searchOn(start.packing, boundBytes, options.seed, limit);
  const best = searched === undefined ? start : foundBy(searched.strategy, searched.packing);
  return planOf(best, boundBytes, best.totalBytes === boundBytes ? 'optimal' : stopOf(limit));
}

function foundBy(strategy: LifetimeStrategy, packing: Packing): Found {
  return { packing, totalBytes: totalOf(packing), strategy };
}

function stopOf(limit: SearchLimit): LifetimeStop {
  return limit.stepsLeft > 0 ? 'time' : 'steps';
}

/** In the caller's order, without buffers that nothing is in. */
function planOf(
  { packing, totalBytes, strategy }: Found,
  boundBytes: number,
  reason: LifetimeStop,
): LifetimePlan {
  const { problem, tops } = packing;
  const numbers = new Int32Array(tops.length);
  const buffers: { size: number }[] = [];
  tops.forEach((size, buffer) => {
    if (size > 0) numbers[buffer] = buffers.push({ size }) - 1;
  });
  const placements = new Array<{ buffer: number; offset: number }>(problem.count);
  for (let item = 0; item < problem.count; item++) {
    const buffer = numbers[packing.buffers[item]];
    placements[problem.indices[item]] = { buffer, offset: packing.offsets[item] };
  }
  return {
    buffers,
    placements,
    peakBytes: totalBytes,
    lowerBoundBytes: boundBytes,
    gap: boundBytes === 0 ? 0 : totalBytes / boundBytes - 1,
    strategy,
    reason,
  };
}

function tooManyBuffers({ count, maxBuffers, maxBufferBytes }: LifetimeProblem): UsageError {
  return new UsageError(
    'too-large',
    `no plan for ${count} items in ${maxBuffers} buffers of at most ${maxBufferBytes} bytes was found; ` +
      'allow more buffers or larger ones, or let fewer items conflict',
  );
}
