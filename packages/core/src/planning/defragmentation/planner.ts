/**
 * Planner: plans the moves of a defragmentation pass by pass, each within limits.
 *
 *          read the chunks → look for places → give moves out, pass by pass
 *
 * Cost     O(ranges + chunks log chunks) in all, spread over the passes. A look at the clock for every 128
 *          ranges.
 * Promise  a range moves once at most, and always to where nothing is; a move into a chunk that is emptied
 *          comes in a later pass than the moves out of it; no pass exceeds a limit; it ends, and says why.
 * Refusal  knows the ranges of the moment at which it reads a chunk: who allocates and frees meanwhile looks
 *          again before each move whether it still can be done, and tells of those that can not.
 */
import { type ChunkFigures, ChunkReader } from './chunk-reader.ts';
import { evacuate } from './evacuate.ts';
import type { FragmentChunk, Fragments } from './fragments.ts';
import { type DefragmentationMove, MoveQueue, type SpareChunk } from './move-queue.ts';
import { checkPlanOptions, type PlanOptions, type PlanSettings } from './plan-options.ts';
import { type KeptChunk, PoolPlan, STEP_RANGES } from './pool-plan.ts';
import { rewrite } from './rewrite.ts';
import { slideAll } from './slide.ts';

/**
 * Why a pass has ended: a limit; `boundary`, where the next move goes to what this pass empties; or `end`,
 * after which there is nothing to move.
 */
export type PassStop = 'bytes' | 'moves' | 'time' | 'boundary' | 'end';

/** Moves that are done together. */
export interface DefragmentationPass {
  readonly moves: readonly DefragmentationMove[];
  /** Chunks to be made before the moves; -1, -2, … as the moves name them. */
  readonly spares: readonly SpareChunk[];
  /** Bytes of what moves, and bytes that are copied for it. */
  readonly movedBytes: number;
  readonly copiedBytes: number;
  readonly stop: PassStop;
}

/** Moves of one run of defragmentation, planned when they are asked for. */
export class DefragmentationPlanner {
  private readonly settings: PlanSettings;
  private readonly queue = new MoveQueue();
  private readonly keptChunks: KeptChunk[] = [];
  private readonly work: Generator<undefined, void>;
  private isPlanned = false;
  private sparesTold = 0;
  /** The pass in which something last moved out of a chunk. */
  private readonly lastOut = new Map<number, number>();
  private passes = 0;
  /** What this pass has slid away from, of the chunk of its last slide: from where to where. */
  private slidChunk: number | undefined;
  private slidFrom = 0;
  private slidTo = 0;

  /** @throws UsageError `bad-argument`, `unknown-option`, `bad-size` */
  constructor(fragments: Fragments, options: PlanOptions = {}) {
    this.settings = checkPlanOptions(fragments, options);
    this.work = planAll(fragments, this.settings, this.queue, this.keptChunks);
  }

  /** Chunks that could not be emptied, or not be tidied, and why; so far as they have been planned. */
  get kept(): readonly KeptChunk[] {
    return this.keptChunks;
  }

  /** Whether no move is left. */
  get isDone(): boolean {
    return this.isPlanned && this.queue.isEmpty;
  }

  /**
   * The next moves, in the order in which they are to be done. O(moves + what is planned for them).
   * @throws UsageError `bad-argument` where the ranges of a chunk do not tile it
   */
  nextPass(): DefragmentationPass {
    const { settings, queue } = this;
    const until = settings.clock === undefined ? 0 : settings.clock() + settings.millisecondsPerPass;
    const moves: DefragmentationMove[] = [];
    let movedBytes = 0;
    let copiedBytes = 0;
    this.passes++;
    this.slidChunk = undefined;
    const stop = ((): PassStop => {
      for (;;) {
        if (queue.isEmpty) {
          if (this.isPlanned) return 'end';
          this.isPlanned = this.work.next().done === true;
        }
        // As many as between two looks at the clock elsewhere.
        for (let count = 0; count < STEP_RANGES && !queue.isEmpty; count++) {
          const move = queue.next;
          if (moves.length === settings.movesPerPass) return 'moves';
          if (copiedBytes + move.copiedBytes > settings.bytesPerPass) return 'bytes';
          if (this.awaitsBoundary(move)) return 'boundary';
          queue.drop();
          this.noteSlide(move);
          this.lastOut.set(move.fromChunk, this.passes);
          moves.push(move);
          movedBytes += move.size;
          copiedBytes += move.copiedBytes;
        }
        // After a step: however short the time is, every pass comes further.
        if (settings.clock !== undefined && settings.clock() >= until) return 'time';
      }
    })();
    // With the first moves that may go there.
    const spares = moves.length === 0 ? [] : queue.spares.slice(this.sparesTold);
    this.sparesTold += spares.length;
    return { moves, spares, movedBytes, copiedBytes, stop };
  }

  /** A move was not done: what else would leave that chunk stays there too. O(moves left). */
  refuse({ fromChunk }: DefragmentationMove): void {
    this.queue.dropFrom(fromChunk);
  }

  /**
   * Whether it goes to a place that this pass itself makes free. Within a chunk the order is enough, where
   * ranges may be reused as soon as what used them was submitted.
   */
  private awaitsBoundary({ fromChunk, toChunk, toOffset, size }: DefragmentationMove): boolean {
    if (fromChunk !== toChunk) return this.lastOut.get(toChunk) === this.passes;
    if (this.settings.reuseAfter === 'submitted' || this.slidChunk !== toChunk) return false;
    return toOffset < this.slidTo && toOffset + size > this.slidFrom;
  }

  private noteSlide({ fromChunk, fromOffset, toChunk, size }: DefragmentationMove): void {
    if (fromChunk !== toChunk) return;
    if (this.slidChunk !== fromChunk) this.slidFrom = fromOffset;
    this.slidChunk = fromChunk;
    this.slidTo = fromOffset + size;
  }
}

function* planAll(
  { chunks }: Fragments,
  settings: PlanSettings,
  queue: MoveQueue,
  kept: KeptChunk[],
): Generator<undefined, void> {
  const pools = new Map<string, FragmentChunk[]>();
  for (const chunk of chunks) {
    if (chunk.dedicated) continue;
    const pool = pools.get(chunk.pool);
    if (pool === undefined) pools.set(chunk.pool, [chunk]);
    else pool.push(chunk);
  }
  for (const pool of pools.values()) {
    const reader = new ChunkReader(settings.rules);
    const figures: ChunkFigures[] = [];
    for (const chunk of pool) {
      figures.push(reader.open(chunk));
      while (!reader.read(STEP_RANGES)) yield;
      yield;
    }
    const mostBytes = pool.reduce((most, { sizeBytes }) => Math.max(most, sizeBytes), 1);
    const plan = new PoolPlan(figures, settings, queue, kept, mostBytes);
    if (settings.scope === 'within') yield* slideAll(plan);
    else if (settings.strategy === 'full') yield* rewrite(plan);
    else yield* evacuate(plan);
  }
}
