/**
 * Defragmentation: one run over the chunks of a heap, pass by pass.
 *
 * Layout   planner → pass: places are taken, all bytes copied in one submission, then everybody settles in →
 *          the boundary gives the old places back, and chunks that are empty then go.
 * Cost     a pass: O(its moves) beside its share of the planning. The ranges of a chunk are read at once: a
 *          pass may take longer by that than it was given.
 * Promise  a pass happens between submissions: whoever writes, reads, resizes, frees, pins or allocates
 *          does so before it or after it, never during. What is not where the plan has seen it, is pinned,
 *          marked by an open recording, or has no room there any more stays, with what else was to leave its
 *          chunk. Nothing goes to a chunk before the device is known to have granted it: the pass waits. A
 *          pass whose copies fail leaves everything where it was and ends the run.
 * Refusal  moves nothing within a chunk, out of readback, upload or a caller's buffers, nor what lives for a
 *          frame. A range goes where the plan says; where the kind of suballocator can not choose, anywhere
 *          in that chunk.
 */
import type { CopyRegion } from '../backend/port.ts';
import { BackendError, GpuMemoryError } from '../base/errors.ts';
import type { Handle } from '../base/quantities.ts';
import { runAll } from '../base/run-all.ts';
import type { Chunk } from '../memory/chunk.ts';
import type { Memory } from '../memory/memory.ts';
import type { Pool } from '../memory/pool.ts';
import type { FragmentChunk, FragmentRange } from '../planning/defragmentation/fragments.ts';
import type { DefragmentationMove, SpareChunk } from '../planning/defragmentation/move-queue.ts';
import {
  type DefragmentationPass,
  DefragmentationPlanner,
  type PassStop,
} from '../planning/defragmentation/planner.ts';
import type { KeptChunk } from '../planning/defragmentation/pool-plan.ts';
import { NO_SPACE } from '../ranges/suballocator.ts';
import { type DefragmentationOptions, planOptionsOf } from './defragmentation-options.ts';
import type { Movable, Movers } from './movable.ts';

