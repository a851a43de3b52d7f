/**
 * Defragmentation: one run over the chunks of a heap, pass by pass.
 *
 * Layout   planner → pass: places are taken, all bytes copied in one submission, then everybody settles in
 *          (`pass-moves.ts`) → the boundary gives the old places back, and chunks that are empty then go.
 * Cost     a pass: O(its moves) beside its share of the planning. The ranges of a chunk are read at once: a
 *          pass may take longer by that than it was given.
 * Promise  a pass happens between submissions: whoever writes, reads, resizes, frees, pins or allocates
 *          does so before it or after it, never during. What is not where the plan has seen it, is pinned,
 *          marked by an open recording, or has no room there any more stays, with what else was to leave its
 *          chunk. Nothing goes to a chunk, or by way of scratch, before the device is known to have granted
 *          that, nor to where this run has moved something away before the GPU has left it: the pass waits.
 *          A pass whose copies fail leaves everything where it was and ends the run.
 * Refusal  moves nothing out of readback, upload or a caller's buffers, nor what lives for a frame. A range
 *          goes where the plan says; where the kind of suballocator can not choose, anywhere in that chunk,
 *          and then nothing slides within it.
 */
import { BackendError, GpuMemoryError } from '../../base/errors.ts';
import type { Serial } from '../../base/quantities.ts';
import { runAll } from '../../base/run-all.ts';
import type { Chunk } from '../../memory/chunk.ts';
import type { Memory } from '../../memory/memory.ts';
import type { Pool } from '../../memory/pool.ts';
import type { DefragmentationMove, SpareChunk } from '../../planning/defragmentation/move-queue.ts';
import {
  type DefragmentationPass,
  DefragmentationPlanner,
  type PassStop,
} from '../../planning/defragmentation/planner.ts';
import type { KeptChunk } from '../../planning/defragmentation/pool-plan.ts';
import { describe, isThere, isTidied, liveOwner, nameOf } from './chunk-fragments.ts';
import { type DefragmentationOptions, planOptionsOf } from './defragmentation-options.ts';
import { Detour } from './detour.ts';
import type { Movable, Movers } from './movable.ts';
import { PassMoves } from './pass-moves.ts';

/** What a run has done so far, and how it ended. Bytes. */
export interface DefragmentationReport {
  passCount: number;
  moveCount: number;
  /** Of those: moves within a chunk. */
  slideCount: number;
  /** Moves of the plan that were not done, with what else would have left the same chunks. */
  refusedCount: number;
  movedBytes: number;
  /** `movedBytes`, and again what went by way of scratch. */
  copiedBytes: number;
  /** Chunks that were given back because they had been emptied. */
  chunksGivenBack: number;
  bytesGivenBack: number;
  /** The most that one pass has copied, and the most moves of one. */
  mostBytes: number;
  mostMoves: number;
  /** Why the last pass has ended. */
  lastStop: PassStop | undefined;
  /** `running`, `done`, `cancelled`, or `failed` with `error`. */
  state: 'running' | 'done' | 'cancelled' | 'failed';
  error: GpuMemoryError | undefined;
}

/** A run; `heap.defragment` begins one. */
export class Defragmentation<Buffer> {
  readonly report: Readonly<DefragmentationReport>;
  /** Whether its passes are done by `step` alone, and not at the end of frames. */
  readonly isByHand: boolean;
  private readonly figures: DefragmentationReport = {
    passCount: 0,
    moveCount: 0,
    slideCount: 0,
    refusedCount: 0,
    movedBytes: 0,
    copiedBytes: 0,
    chunksGivenBack: 0,
    bytesGivenBack: 0,
    mostBytes: 0,
    mostMoves: 0,
    lastStop: undefined,
    state: 'running',
    error: undefined,
  };
  private readonly memory: Memory<Buffer>;
  private readonly flush: () => void;
  private readonly reusesEmptied: boolean;
  private readonly movers: Movers<Buffer>;
  private readonly planner: DefragmentationPlanner;
  /** By their ids, those made for the plan by those that it gave them. */
  private readonly chunks = new Map<number, Chunk<Buffer>>();
  /** Chunks that are being emptied. */
  private readonly leaving = new Set<Chunk<Buffer>>();
  /** Those of them that nothing leaves: what lives there slides together. */
  private readonly sliding = new Set<Chunk<Buffer>>();
  /** A pass that waits for the device. */
  private held: DefragmentationPass | undefined;
  private readonly detour: Detour<Buffer>;
  /** Chunks of which something could not slide for want of scratch. */
  private readonly withoutScratch = new Set<number>();
  /** Of chunks that something was moved away from: a boundary behind that. And those of the last pass. */
  private readonly leftBefore = new Map<number, Serial>();
  private readonly justLeft = new Set<number>();

