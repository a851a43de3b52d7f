/**
 * Lifetime bound: bytes that every plan needs.
 *
 * Layout   what is alive at one step lies side by side, in whichever buffers; and items that all conflict
 *          with one another are in as many buffers, each at least as large as its item.
 * Cost     O(n log n + conflicts × the largest such set).
 * Promise  no plan has a smaller peak.
 * Refusal  not the largest such bound: a set of items in conflict is grown from each item, the largest first,
 *          and padding for alignments is not counted.
 */
import type { LifetimeProblem } from './lifetime-problem.ts';

/** Bytes. */
export function lowerBoundOf(problem: LifetimeProblem): number {
  let bound = 0;
  for (const load of problem.loads) bound = Math.max(bound, load);
  return problem.hasConflicts ? Math.max(bound, cliqueBound(problem)) : bound;
}

/** The most bytes of a set that all conflict, of the sets that are looked at. */
function cliqueBound({ conflicts, sizes }: LifetimeProblem): number {
  let bound = 0;
  const bySize = conflicts.map((list) => list && [...list].sort((a, b) => sizes[b] - sizes[a] || a - b));
  const sets = conflicts.map((list) => list && new Set(list));
  bySize.forEach((list, item) => {
    if (list === undefined) return;
    const clique: number[] = [];
    let sum = sizes[item];
    for (const other of list) {
      if (!clique.every((member) => sets[member]?.has(other))) continue;
      clique.push(other);
      sum += sizes[other];
    }
    bound = Math.max(bound, sum);
  });
  return bound;
}
