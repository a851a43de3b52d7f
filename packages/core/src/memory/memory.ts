/**
 * Memory: the pools of one heap, and what happens to ranges that are placed and released.
 *
 * Cost     place, release: O(1) beside the pool's walk over its chunks; a boundary costs O(ranges released
 *          since the last) beside giving back 2,048 ranges at most. What is due beyond that is given back by
 *          the next boundaries, or at once where it is needed.
 * Promise  a released range is given away again only after the boundary (`submitted`, `endFrame`) that
 *          follows its release and the end of every recording that marked it, and where the backend demands
 *          it only when the serial of that boundary has completed. What is refused leaves everything as it
 *          was.
 * Refusal  moves nothing: a request that fails for fragmentation grows the pool, evicts or fails.
 */
import { LimitedBackend } from '../backend/limited-backend.ts';
import type { GpuBackend } from '../backend/port.ts';
import { show } from '../base/check.ts';
import { type OwnerBytes, UsageError } from '../base/errors.ts';
import type { Handle, Serial } from '../base/quantities.ts';
import { runAll } from '../base/run-all.ts';
import { NO_SPACE } from '../ranges/suballocator.ts';
import { Boundaries } from './boundaries.ts';
import type { Chunk, RangeOwner } from './chunk.ts';
import { Chunks } from './chunks.ts';
import { Endings } from './endings.ts';
import { type Evictor, wantedIn } from './evictor.ts';
import { Followers } from './followers.ts';
import { Watermark } from './growth.ts';
import { Ladder } from './ladder.ts';
import { Pool } from './pool.ts';
import type { PoolKind } from './pool-kind.ts';
import { ReadsUnderWay } from './reads-under-way.ts';
import { Releases } from './releases.ts';

/** Frames after which an empty chunk is given back. */
export const IDLE_FRAMES = 60;
/** Ranges that a boundary gives back at most, so that none takes long: a third of a millisecond, or less. */
const MOST_AT_A_BOUNDARY = 2048;

export class Memory<Buffer> {
  readonly backend: LimitedBackend<Buffer>;
  readonly pools: Pool<Buffer>[] = [];
  readonly chunks: Chunks<Buffer>;
  readonly ladder: Ladder<Buffer>;
  readonly watermark: Watermark = new Watermark();
  /** Where the last `place` found room. */
  found: Chunk<Buffer> | undefined;
  /** Reserved by live ranges, in bytes. */
  usedBytes = 0;
  /** Reserved by released ranges that may not be given away yet, in bytes. */
  pendingBytes = 0;
  peakUsedBytes = 0;
  /** What comes and goes with the boundaries of this heap. */
  readonly followers: Followers = new Followers();
  /** Grows with every device that is lost, and when the heap ends: marks of before mean nothing any more. */
  epoch = 0;
  /** A request has failed although as much was free, here and there. */
  isScattered = false;
  /** Reads under way. */
  readonly reads: ReadsUnderWay<Buffer> = new ReadsUnderWay();
  /** Those who wait, at most until the heap ends. */
  readonly endings: Endings = new Endings();
  /** Released ranges that wait. */
  readonly releases: Releases<Buffer>;
  /** Those of the first timeline. */
  readonly boundaries: Boundaries = new Boundaries();
  /** Sends allocations away when memory is short. */
  evictor: Evictor<Buffer> | undefined;
  /** Held for reading back what is evicted. */
  evictionStagingBytes = 0;
  private poolsMade = 0;

  /** `listOwners`: those that hold the most, for errors. */
  constructor(backend: GpuBackend<Buffer>, budgetBytes: number, listOwners: () => readonly OwnerBytes[]) {
    this.backend = new LimitedBackend(backend, budgetBytes);
    this.chunks = new Chunks(this.backend, this.pools);
    this.ladder = new Ladder(this, listOwners);
    this.releases = new Releases(this.backend, this);
  }

  /** Frames ended so far. */
  get frame(): number {
    return this.chunks.frame;
  }

  /** A new pool without chunks. */
  addPool(kind: PoolKind): Pool<Buffer> {
    const pool = new Pool<Buffer>(this.poolsMade++, kind);
    this.pools.push(pool);
    return pool;
  }

