/**
 * Lifetime search: a smaller packing than the greedy one, as long as the limit lasts.
 *
 * Layout   two ways take turns, so that neither has done much more work than the other: blame passes pack
 *          everything anew, part repairs a part of the best packing so far.
 * Cost     a step: O(overlaps × log n) for a pass, a bounded part of that for a repair. Memory O(n).
 * Promise  never a larger packing than the one given. The same seed and limit in steps take the same steps.
 */
import { makeBlamePasses, packWithBlame } from './blame-passes.ts';
import type { LifetimeStrategy } from './lifetime-plan.ts';
import { copyPacking, type Packing, totalOf } from './packing.ts';
import { makeRepairs, repairPart } from './part-repairs.ts';
import type { RandomNumbers } from './random-numbers.ts';
import { type SearchLimit, takeStep } from './search-limit.ts';

/** A packing that the search came to. */
export interface SearchResult {
  readonly packing: Packing;
  readonly strategy: LifetimeStrategy;
}

/** `undefined` when nothing smaller than `given` was found. */
export function searchOn(
  given: Packing,
  boundBytes: number,
  seed: number,
  limit: SearchLimit,
): SearchResult | undefined {
  const random: RandomNumbers = { state: seed };
  const passes = makeBlamePasses(given.problem, boundBytes, random);
  let repairs = makeRepairs(copyPacking(given), random);
  let best: SearchResult | undefined;
  let bestBytes = totalOf(given);
  let repairWork = 0;
  // As if there had been a pass already: where the time is too short for one, repairs have all of it.
  let passWork = given.workCount;
  while (bestBytes > boundBytes && takeStep(limit)) {
    if (passWork > repairWork) {
      const before = repairs.packing.workCount;
      repairPart(repairs);
      repairWork += repairs.packing.workCount - before;
      if (totalOf(repairs.packing) >= bestBytes) continue;
      best = { packing: copyPacking(repairs.packing), strategy: 'repair-search' };
    } else {
      const packing = packWithBlame(passes, best?.packing ?? given, limit);
      passWork += packing?.workCount ?? given.workCount;
      if (packing === undefined || totalOf(packing) >= bestBytes) continue;
      best = { packing, strategy: 'blame-search' };
      repairs = makeRepairs(copyPacking(packing), random);
    }
    bestBytes = totalOf(best.packing);
  }
  return best;
}