  /**
   * @internal `flush` submits what has been gathered; `scratch` is the pool for copies within one buffer.
   * @throws UsageError `bad-argument`, `unknown-option`, `bad-size`
   */
  constructor(
    memory: Memory<Buffer>,
    movers: Movers<Buffer>,
    options: DefragmentationOptions,
    flush: () => void,
    scratch: () => Pool<Buffer>,
  ) {
    this.report = this.figures;
    this.memory = memory;
    this.movers = movers;
    this.flush = flush;
    this.detour = new Detour(memory, scratch);
    this.isByHand = options?.byHand === true;
    this.reusesEmptied = options?.strategy === 'full';
    const chunks = memory.pools
      .filter(isTidied)
      .flatMap((pool) => pool.chunks.filter((chunk) => !chunk.dedicated));
    for (const chunk of chunks) this.chunks.set(chunk.id, chunk);
    const { limits, reuseAfter } = memory.backend;
    const { copiesWithinBuffer } = limits;
    const planOptions = planOptionsOf(options);
    const scratchBytes = planOptions.scope === 'across' ? undefined : scratch().kind.chunkBytes;
    this.planner = new DefragmentationPlanner(
      { chunks: chunks.map((chunk) => describe(chunk, movers)) },
      {
        ...planOptions,
        copiesWithinBuffer,
        reuseAfter,
        ...(scratchBytes === undefined ? {} : { scratchBytes }),
      },
    );
  }

  /** Whether nothing is left to do. */
  get isDone(): boolean {
    return this.figures.state !== 'running';
  }

  /** Chunks that stay as they are, and why; so far as they have been planned. */
  get kept(): readonly KeptChunk[] {
    const reason = 'no-scratch';
    return [...this.planner.kept, ...[...this.withoutScratch].map((chunk) => ({ chunk, reason }) as const)];
  }

  /**
   * One pass, now: call it when all that was recorded has been submitted, and before you record anything
   * else. Those that have moved are told. Nothing moves while the device owes its word on a chunk that a pass
   * needs, or has yet to leave one: let promises settle between two steps. Does nothing when the run has
   * ended.
   * O(moves + what is planned for them).
   */
  step(): void {
    if (this.isDone) return;
    this.flush();
    const { releases, backend } = this.memory;
    // All that was recorded has been submitted: what was released so far may be reused like after a boundary.
    if (!backend.isLost) releases.stamp(0);
    const moved = this.pass();
    runAll(moved.map((each) => () => each.tellMoved()));
  }

  /** Ends the run where it is: nothing more moves. */
  cancel(): void {
    this.end('cancelled');
  }

  /**
   * @internal One pass of a run that goes on, after everything that was recorded has been submitted. Answers
   * who has moved, to be told of it when everything is as it should be.
   */
  pass(): readonly Movable<Buffer>[] {
    const { planner, figures, memory } = this;
    if (memory.backend.isLost) {
      this.fail(
        new BackendError('device-lost', 'the device is lost; rebuild this heap and begin another run'),
      );
      return [];
    }
    const pass = this.held ?? planner.nextPass();
    const { moves, stop } = pass;
    const doing = new PassMoves(memory, this.movers);
    this.noteBoundary();
    try {
      if (pass !== this.held) for (const spare of pass.spares) this.makeSpare(spare);
      this.held = this.mustWait(moves) ? pass : undefined;
      if (this.held !== undefined) return [];
      figures.lastStop = stop;
      this.prepareAll(moves, doing);
      doing.submit(this.detour.taken);
    } catch (error) {
      doing.undo();
      this.detour.end(true);
      this.fail(error);
      return [];
    }
    this.detour.end(doing.slideCount > 0);
    if (moves.length > 0) figures.passCount++;
    this.note(doing);
    const moved = doing.settle();
    if (planner.isDone) this.end('done');
    return moved;
  }

  /** @internal After a boundary: chunks that have run empty go. */
  giveBackEmptied(): void {
    const { chunks } = this.memory;
    // Some plans go on with what they have emptied.
    if (this.reusesEmptied && !this.isDone) return;
    for (const chunk of this.leaving) {
      const pool = chunk.pool as Pool<Buffer>;
      // Others have needed it meanwhile, or it has gone with its pool.
      if (!chunk.isLeaving || !pool.chunks.includes(chunk)) this.leaving.delete(chunk);
      else if (chunk.rangeCount === 0) {
        this.keep(chunk);
        if (!pool.mayShrinkBy(chunk)) continue;
        chunks.destroy(chunk);
        this.figures.chunksGivenBack++;
        this.figures.bytesGivenBack += chunk.sizeBytes;
      }
    }
  }

  /** @internal Another run begins: chunks that are not empty yet serve again. */
  close(): void {
    this.cancel();
    for (const chunk of [...this.leaving]) this.keep(chunk);
  }

  /** @internal Whether chunks are on their way out, of a run that may have ended. */
  get hasLeaving(): boolean {
    return this.leaving.size > 0;
  }

  /** What the last pass has left is behind a boundary by now. */
  private noteBoundary(): void {
    const { justLeft, leftBefore, memory } = this;
    for (const id of justLeft) leftBefore.set(id, memory.releases.lastSerialOn(0));
    justLeft.clear();
  }