  /** Takes a pool without live and pending ranges out, and gives its chunks back. */
  removePool(pool: Pool<Buffer>): void {
    for (const chunk of [...pool.chunks]) this.chunks.destroy(chunk);
    this.pools.splice(this.pools.indexOf(pool), 1);
  }

  /**
   * A range of a pool, in none of the chunks of `apart`, or `alone` in one; its chunk is in `found`. NO_SPACE
   * when the ladder has come to its end: then `ladder.explain` says why.
   * @throws UsageError `too-large` · BackendError `device-lost`
   */
  place(
    pool: Pool<Buffer>,
    size: number,
    alignment: number,
    owner: RangeOwner,
    apart?: readonly Chunk<Buffer>[],
    alone = false,
  ): Handle {
    const { kind } = pool;
    const dedicated = alone || kind.placement === 'dedicated' || size >= kind.dedicatedBytes;
    let handle = this.tryPlace(pool, size, alignment, owner, apart, dedicated);
    if (handle !== NO_SPACE) return handle;
    const wanted = wantedIn(pool, size, alignment, alone, apart ?? []);
    const { bytes } = wanted;
    for (let isAsked = false; handle === NO_SPACE; ) {
      if (this.evictor === undefined || !this.evictor.makeRoom(wanted)) {
        if (isAsked || !this.askForMemory(pool, bytes)) break;
        isAsked = true;
      }
      handle = this.tryPlace(pool, size, alignment, owner, apart, dedicated);
    }
    if (handle !== NO_SPACE) return handle;
    this.ladder.note(wanted);
    if (!dedicated && pool.sharedFreeBytes >= bytes) this.isScattered = true;
    return NO_SPACE;
  }

  /**
   * As `place`, but evicts nothing and asks nobody: NO_SPACE when what is held, and what the device still
   * grants, have no room. @throws as `place`
   */
  tryPlace(
    pool: Pool<Buffer>,
    size: number,
    alignment: number,
    owner: RangeOwner,
    apart: readonly Chunk<Buffer>[] | undefined,
    dedicated: boolean,
  ): Handle {
    // Where everybody has a chunk alone anyway, one that is empty serves as well.
    if (!dedicated || pool.kind.placement === 'whole') {
      let handle = pool.reserve(size, alignment, owner, apart);
      if (handle === NO_SPACE && this.reclaim()) handle = pool.reserve(size, alignment, owner, apart);
      // Rather than a new chunk, one that was to be emptied.
      if (handle === NO_SPACE && pool.keepLeaving()) handle = pool.reserve(size, alignment, owner, apart);
      if (handle !== NO_SPACE) return this.placed(pool, pool.found as Chunk<Buffer>, handle);
    }
    const chunk = this.ladder.grow(pool, dedicated ? size : pool.roomFor(size, alignment), dedicated);
    if (chunk === undefined) return NO_SPACE;
    let handle = NO_SPACE;
    try {
      handle = chunk.reserve(size, alignment, owner);
    } finally {
      if (handle === NO_SPACE) this.chunks.destroy(chunk);
    }
    if (handle !== NO_SPACE) return this.placed(pool, chunk, handle);
    if (!pool.roundsSizes && !chunk.suballocator.capabilities.exactSizes) {
      pool.roundsSizes = true;
      return this.tryPlace(pool, size, alignment, owner, apart, dedicated);
    }
    throw new UsageError(
      'too-large',
      `a suballocator of kind ${chunk.suballocator.kind} with ${chunk.sizeBytes} bytes does not hold ${size}; lower dedicatedBytes of pool ${pool.kind.name}`,
    );
  }

  /**
   * A new chunk with room for `size`, after all that the ladder tries; undefined when that was in vain: then
   * `ladder.explain` says why.
   * @throws UsageError `too-large` · BackendError
   */
  grow(pool: Pool<Buffer>, size: number, mostBytes?: number): Chunk<Buffer> | undefined {
    const chunk = this.ladder.grow(pool, size, false, mostBytes);
    if (chunk !== undefined || !this.askForMemory(pool, size)) return chunk;
    return this.ladder.grow(pool, size, false, mostBytes);
  }

  /** As the ladder's. @throws UsageError `disposed` when the application has ended the pool, or the heap */
  private askForMemory(pool: Pool<Buffer>, size: number): boolean {
    if (!this.ladder.askForMemory(size)) return false;
    if (this.pools.includes(pool)) return true;
    throw new UsageError(
      'disposed',
      `pool ${show(pool.kind.name)} was disposed of by onPressure while it was asked for ${size} bytes; keep it there`,
    );
  }

