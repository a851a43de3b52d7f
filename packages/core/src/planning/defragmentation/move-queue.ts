/**
 * Move queue: the moves of a plan, in the order in which they may be done.
 *
 * Promise  the moves of one source stand together; a move into a chunk stands behind all moves out of it.
 */
import type { FragmentChunk } from './fragments.ts';

/** How the bytes of a move get to their place. */
export type MoveWay = 'direct' | 'scratch' | 'pieces';

/** One range goes from one place to another. Bytes. */
export interface DefragmentationMove {
  readonly pool: string;
  /** That of the range. */
  readonly key: number;
  /** The id of the chunk that it leaves. */
  readonly fromChunk: number;
  readonly fromOffset: number;
  /**
   * The id of the chunk that it goes to; -1, -2, … for chunks that are made for the plan, see `spares` of the
   * pass.
   */
  readonly toChunk: number;
  readonly toOffset: number;
  /** Reserved bytes of the range. */
  readonly size: number;
  /**
   * `direct`: one copy. `scratch`: a copy out of the buffer and one back into it. `pieces`: copies within the
   * buffer of at most `fromOffset - toOffset` bytes, first things first, since a copy may not overlap itself.
   */
  readonly way: MoveWay;
  /** What is copied for it: `size`, or twice that by way of scratch. */
  readonly copiedBytes: number;
}

/** A chunk that a plan asks for, to move into. */
export interface SpareChunk {
  /** -1, -2, … */
  readonly id: number;
  readonly pool: string;
  readonly sizeBytes: number;
}

/** Moves that are planned and not yet given out. */
export class MoveQueue {
  readonly spares: SpareChunk[] = [];
  /** From `first` to `end`: the array is never made anew. */
  private readonly moves: DefragmentationMove[] = [];
  private first = 0;
  private end = 0;

  get isEmpty(): boolean {
    return this.first === this.end;
  }

  /** The next move; only while there is one. */
  get next(): DefragmentationMove {
    return this.moves[this.first] as DefragmentationMove;
  }

  put(move: DefragmentationMove): void {
    this.moves[this.end++] = move;
  }

  drop(): void {
    this.first++;
    if (!this.isEmpty) return;
    this.first = 0;
    this.end = 0;
  }

  /** Takes the moves out of a chunk back that have not been given out. O(moves). */
  dropFrom(chunk: number): void {
    const { moves, first, end } = this;
    this.first = 0;
    this.end = 0;
    for (let n = first; n < end; n++) {
      const move = moves[n] as DefragmentationMove;
      if (move.fromChunk !== chunk) this.put(move);
    }
  }

  /** The id that the next spare chunk will have. */
  get nextSpareId(): number {
    return -1 - this.spares.length;
  }

  /** Asks for a chunk as large as another. */
  addSpare({ pool, sizeBytes }: FragmentChunk): void {
    this.spares.push({ id: this.nextSpareId, pool, sizeBytes });
  }
}
