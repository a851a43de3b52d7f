/**
 * Evacuate: empties the chunks in which the least lives into the holes of those in which the most does.
 *
 * Cost     O(ranges + chunks log chunks).
 * Promise  as many chunks as the others have holes for are tried, those that cost the least first. Where a
 *          range finds no hole, the fullest chunk that was to be emptied and has one is filled instead. So
 *          what is emptied is what is cheapest to empty, but for chunks that nothing else has room for.
 * Refusal  nothing moves within a chunk unless the scope is `both`: holes that are too short stay. `fast`
 *          empties what is at most half full and gives up on a chunk at the first range that finds no hole.
 * Source   best fit, the largest first, of bin packing (D. S. Johnson, 1973), with chunks as bins.
 */

import type { ChunkFigures } from './chunk-reader.ts';
import type { PoolPlan } from './pool-plan.ts';
import { openTidied } from './slide.ts';

/** Plans the moves. Yields between steps. */
export function* evacuate(plan: PoolPlan): Generator<undefined, void> {
  const { settings } = plan;
  const isFast = settings.strategy === 'fast';
  const chunks = plan.chunks.filter(({ liveBytes }) => liveBytes > 0);
  const candidates = chunks.filter((figures) => plan.isMovable(figures));
  candidates.sort((a, b) => a.cost - b.cost || a.chunk.id - b.chunk.id);
  const sources = candidates.slice(0, countSources(chunks, candidates, isFast));
  for (const figures of chunks) if (!sources.includes(figures)) yield* openTidied(plan, figures);
  // Those that stay so because others have no room for them.
  for (const figures of candidates.slice(sources.length)) plan.keep(figures, 'no-benefit');

  for (let source = sources.shift(); source !== undefined; source = sources.shift()) {
    const more = (size: number): Generator<undefined, void> | false => {
      const fullest = isFast ? -1 : sources.findLastIndex(({ largestHole }) => largestHole >= size);
      if (fullest < 0) return false;
      const [promoted] = sources.splice(fullest, 1) as [ChunkFigures];
      plan.keep(promoted, 'no-benefit');
      return openTidied(plan, promoted);
    };
    if (yield* plan.place(source, more)) yield* plan.commit();
    else {
      plan.keep(source, 'no-target');
      yield* openTidied(plan, source);
    }
  }
}

/** How many of the cheapest have room in the holes of the others, as far as bytes go. */
function countSources(
  chunks: readonly ChunkFigures[],
  candidates: readonly ChunkFigures[],
  halfAtMost: boolean,
): number {
  let free = chunks.reduce((sum, { freeBytes }) => sum + freeBytes, 0);
  let live = 0;
  let count = 0;
  for (const { liveBytes, freeBytes, chunk } of candidates) {
    live += liveBytes;
    free -= freeBytes;
    if (live > free) break;
    if (halfAtMost && liveBytes * 2 > chunk.sizeBytes) break;
    count++;
  }
  return count;
}