  /** All of an empty chunk. */
  placeIn(chunk: Chunk<Buffer>, owner: RangeOwner): Handle {
    return this.placed(chunk.pool as Pool<Buffer>, chunk, chunk.reserve(chunk.sizeBytes, 1, owner));
  }

  /**
   * As `place`, at `offset` of a chunk or, where its kind can not choose, anywhere in it; nothing is tried.
   */
  placeAt(chunk: Chunk<Buffer>, offset: number, size: number, alignment: number, owner: RangeOwner): Handle {
    const handle = chunk.reserveAt(offset, size, alignment, owner);
    return handle === NO_SPACE ? NO_SPACE : this.placed(chunk.pool as Pool<Buffer>, chunk, handle);
  }

  /** Counts a range that a pool has reserved by itself. Answers its handle. */
  placed(pool: Pool<Buffer>, chunk: Chunk<Buffer>, handle: Handle): Handle {
    this.chunks.noteTaken(chunk);
    this.found = chunk;
    pool.liveCount++;
    this.changeUsed(pool, chunk.suballocator.sizeOf(handle));
    return handle;
  }

  private changeUsed(pool: Pool<Buffer>, bytes: number): void {
    pool.usedBytes += bytes;
    this.usedBytes += bytes;
    if (pool.usedBytes > pool.peakUsedBytes) pool.peakUsedBytes = pool.usedBytes;
    if (this.usedBytes > this.peakUsedBytes) this.peakUsedBytes = this.usedBytes;
    this.watermark.note(this.usedBytes);
  }

  /**
   * Makes a live range longer or shorter where it is; whether that was possible. What it loses is released;
   * where an open recording uses it, or the kind can not part a range, it stays reserved with the rest.
   */
  resizeInPlace(chunk: Chunk<Buffer>, handle: Handle, size: number): boolean {
    const before = chunk.suballocator.sizeOf(handle);
    if (size <= before) {
      this.cut(chunk, handle, size);
      return true;
    }
    if (!chunk.grow(handle, size)) return false;
    this.changeUsed(chunk.pool as Pool<Buffer>, chunk.suballocator.sizeOf(handle) - before);
    return true;
  }

  private cut(chunk: Chunk<Buffer>, handle: Handle, size: number): void {
    if (chunk.isMarked(handle)) return;
    const tail = chunk.cut(handle, size);
    if (tail === NO_SPACE) return;
    const bytes = chunk.suballocator.sizeOf(tail);
    const pool = chunk.pool as Pool<Buffer>;
    pool.usedBytes -= bytes;
    pool.pendingBytes += bytes;
    this.usedBytes -= bytes;
    this.pendingBytes += bytes;
    this.releases.enqueue(chunk, tail);
  }

  /** The owner is done with a range; it becomes free after the next boundary. */
  release(chunk: Chunk<Buffer>, handle: Handle): void {
    const isMarked = chunk.isMarked(handle);
    this.unlink(chunk, handle);
    if (!isMarked) this.releases.enqueue(chunk, handle);
  }

  /** A range that nothing has ever used is free at once. */
  cancel(chunk: Chunk<Buffer>, handle: Handle): void {
    this.unlink(chunk, handle);
    this.giveBack(chunk, handle);
  }

  private unlink(chunk: Chunk<Buffer>, handle: Handle): void {
    const pool = chunk.pool as Pool<Buffer>;
    const bytes = chunk.release(handle);
    pool.liveCount--;
    pool.usedBytes -= bytes;
    pool.pendingBytes += bytes;
    this.usedBytes -= bytes;
    this.pendingBytes += bytes;
  }

  /** A released range is free again. */
  giveBack(chunk: Chunk<Buffer>, handle: Handle): void {
    const bytes = chunk.giveBack(handle);
    this.pendingBytes -= bytes;
    (chunk.pool as Pool<Buffer>).pendingBytes -= bytes;
    if (chunk.rangeCount === 0) this.chunks.noteEmptied(chunk);
  }

  /**
   * A recording that has marked a range in the time of `epoch` has ended: if the range was released
   * meanwhile, it waits from now on. Does nothing in another epoch, which has none of those marks.
   */
  unmark(chunk: Chunk<Buffer>, handle: Handle, epoch: number): void {
    if (epoch === this.epoch && chunk.unmark(handle)) this.releases.enqueue(chunk, handle);
  }

