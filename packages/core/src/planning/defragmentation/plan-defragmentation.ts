/**
 * Plan of a defragmentation as a whole: all passes, and what they are good for, before anything is done.
 */
import { roundUp } from '../../base/quantities.ts';
import type { Fragments } from './fragments.ts';
import type { PlanOptions } from './plan-options.ts';
import { type DefragmentationPass, DefragmentationPlanner } from './planner.ts';
import type { KeptChunk, KeptReason } from './pool-plan.ts';

/** How chunks that serve many allocations are used. Bytes. */
export interface FragmentationFigures {
  /** Chunks with something live in them, and their bytes. */
  readonly usedChunks: number;
  readonly usedChunkBytes: number;
  readonly liveBytes: number;
  /** Free ranges of those, but for what alignment leaves before the range behind it. */
  readonly holeCount: number;
  readonly largestHole: number;
  /** `1 - largestHole / free` of the used chunks: 0 when what is free lies together. */
  readonly fragmentation: number;
}

/** All of a defragmentation, planned and not done. */
export interface DefragmentationPlan {
  readonly passes: readonly DefragmentationPass[];
  readonly moveCount: number;
  readonly movedBytes: number;
  /** `movedBytes`, and again what goes by way of scratch. */
  readonly copiedBytes: number;
  /** Chunks that the moves leave empty, without those that were asked for, and their bytes. */
  readonly emptiedChunks: number;
  readonly emptiedBytes: number;
  readonly before: FragmentationFigures;
  readonly after: FragmentationFigures;
  /** Chunks that stay as they are, and why. */
  readonly kept: readonly KeptChunk[];
  /** `done` where something moves; else why nothing does. */
  readonly stop: 'done' | KeptReason;
}

/**
 * Plans a defragmentation of the chunks of a heap, or of a `snapshot()` of one. Nothing is done.
 * O(ranges log ranges). See `PlanOptions` for the strategies.
 * @throws UsageError `bad-argument`, `unknown-option`, `bad-size`
 */
export function planDefragmentation(fragments: Fragments, options: PlanOptions = {}): DefragmentationPlan {
  const planner = new DefragmentationPlanner(fragments, options);
  const passes: DefragmentationPass[] = [];
  while (!planner.isDone) {
    const pass = planner.nextPass();
    // A pass may have had time for planning alone.
    if (pass.moves.length > 0) passes.push(pass);
  }
  const moves = passes.flatMap((pass) => pass.moves);
  const before = layoutsOf(fragments);
  const after = moved(before, passes);
  const emptied = before.filter(
    ({ id, used }) => used.some(isLive) && after.some((each) => each.id === id && !each.used.some(isLive)),
  );
  return {
    passes,
    moveCount: moves.length,
    movedBytes: passes.reduce((sum, pass) => sum + pass.movedBytes, 0),
    copiedBytes: passes.reduce((sum, pass) => sum + pass.copiedBytes, 0),
    emptiedChunks: emptied.length,
    emptiedBytes: emptied.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    before: figuresOf(before),
    after: figuresOf(after),
    kept: planner.kept,
    stop: moves.length > 0 ? 'done' : mainReason(planner.kept),
  };
}

/** A range in use; pending ones have no alignment. */
interface Used {
  readonly offset: number;
  readonly size: number;
  readonly alignment: number;
  readonly isLive: boolean;
}

interface ChunkLayout {
  readonly id: number;
  readonly sizeBytes: number;
  readonly used: readonly Used[];
}

function layoutsOf({ chunks }: Fragments): ChunkLayout[] {
  return chunks
    .filter(({ dedicated }) => !dedicated)
    .map(({ id, sizeBytes, ranges }) => ({
      id,
      sizeBytes,
      used: [...ranges]
        .filter(({ state }) => state !== 'free')
        .map(({ offset, size, alignment = 1, state }) => ({
          offset,
          size,
          alignment,
          isLive: state === 'live',
        })),
    }));
}

/** The chunks after all moves. */
function moved(before: readonly ChunkLayout[], passes: readonly DefragmentationPass[]): ChunkLayout[] {
  const chunks = new Map<number, { sizeBytes: number; used: Map<number, Used> }>();
  for (const { id, sizeBytes, used } of before) {
    chunks.set(id, { sizeBytes, used: new Map(used.map((each) => [each.offset, each])) });
  }
  for (const { moves, spares } of passes) {
    for (const { id, sizeBytes } of spares) chunks.set(id, { sizeBytes, used: new Map() });
    for (const { fromChunk, fromOffset, toChunk, toOffset } of moves) {
      const from = chunks.get(fromChunk)?.used as Map<number, Used>;
      const range = from.get(fromOffset) as Used;
      from.delete(fromOffset);
      chunks.get(toChunk)?.used.set(toOffset, { ...range, offset: toOffset });
    }
  }
  return [...chunks].map(([id, { sizeBytes, used }]) => ({
    id,
    sizeBytes,
    used: [...used.values()].sort((a, b) => a.offset - b.offset),
  }));
}

function figuresOf(chunks: readonly ChunkLayout[]): FragmentationFigures {
  let holeCount = 0;
  let largestHole = 0;
  let freeBytes = 0;
  let liveBytes = 0;
  let usedChunks = 0;
  let usedChunkBytes = 0;
  const note = (from: number, to: number, alignment: number): void => {
    if (to === from) return;
    freeBytes += to - from;
    if (to - from > largestHole) largestHole = to - from;
    if (roundUp(from, alignment) !== to) holeCount++;
  };
  for (const { sizeBytes, used } of chunks) {
    if (!used.some(isLive)) continue;
    usedChunks++;
    usedChunkBytes += sizeBytes;
    let end = 0;
    for (const { offset, size, alignment, isLive: lives } of used) {
      note(end, offset, alignment);
      if (lives) liveBytes += size;
      end = offset + size;
    }
    note(end, sizeBytes, 1);
  }
  const fragmentation = freeBytes === 0 ? 0 : 1 - largestHole / freeBytes;
  return { usedChunks, usedChunkBytes, liveBytes, holeCount, largestHole, fragmentation };
}

function isLive(range: Used): boolean {
  return range.isLive;
}

/** What stands in the way first, of several. */
function mainReason(kept: readonly KeptChunk[]): KeptReason {
  for (const reason of ['too-large-for-budget', 'pinned', 'no-target', 'no-scratch', 'no-slide'] as const) {
    if (kept.some((each) => each.reason === reason)) return reason;
  }
  return 'no-benefit';
}
