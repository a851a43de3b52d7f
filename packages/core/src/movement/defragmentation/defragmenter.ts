/**
 * Defragmenter: the runs of a heap, those that were asked for and those that begin by themselves.
 *
 * Cost     a frame without a run: nothing, or O(chunks) where a look is due.
 * Promise  one run at a time; a run that was asked for ends one that began by itself.
 */
import { UsageError } from '../../base/errors.ts';
import { runAll } from '../../base/run-all.ts';
import type { Memory } from '../../memory/memory.ts';
import type { Pool } from '../../memory/pool.ts';
import type { SuballocatorStatistics } from '../../ranges/suballocator.ts';
import { Defragmentation } from './defragmentation.ts';
import type { AutomaticSettings, DefragmentationOptions } from './defragmentation-options.ts';
import type { Movable, Movers } from './movable.ts';

/** Filled by whoever asks for figures, and read at once. */
const FIGURES = {} as SuballocatorStatistics;
/** Frames without another look after a run that has given nothing back. */
const REST_FRAMES = 60;

export class Defragmenter<Buffer> {
  /** The run under way, or the last one. */
  run: Defragmentation<Buffer> | undefined;
  private readonly memory: Memory<Buffer>;
  private readonly movers: Movers<Buffer>;
  private readonly flush: () => void;
  private readonly scratch: () => Pool<Buffer>;
  private readonly automatic: AutomaticSettings | undefined;
  private isOwnRun = false;
  private restUntil = 0;
  private moved: readonly Movable<Buffer>[] = [];

  /** `flush` submits what has been gathered; `scratch` is the pool for copies within one buffer. */
  constructor(
    memory: Memory<Buffer>,
    movers: Movers<Buffer>,
    automatic: AutomaticSettings | undefined,
    flush: () => void,
    scratch: () => Pool<Buffer>,
  ) {
    this.flush = flush;
    this.scratch = scratch;
    this.memory = memory;
    this.movers = movers;
    this.automatic = automatic;
  }

  /**
   * Begins a run. @throws UsageError `bad-argument` while one that was asked for is under way, and as it
   * does
   */
  begin(options: DefragmentationOptions): Defragmentation<Buffer> {
    if (this.run?.isDone === false && !this.isOwnRun) {
      throw new UsageError('bad-argument', 'a run is under way; wait for it or cancel it first');
    }
    const made = this.make(options);
    this.run?.close();
    this.run = made;
    this.isOwnRun = false;
    return made;
  }

  /** Before a boundary, when everything is submitted: a pass, if one is due. */
  beforeBoundary(): void {
    const { automatic, run } = this;
    if (run !== undefined && !run.isDone) {
      const isLeft = run.isByHand || (this.isOwnRun && automatic?.isBusy() === true);
      if (!isLeft) this.pass(run);
      return;
    }
    if (automatic === undefined || !this.isDue(automatic)) return;
    this.memory.isScattered = false;
    this.run?.close();
    this.run = this.make(automatic.run);
    this.isOwnRun = true;
    this.pass(this.run);
  }

  private make(options: DefragmentationOptions): Defragmentation<Buffer> {
    return new Defragmentation(this.memory, this.movers, options, this.flush, this.scratch);
  }

  private pass(run: Defragmentation<Buffer>): void {
    this.moved = run.pass();
    if (run.isDone && run.report.moveCount === 0) this.restUntil = this.memory.frame + REST_FRAMES;
  }

  /** After it: what has run empty goes. */
  afterBoundary(): void {
    const { run } = this;
    if (run?.hasLeaving) run.giveBackEmptied();
  }

  /** Tells those who have moved. Their hooks may do anything. */
  tell(): void {
    const { moved } = this;
    if (moved.length === 0) return;
    this.moved = [];
    runAll(moved.map((each) => () => each.tellMoved()));
  }

  /** The device is gone, or the heap: nothing more moves. */
  cancel(): void {
    this.run?.cancel();
  }

  private isDue({ everyFrames, leastBytes, isBusy, ...worth }: AutomaticSettings): boolean {
    const { memory } = this;
    if (memory.frame % everyFrames !== 0 || memory.backend.reservedBytes < leastBytes) return false;
    if (memory.backend.isLost || isBusy()) return false;
    if (memory.isScattered) return true;
    return memory.frame >= this.restUntil && memory.pools.some((pool) => isWorthIt(pool, worth));
  }
}

/** Whether much is free in a pool, or apart in a chunk, or a chunk could be emptied into the others. */
function isWorthIt(
  { kind, chunks }: Pool<unknown>,
  { freeShare, freeChunks, run }: Pick<AutomaticSettings, 'freeShare' | 'freeChunks' | 'run'>,
): boolean {
  if (kind.location !== 'gpu' || kind.placement !== 'shared' || kind.lifetime === 'frame') return false;
  const slides = run.scope !== undefined && run.scope !== 'across' && kind.lifetime !== 'long';
  let freeBytes = 0;
  let largestBytes = 0;
  let emptiest: { used: number; free: number } | undefined;
  for (const chunk of chunks) {
    if (chunk.dedicated || chunk.refusal !== undefined || chunk.rangeCount === 0) continue;
    const { used, largestFree } = chunk.suballocator.statistics(FIGURES);
    const free = chunk.sizeBytes - used;
    if (slides && chunk.canSlide && free - largestFree > chunk.sizeBytes * freeShare) return true;
    freeBytes += free;
    largestBytes = Math.max(largestBytes, chunk.sizeBytes);
    if (free > chunk.sizeBytes * freeShare && (emptiest === undefined || used < emptiest.used)) {
      emptiest = { used, free };
    }
  }
  const isEmptiable = emptiest !== undefined && freeBytes - emptiest.free >= emptiest.used;
  return isEmptiable || freeBytes > largestBytes * freeChunks;
}