  private mustWait(moves: readonly DefragmentationMove[]): boolean {
    const { memory, leftBefore } = this;
    if (moves.some((move) => this.awaitsDevice(move) || this.awaitsGpu(move))) return true;
    // A boundary gives back so many ranges at most.
    if (moves.some(({ toChunk }) => leftBefore.has(toChunk))) memory.reclaim();
    return this.detour.awaitsDevice(moves);
  }

  /** Whether the GPU may still use what this run has moved away from the chunk that it goes to. */
  private awaitsGpu({ toChunk }: DefragmentationMove): boolean {
    const { backend } = this.memory;
    if (backend.reuseAfter === 'submitted') return false;
    return backend.completedOn(0) < (this.leftBefore.get(toChunk) ?? 0);
  }

  /**
   * Whether the device may still go back on its word about the chunk that it goes to: bytes would be lost.
   */
  private awaitsDevice({ toChunk }: DefragmentationMove): boolean {
    const to = this.chunks.get(toChunk);
    return to !== undefined && !to.isGranted && to.refusal === undefined;
  }

  private prepareAll(moves: readonly DefragmentationMove[], doing: PassMoves<Buffer>): void {
    const { planner, figures } = this;
    /** Chunks of which something stays. */
    const staying = new Set<number>();
    for (const move of moves) {
      if (!staying.has(move.fromChunk) && this.prepare(move, doing)) {
        this.justLeft.add(move.fromChunk);
        continue;
      }
      figures.refusedCount++;
      // What stays is in the way of those that slide behind it, and of nobody else.
      if (move.fromChunk === move.toChunk || staying.has(move.fromChunk)) continue;
      staying.add(move.fromChunk);
      planner.refuse(move);
      this.keep(this.chunks.get(move.fromChunk) as Chunk<Buffer>);
    }
    // The moves of a chunk stand together: only those of the last may go on.
    const last = moves.at(-1)?.fromChunk;
    for (const chunk of this.sliding) if (chunk.id !== last) this.keep(chunk);
  }

  /** Takes the place of a move; whether it can still be done. */
  private prepare(move: DefragmentationMove, doing: PassMoves<Buffer>): boolean {
    const { movers } = this;
    const from = this.chunks.get(move.fromChunk) as Chunk<Buffer>;
    const to = this.chunks.get(move.toChunk);
    if (to === undefined || !isThere(from) || !isThere(to)) return false;
    const source = move.key;
    const owner = liveOwner(from, source, move);
    const movable = owner === undefined ? undefined : movers.movableOf(owner);
    if (owner === undefined || movable === undefined || movable.isHeld || from.isMarked(source)) return false;
    if (from === to) {
      if (!this.mayDetour(move)) return false;
      this.sliding.add(from);
    } else {
      if (movers.apartFrom(movable).includes(to)) return false;
      if (to.rangeCount === 0 || this.sliding.has(to)) this.keep(to);
    }
    (from.pool as Pool<Buffer>).leave(from);
    this.leaving.add(from);
    return doing.take(move, from, to, movable, owner);
  }

  /** Whether there is scratch for a move, if it needs any. */
  private mayDetour({ way, size, fromChunk }: DefragmentationMove): boolean {
    if (way !== 'scratch' || size <= (this.detour.taken?.size ?? 0)) return true;
    this.withoutScratch.add(fromChunk);
    return false;
  }

  private note({ moveCount, slideCount, movedBytes, copiedBytes }: PassMoves<Buffer>): void {
    const { figures } = this;
    figures.moveCount += moveCount;
    figures.slideCount += slideCount;
    figures.movedBytes += movedBytes;
    figures.copiedBytes += copiedBytes;
    figures.mostBytes = Math.max(figures.mostBytes, copiedBytes);
    figures.mostMoves = Math.max(figures.mostMoves, moveCount);
  }

  private makeSpare({ id, sizeBytes, pool: name }: SpareChunk): void {
    const { memory } = this;
    const pool = memory.pools.find((each) => nameOf(each) === name);
    // Where limits do not allow it, what was to go there stays.
    if (pool === undefined || !pool.mayGrowBy(sizeBytes) || !memory.backend.mayReserve(sizeBytes)) return;
    this.chunks.set(id, memory.chunks.create(pool, sizeBytes, false));
  }

  /** A chunk is not emptied after all. */
  private keep(chunk: Chunk<Buffer>): void {
    this.sliding.delete(chunk);
    if (!chunk.isLeaving) return;
    (chunk.pool as Pool<Buffer>).stay(chunk);
    this.leaving.delete(chunk);
  }

  private fail(error: unknown): void {
    this.figures.error =
      error instanceof GpuMemoryError
        ? error
        : new BackendError('backend-failed', 'the copies of a pass failed', { cause: error });
    this.end('failed');
  }

  private end(state: 'done' | 'cancelled' | 'failed'): void {
    if (this.isDone) return;
    this.figures.state = state;
    this.detour.end(false);
    for (const chunk of [...this.leaving]) {
      // What came into it before it was left, or stays for a reason of its own, lives on there.
      const isEmptied = chunk.pendingBytes === chunk.suballocator.statistics().used;
      if (state !== 'done' || !isEmptied) this.keep(chunk);
    }
  }
}
