/**
 * Pool plan: what the ways of tidying up one pool work on, and what they have in common.
 *
 * Promise  a source is emptied wholly or not at all; a range is moved once at most.
 */

import { type ChunkFigures, GOES, type MoveRules } from './chunk-reader.ts';
import { Holes } from './holes.ts';
import { MoveOrder } from './move-order.ts';
import type { DefragmentationMove, MoveQueue } from './move-queue.ts';

/**
 * Why a chunk keeps what lives in it. `no-slide`: its suballocator can not place ranges at will, so that
 * nothing moves within it. `no-scratch`: a range is longer than `scratchBytes` or, in runs, there is no room
 * for the detour that such moves take.
 */
export type KeptReason =
  | 'no-benefit'
  | 'pinned'
  | 'too-large-for-budget'
  | 'no-target'
  | 'no-slide'
  | 'no-scratch';

/** A chunk that could not be emptied or tidied. */
export interface KeptChunk {
  /** Its id. */
  readonly chunk: number;
  readonly reason: KeptReason;
  /** For `too-large-for-budget`: the bytes of a pass in which its longest range may move. */
  readonly needBytes?: number;
}

/** How a pool is tidied up. */
export interface PoolSettings {
  readonly strategy: 'fast' | 'balanced' | 'full';
  readonly scope: 'across' | 'within' | 'both';
  /** Chunks that may be asked for, to move into. */
  readonly spareChunks: number;
  readonly copiesWithinBuffer: boolean;
  readonly scratchBytes: number;
  readonly reuseAfter: 'submitted' | 'completed';
  readonly rules: MoveRules;
}

/** Work between two looks at the clock. */
export const STEP_RANGES = 128;

/** The pool under plan. */
export class PoolPlan {
  readonly settings: PoolSettings;
  readonly chunks: readonly ChunkFigures[];
  readonly queue: MoveQueue;
  readonly kept: KeptChunk[];
  readonly holes: Holes;
  private readonly order: MoveOrder;
  /** The moves of the source that is being placed, so many of them: the array is never made anew. */
  private readonly moves: DefragmentationMove[] = [];
  private moveCount = 0;
  /** By index in the holes: the ids of chunks. */
  private readonly targets: number[] = [];

  constructor(
    chunks: readonly ChunkFigures[],
    settings: PoolSettings,
    queue: MoveQueue,
    kept: KeptChunk[],
    mostBytes: number,
  ) {
    this.chunks = chunks;
    this.settings = settings;
    this.queue = queue;
    this.kept = kept;
    // Few holes, one a chunk, are all looked at.
    this.holes = new Holes(mostBytes, settings.strategy === 'full' ? 1024 : undefined);
    this.order = new MoveOrder(mostBytes);
  }

  /** A chunk may be moved into, from `offset` on. Answers the number of the hole. */
  openHole(id: number, offset: number, size: number): number {
    this.targets.push(id);
    return this.holes.add(this.targets.length - 1, offset, size);
  }

  /** Nothing is moved into a hole of which, as of all others since `commit`, nothing is taken. */
  closeHole(n: number): void {
    this.holes.withdraw(n);
    this.holes.keep();
  }

  /** All holes of a chunk may be moved into. */
  *openHoles(figures: ChunkFigures): Generator<undefined, void> {
    const { chunk, holeOffsets, holeSizes } = figures;
    this.targets.push(chunk.id);
    for (let n = 0; n < holeOffsets.length; n++) {
      this.holes.add(this.targets.length - 1, holeOffsets[n] as number, holeSizes[n] as number);
      if (n % STEP_RANGES === 0) yield;
    }
  }

  /**
   * Finds places for all ranges of a source, the largest first. `more` is asked for another hole where there
   * is none for `size` bytes: it answers whether it made one, or the steps by which it makes some.
   * Answers whether all have a place; else nothing has changed but that.
   */
  *place(
    source: ChunkFigures,
    more: (size: number) => boolean | Generator<undefined, void>,
  ): Generator<undefined, boolean> {
    const { holes, order } = this;
    const { offsets, sizes, alignments, keys, stays } = source;
    order.begin(sizes.length);
    for (let n = 0; n < sizes.length; n++) {
      if (stays[n] === GOES) order.put(n, sizes[n] as number);
      if (n % STEP_RANGES === 0) yield;
    }
    this.moveCount = 0;
    for (let n = order.next(); n >= 0; n = order.next()) {
      const size = sizes[n] as number;
      const alignment = alignments[n] as number;
      while (!holes.take(size, alignment)) {
        const made = more(size);
        if (made === false) {
          holes.undo();
          return false;
        }
        if (made !== true) yield* made;
      }
      this.moves[this.moveCount++] = {
        pool: source.chunk.pool,
        key: keys[n] as number,
        fromChunk: source.chunk.id,
        fromOffset: offsets[n] as number,
        toChunk: this.targets[holes.foundChunk] as number,
        toOffset: holes.foundOffset,
        size,
        way: 'direct',
        copiedBytes: size,
      };
      if (n % STEP_RANGES === 0) yield;
    }
    return true;
  }

  /** What `place` has found is done: small ranges first, so that a pass that is cut short is fuller. */
  *commit(): Generator<undefined, void> {
    this.holes.keep();
    for (let n = this.moveCount - 1; n >= 0; n--) {
      this.queue.put(this.moves[n] as DefragmentationMove);
      if (n % STEP_RANGES === 0) yield;
    }
    this.moveCount = 0;
  }

  /** A source stays as it is. */
  keep(figures: ChunkFigures, reason: KeptReason): void {
    this.kept.push({ chunk: figures.chunk.id, reason });
  }

  /** Whether all that lives in a chunk may be moved; says why not. */
  isMovable(figures: ChunkFigures): boolean {
    if (figures.pinnedCount > 0) this.keep(figures, 'pinned');
    else if (figures.tooLargeBytes > 0) {
      const needBytes = figures.tooLargeBytes;
      this.kept.push({ chunk: figures.chunk.id, reason: 'too-large-for-budget', needBytes });
    } else return true;
    return false;
  }
}