  /**
   * Resolves when something that is held may have become free: a boundary is reached, a read done; undefined
   * when nothing of the kind is under way. Rejects as `whenCompleted` does.
   */
  whenFreer(): Promise<void> | undefined {
    const { releases, reads, followers } = this;
    const awaited: Promise<void>[] = [];
    if (releases.awaitsCompletion) awaited.push(releases.whenReached());
    if (followers.isWaiting) {
      awaited.push(this.backend.whenCompleted(releases.lastSerialOn(0)));
    }
    const read = reads.whenNext();
    if (read !== undefined) awaited.push(read);
    return awaited.length === 0 ? undefined : Promise.race(awaited);
  }

  /** Frees what waits, and what open recordings hold: there is no GPU any more that could use it. */
  flush(): void {
    this.epoch++;
    this.releases.flush();
    this.boundaries.flush();
    for (const pool of this.pools) {
      for (const chunk of [...pool.chunks]) {
        for (const handle of chunk.endMarks()) this.giveBack(chunk, handle);
      }
    }
    this.followers.clear();
    this.backend.textureBytes = 0;
    this.backend.texturePorts = [];
  }

  /** Takes a chunk out whose buffer is no more, with what lives in it. */
  drop(chunk: Chunk<Buffer>): void {
    const pool = chunk.pool as Pool<Buffer>;
    const { used, liveCount } = chunk.suballocator.statistics();
    pool.usedBytes -= used;
    pool.liveCount -= liveCount;
    this.usedBytes -= used;
    this.chunks.takeOut(chunk);
  }

  /**
   * Everything recorded so far for a timeline has been submitted: stamps what was released and gives back
   * what is due. Answers the serial of that boundary.
   */
  submitted(timeline = 0): Serial {
    const serial = this.releases.stamp(timeline);
    if (timeline === 0) this.boundaries.pass(serial);
    this.releases.reclaim(MOST_AT_A_BOUNDARY);
    if (timeline === 0 && !this.followers.areNone) {
      this.followers.boundary(serial);
      this.reclaimFollowers();
    }
    return serial;
  }

  /** The device has gone back on its word: all that lies idle goes. */
  trimForDevice(): void {
    this.chunks.trimTo(0);
    this.followers.trim();
  }

  /**
   * As `submitted` for every timeline; also ends the frame, after which chunks that stayed empty are given
   * back. Answers the last serial.
   */
  endFrame(): Serial {
    for (let timeline = this.releases.timelineCount - 1; timeline > 0; timeline--)
      this.releases.stamp(timeline);
    const serial = this.submitted();
    this.chunks.frame++;
    this.watermark.endFrame(this.usedBytes);
    if (this.chunks.hasEmpty) this.chunks.trim(IDLE_FRAMES);
    return serial;
  }

  /** Gives back all that is due; whether there was any. */
  reclaim(): boolean {
    let count = this.releases.reclaim(Number.POSITIVE_INFINITY);
    if (!this.followers.areNone && !this.backend.isLost) count += this.reclaimFollowers();
    return count > 0;
  }

  /** Boundaries of the first timeline to which the GPU has come: uses before them are over. */
  get settledBoundaries(): number {
    return this.boundaries.settled(this.backend.isLost ? 0 : this.backend.completedOn(0));
  }

  private reclaimFollowers(): number {
    const { backend } = this;
    const due = backend.reuseAfter === 'submitted' ? this.releases.lastSerialOn(0) : backend.completedSerial;
    return this.followers.reclaim(due);
  }

  /** Destroys every chunk, whatever lives in it. */
  dispose(): void {
    this.epoch++;
    const ended = this.pools.flatMap((pool) => pool.chunks);
    for (const pool of this.pools) {
      pool.chunks.length = 0;
      pool.reservedBytes = 0;
      pool.usedBytes = 0;
      pool.pendingBytes = 0;
      pool.liveCount = 0;
    }
    this.pools.length = 0;
    this.chunks.forgetAll();
    this.usedBytes = 0;
    this.pendingBytes = 0;
    this.endings.end();
    runAll(ended.map((chunk) => () => this.chunks.end(chunk)));
  }
}