/** What a run has done so far, and how it ended. Bytes. */
export interface DefragmentationReport {
  passCount: number;
  moveCount: number;
  /** Moves of the plan that were not done, with what else would have left the same chunks. */
  refusedCount: number;
  movedBytes: number;
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

/** One move whose place has been taken. */
interface Prepared<Buffer> {
  readonly movable: Movable<Buffer>;
  readonly from: Chunk<Buffer>;
  readonly source: Handle;
  readonly to: Chunk<Buffer>;
  readonly target: Handle;
  readonly bytes: number;
}

/** A run; `heap.defragment` begins one. */
export class Defragmentation<Buffer> {
  readonly report: Readonly<DefragmentationReport>;
  /** Whether its passes are done by `step` alone, and not at the end of frames. */
  readonly isByHand: boolean;
  private readonly figures: DefragmentationReport = {
    passCount: 0,
    moveCount: 0,
    refusedCount: 0,
    movedBytes: 0,
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
  /** A pass that waits for the device's word on a chunk. */
  private held: DefragmentationPass | undefined;

  /**
   * @internal `flush` submits what has been gathered.
   * @throws UsageError `bad-argument`, `unknown-option`, `bad-size`
   */
  constructor(
    memory: Memory<Buffer>,
    movers: Movers<Buffer>,
    options: DefragmentationOptions,
    flush: () => void,
  ) {
    this.report = this.figures;
    this.memory = memory;
    this.movers = movers;
    this.flush = flush;
    this.isByHand = options?.byHand === true;
    this.reusesEmptied = options?.strategy === 'full';
    const chunks = memory.pools
      .filter(isTidied)
      .flatMap((pool) => pool.chunks.filter((chunk) => !chunk.dedicated));
    for (const chunk of chunks) this.chunks.set(chunk.id, chunk);
    this.planner = new DefragmentationPlanner(
      { chunks: chunks.map((chunk) => describe(chunk, movers)) },
      planOptionsOf(options),
    );
  }

  /** Whether nothing is left to do. */
  get isDone(): boolean {
    return this.figures.state !== 'running';
  }

  /** Chunks that stay as they are, and why; so far as they have been planned. */
  get kept(): readonly KeptChunk[] {
    return this.planner.kept;
  }

  /**
   * One pass, now: call it when all that was recorded has been submitted, and before you record anything
   * else. Those that have moved are told. Nothing moves while the device owes its word on a chunk that a pass
   * goes to: let promises settle between two steps. Does nothing when the run has ended.
   * O(moves + what is planned for them).
   */
  step(): void {
    if (this.isDone) return;
    this.flush();
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
    const prepared: Prepared<Buffer>[] = [];
    try {
      if (pass !== this.held) for (const spare of pass.spares) this.makeSpare(spare);
      this.held = moves.some((move) => this.awaitsDevice(move)) ? pass : undefined;
      if (this.held !== undefined) return [];
      figures.lastStop = stop;
      this.prepareAll(moves, prepared);
      if (prepared.length > 0) memory.backend.copy(prepared.map(regionOf));
    } catch (error) {
      for (const { to, target } of prepared) memory.cancel(to, target);
      this.fail(error);
      return [];
    }
    if (moves.length > 0) figures.passCount++;
    this.note(prepared);
    for (const each of prepared) this.settle(each);
    if (planner.isDone) this.end('done');
    return prepared.map(({ movable }) => movable);
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

  /**
   * Whether the device may still go back on its word about the chunk that it goes to: bytes would be lost.
   */
  private awaitsDevice({ toChunk }: DefragmentationMove): boolean {
    const to = this.chunks.get(toChunk);
    return to !== undefined && !to.isGranted && to.refusal === undefined;
  }

  private prepareAll(moves: readonly DefragmentationMove[], prepared: Prepared<Buffer>[]): void {
    const { planner, figures } = this;
    /** Chunks of which something stays. */
    const staying = new Set<number>();
    for (const move of moves) {
      const ready = staying.has(move.fromChunk) ? undefined : this.prepare(move);
      if (ready === undefined) {
        figures.refusedCount++;
        if (staying.has(move.fromChunk)) continue;
        staying.add(move.fromChunk);
        planner.refuse(move);
        this.keep(this.chunks.get(move.fromChunk));
      } else prepared.push(ready);
    }
  }

  /** Takes the place of a move; undefined where it can not be done any more. */
  private prepare(move: DefragmentationMove): Prepared<Buffer> | undefined {
    const { memory, movers } = this;
    const from = this.chunks.get(move.fromChunk);
    const to = this.chunks.get(move.toChunk);
    if (from === undefined || to === undefined || !isThere(from) || !isThere(to)) return undefined;
    const source = move.key;
    const owner = liveOwner(from, source, move);
    const movable = owner === undefined ? undefined : movers.movableOf(owner);
    if (owner === undefined || movable === undefined || movable.isHeld || from.isMarked(source))
      return undefined;
    if (movers.apartFrom(movable).includes(to)) return undefined;
    if (to.rangeCount === 0) this.keep(to);
    (from.pool as Pool<Buffer>).leave(from);
    this.leaving.add(from);
    const target = memory.placeAt(to, move.toOffset, move.size, movable.alignment, owner);
    if (target === NO_SPACE) return undefined;
    return { movable, from, source, to, target, bytes: move.size };
  }

  private note(prepared: readonly Prepared<Buffer>[]): void {
    const { figures } = this;
    const bytes = prepared.reduce((sum, each) => sum + each.bytes, 0);
    figures.moveCount += prepared.length;
    figures.movedBytes += bytes;
    figures.mostBytes = Math.max(figures.mostBytes, bytes);
    figures.mostMoves = Math.max(figures.mostMoves, prepared.length);
  }

  private settle({ movable, from, source, to, target }: Prepared<Buffer>): void {
    const { memory, movers } = this;
    const used = from.suballocator.sizeOf(source);
    memory.release(from, source);
    movable.settleIn(to, target);
    movers.moved(movable, used);
  }

  private makeSpare({ id, sizeBytes, pool: name }: SpareChunk): void {
    const { memory } = this;
    const pool = memory.pools.find((each) => nameOf(each) === name);
    // Where limits do not allow it, what was to go there stays.
    if (pool === undefined || !pool.mayGrowBy(sizeBytes) || !memory.backend.mayReserve(sizeBytes)) return;
    this.chunks.set(id, memory.chunks.create(pool, sizeBytes, false));
  }

  /** A chunk is not emptied after all. */
  private keep(chunk: Chunk<Buffer> | undefined): void {
    if (chunk === undefined || !chunk.isLeaving) return;
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
    for (const chunk of [...this.leaving]) {
      // What came into it before it was left, or stays for a reason of its own, lives on there.
      const isEmptied = chunk.pendingBytes === chunk.suballocator.statistics().used;
      if (state !== 'done' || !isEmptied) this.keep(chunk);
    }
  }
}

/** Pools in which ranges may go anywhere. */
function isTidied({ kind }: Pool<unknown>): boolean {
  return kind.location === 'gpu' && kind.placement === 'shared' && kind.lifetime !== 'frame';
}

/** Pools may share a name. */
function nameOf({ kind, index }: Pool<unknown>): string {
  return `${kind.name} ${index}`;
}

function describe<Buffer>(chunk: Chunk<Buffer>, movers: Movers<Buffer>): FragmentChunk {
  const pool = chunk.pool as Pool<Buffer>;
  return {
    id: chunk.id,
    pool: nameOf(pool),
    sizeBytes: chunk.sizeBytes,
    dedicated: false,
    lifetime: pool.kind.lifetime,
    // Read when the planner comes to it, maybe frames later, and at once: ranges come and go meanwhile.
    ranges: { [Symbol.iterator]: () => [...rangesOf(chunk, movers)].values() },
  };
}

function* rangesOf<Buffer>(chunk: Chunk<Buffer>, movers: Movers<Buffer>): Generator<FragmentRange, void> {
  if (!isThere(chunk)) {
    yield { offset: 0, size: chunk.sizeBytes, state: 'pending' };
    return;
  }
  for (const { offset, size, handle } of chunk.suballocator.ranges()) {
    if (handle === NO_SPACE) {
      yield { offset, size, state: 'free' };
      continue;
    }
    const owner = chunk.ownerOf(handle);
    if (owner === undefined) yield { offset, size, state: 'pending' };
    else {
      const { alignment = 1, isHeld: pinned = true } = movers.movableOf(owner) ?? {};
      yield { offset, size, state: 'live', alignment, pinned, key: handle };
    }
  }
}

/** Whether a chunk is still there, and is what the device has granted. */
function isThere<Buffer>(chunk: Chunk<Buffer>): boolean {
  return chunk.refusal === undefined && (chunk.pool as Pool<Buffer>).chunks.includes(chunk);
}

/** The owner of the range that the plan has seen; undefined when it is another now, or gone. */
function liveOwner<Buffer>(
  chunk: Chunk<Buffer>,
  handle: Handle,
  { fromOffset, size }: DefragmentationMove,
): ReturnType<Chunk<Buffer>['ownerOf']> {
  const { suballocator } = chunk;
  try {
    if (suballocator.offsetOf(handle) !== fromOffset || suballocator.sizeOf(handle) !== size)
      return undefined;
    return chunk.ownerOf(handle);
  } catch {
    // Handles of ranges that have ended are refused.
    return undefined;
  }
}

function regionOf<Buffer>({ from, source, to, target, bytes }: Prepared<Buffer>): CopyRegion<Buffer> {
  return {
    source: from.buffer,
    sourceOffset: from.suballocator.offsetOf(source),
    target: to.buffer,
    targetOffset: to.suballocator.offsetOf(target),
    size: bytes,
  };
}
