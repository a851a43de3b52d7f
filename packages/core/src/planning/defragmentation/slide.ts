/**
 * Slide: moves what lives in a chunk towards its start, so that what is free lies at its end.
 *
 * Cost     O(ranges).
 * Promise  ranges keep their order; each move ends before what has not moved yet begins, or overlaps its own
 *          place alone, and that only where ranges may be reused when they were submitted.
 * Refusal  a copy within a buffer is forbidden on WebGPU: the bytes go by way of scratch there, and are
 *          copied twice, and so they do where too many pieces would be needed. Pinned ranges stay, and so do
 *          those that are longer than any scratch; the others slide up to them. Nothing slides where the
 *          suballocator can not place at will, nor what lives long.
 * Source   sliding compaction (LISP 2; D. E. Knuth, The Art of Computer Programming, vol. 1, 2.5).
 */
import { roundUp } from '../../base/quantities.ts';
import { type ChunkFigures, GOES } from './chunk-reader.ts';
import type { DefragmentationMove, MoveWay } from './move-queue.ts';
import { type PoolPlan, STEP_RANGES } from './pool-plan.ts';

/** A copy in more pieces than this goes by way of scratch. */
const MOST_PIECES = 16;

/** What is free of a chunk. Bytes. */
interface Gap {
  readonly offset: number;
  readonly size: number;
}

/** Slides what lives in each chunk. Yields between steps. */
export function* slideAll(plan: PoolPlan): Generator<undefined, void> {
  for (const figures of plan.chunks) {
    if (figures.gapCount <= 1) continue;
    if ((yield* slide(plan, figures)) !== undefined || figures.lacksScratch) continue;
    if (figures.chunk.canSlide === false) plan.keep(figures, 'no-slide');
    else if (plan.isMovable(figures)) plan.keep(figures, 'no-benefit');
  }
}

/**
 * A chunk may be moved into, whose ranges slide together first where the scope says so: then it has one hole,
 * but for what stays. Yields between steps.
 */
export function* openTidied(plan: PoolPlan, figures: ChunkFigures): Generator<undefined, void> {
  const mayTidy = plan.settings.scope === 'both' && figures.gapCount > 1;
  const gaps = mayTidy ? yield* slide(plan, figures) : undefined;
  if (gaps === undefined) yield* plan.openHoles(figures);
  else for (const { offset, size } of gaps) plan.openHole(figures.chunk.id, offset, size);
}

/**
 * Plans the moves within one chunk, unless they would leave as many holes; answers what is free afterwards,
 * or undefined when nothing moves. Yields between steps.
 */
function* slide(plan: PoolPlan, figures: ChunkFigures): Generator<undefined, Gap[] | undefined> {
  const { queue, settings } = plan;
  const { offsets, sizes, alignments, keys, stays } = figures;
  const { id, pool, sizeBytes, canSlide = true, lifetime } = figures.chunk;
  if (!canSlide || lifetime === 'long') return undefined;
  const { mostBytes } = settings.rules;
  const moves: DefragmentationMove[] = [];
  const gaps: Gap[] = [];
  let end = 0;
  let gapCount = 0;
  for (let n = 0; n < sizes.length; n++) {
    const offset = offsets[n] as number;
    const size = sizes[n] as number;
    const to = roundUp(end, alignments[n] as number);
    const way = wayOf(settings.copiesWithinBuffer, offset - to, size);
    const copiedBytes = way === 'scratch' ? size * 2 : size;
    const isTooLong = copiedBytes > mostBytes && (stays[n] === GOES || size > mostBytes);
    if (isTooLong && copiedBytes > figures.tooLargeBytes) figures.tooLargeBytes = copiedBytes;
    const isApart = settings.reuseAfter === 'submitted' || to + size <= offset;
    let goes = stays[n] === GOES && to < offset && isApart && !isTooLong;
    if (goes && way === 'scratch' && size > settings.scratchBytes) {
      goes = false;
      figures.lacksScratch = true;
    }
    const at = goes ? to : offset;
    if (at > end) gaps.push({ offset: end, size: at - end });
    if (at > to) gapCount++;
    if (goes) {
      const places = { fromChunk: id, fromOffset: offset, toChunk: id, toOffset: to };
      moves.push({ pool, key: keys[n] as number, ...places, size, way, copiedBytes });
    }
    end = at + size;
    if (n % STEP_RANGES === 0) yield;
  }
  if (end < sizeBytes) {
    gaps.push({ offset: end, size: sizeBytes - end });
    gapCount++;
  }
  if (figures.lacksScratch) plan.keep(figures, 'no-scratch');
  if (gapCount >= figures.gapCount) return undefined;
  for (const move of moves) queue.put(move);
  return gaps;
}

function wayOf(copiesWithinBuffer: boolean, distance: number, size: number): MoveWay {
  if (!copiesWithinBuffer) return 'scratch';
  if (distance >= size) return 'direct';
  return size <= distance * MOST_PIECES ? 'pieces' : 'scratch';
}
