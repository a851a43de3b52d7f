/**
 * Slide: moves what lives in a chunk towards its start, so that what is free lies at its end.
 *
 * Cost     O(ranges).
 * Promise  ranges keep their order; each move ends before what has not moved yet begins, or overlaps its own
 *          place alone.
 * Refusal  a copy within a buffer is forbidden on WebGPU: the bytes go by way of scratch there, and are
 *          copied twice. Pinned ranges stay, and the others slide up to them.
 * Source   sliding compaction (LISP 2; D. E. Knuth, The Art of Computer Programming, vol. 1, 2.5).
 */
import { roundUp } from '../../base/quantities.ts';
import { type ChunkFigures, GOES } from './chunk-reader.ts';
import type { DefragmentationMove, MoveWay } from './move-queue.ts';
import { type PoolPlan, STEP_RANGES } from './pool-plan.ts';

/**
 * Plans the moves within one chunk, unless they would leave as many holes; answers where its free end begins.
 * Yields between steps.
 */
export function* slide(plan: PoolPlan, figures: ChunkFigures): Generator<undefined, number> {
  const { queue, settings } = plan;
  const { offsets, sizes, alignments, keys, stays } = figures;
  const moves: DefragmentationMove[] = [];
  const { id, pool, sizeBytes } = figures.chunk;
  let end = 0;
  let gaps = 0;
  for (let n = 0; n < sizes.length; n++) {
    const offset = offsets[n] as number;
    const size = sizes[n] as number;
    const to = roundUp(end, alignments[n] as number);
    const way = wayOf(settings.copiesWithinBuffer, offset - to, size);
    const copiedBytes = way === 'scratch' ? size * 2 : size;
    if (stays[n] !== GOES || to >= offset || copiedBytes > settings.rules.mostBytes) {
      if (to < offset) gaps++;
      end = offset + size;
    } else {
      const places = { fromChunk: id, fromOffset: offset, toChunk: id, toOffset: to };
      moves.push({ pool, key: keys[n] as number, ...places, size, way, copiedBytes });
      end = to + size;
    }
    if (n % STEP_RANGES === 0) yield;
  }
  if (end < sizeBytes) gaps++;
  if (gaps >= figures.gapCount) return sizeBytes;
  for (const move of moves) queue.put(move);
  return end;
}

function wayOf(copiesWithinBuffer: boolean, distance: number, size: number): MoveWay {
  if (!copiesWithinBuffer) return 'scratch';
  return distance >= size ? 'direct' : 'pieces';
}
