/**
 * Chunks: how the chunks of one heap come and go.
 *
 * Cost     create, destroy: one call of the backend; trim: O(chunks).
 * Promise  no chunk goes while something lives in it or waits, nor below the least that its pool holds; a
 *          creation that fails has changed nothing.
 */
import type { LimitedBackend } from '../backend/limited-backend.ts';
import { BufferUsage, type CreatedBuffer, type GpuBackend } from '../backend/port.ts';
import { show } from '../base/check.ts';
import { BackendError, GpuMemoryError, OutOfMemoryError, UsageError } from '../base/errors.ts';
import { Linear } from '../ranges/linear.ts';
import type { Suballocator } from '../ranges/suballocator.ts';
import { Chunk } from './chunk.ts';
import type { Pool } from './pool.ts';
import type { Location, PoolKind } from './pool-kind.ts';

export class Chunks<Buffer> {
  /** Frames ended so far: empty chunks know since when they are. */
  frame = 0;
  private readonly backend: LimitedBackend<Buffer>;
  private readonly pools: readonly Pool<Buffer>[];
  private chunksMade = 0;
  private allCount = 0;
  private wholeCount = 0;
  private emptyCount = 0;
  private emptyTurns = 0;
  /** The device is gone, and its buffers with it. */
  private isRebuilding = false;

  /** `pools`: all pools of the heap, now and later. */
  constructor(backend: LimitedBackend<Buffer>, pools: readonly Pool<Buffer>[]) {
    this.backend = backend;
    this.pools = pools;
  }

  /** The id that the next chunk will have. */
  get nextId(): number {
    return this.chunksMade;
  }

  /** Chunks, those for one allocation included. */
  get count(): number {
    return this.allCount;
  }

  /** Chunks that one large allocation has for itself, and buffers of the caller. */
  get dedicatedCount(): number {
    return this.wholeCount;
  }

  /** Whether any chunk is empty. */
  get hasEmpty(): boolean {
    return this.emptyCount > 0;
  }

  /** A range has been placed in a chunk. */
  noteTaken(chunk: Chunk<Buffer>): void {
    if (chunk.rangeCount === 1) this.emptyCount--;
  }

  /** The last range of a chunk has been given back. A dedicated or refused one is destroyed at once. */
  noteEmptied(chunk: Chunk<Buffer>): void {
    this.emptyCount++;
    this.noteEmpty(chunk);
    if (chunk.dedicated || chunk.refusal !== undefined) this.destroy(chunk);
  }

  private noteEmpty(chunk: Chunk<Buffer>): void {
    chunk.emptySinceFrame = this.frame;
    chunk.emptyTurn = this.emptyTurns++;
  }

  /**
   * A new, empty chunk of `bytes`.
   * @throws OutOfMemoryError `refused-by-device` · BackendError
   */
  create(pool: Pool<Buffer>, bytes: number, dedicated: boolean): Chunk<Buffer> {
    const { kind } = pool;
    const isWhole = dedicated || kind.placement === 'whole';
    const suballocator = isWhole ? wholeOf(bytes) : makeSuballocator(kind, bytes);
    const id = this.chunksMade;
    const { buffer, settled } = this.backend.createBuffer({
      size: bytes,
      usage: kind.usage,
      memoryType: kind.memoryType,
      label: labelOf(kind, id),
    });
    this.chunksMade++;
    const chunk = new Chunk(id, pool, buffer, suballocator, dedicated ? 'dedicated' : 'shared');
    this.add(pool, chunk);
    this.watch(chunk, settled);
    return chunk;
  }

  /** Notes what the device says of a new buffer. */
  private watch(chunk: Chunk<Buffer>, settled: Promise<void>): void {
    chunk.isGranted = false;
    // What is said of a buffer from before a rebuild says nothing of the one that is there now, which may go
    // by the same name.
    const word: Promise<void> = settled.then(
      () => {
        if (chunk.settled === word) chunk.isGranted = true;
      },
      (error: unknown) => {
        if (chunk.settled === word) this.refused(chunk, error);
      },
    );
    chunk.settled = word;
  }

  /**
   * A chunk over a buffer that the caller made, to be taken whole by one `place`. It counts against the
   * budget, and is adopted even beyond it: its bytes are held anyhow.
   * @throws UsageError as `adoptBuffer` does
   */
  adopt(pool: Pool<Buffer>, buffer: Buffer, size: number, usage: number): Chunk<Buffer> {
    this.backend.adoptBuffer(buffer, { size, usage });
    const chunk = new Chunk(this.chunksMade++, pool, buffer, wholeOf(size), 'adopted');
    chunk.readsByMap = (usage & BufferUsage.MAP_READ) !== 0;
    return this.add(pool, chunk);
  }

  private add(pool: Pool<Buffer>, chunk: Chunk<Buffer>): Chunk<Buffer> {
    this.noteEmpty(chunk);
    this.putIn(chunk, pool.chunks.length);
    return chunk;
  }

  /**
   * The device has gone back on its word: nothing new goes into the chunk, and it is destroyed when it is
   * empty.
   */
  private refused(chunk: Chunk<Buffer>, error: unknown): void {
    chunk.refusal =
      error instanceof GpuMemoryError && (error instanceof OutOfMemoryError || error instanceof BackendError)
        ? error
        : new BackendError('backend-failed', `the device did not grant ${chunk.sizeBytes} bytes`, {
            cause: error,
          });
    const pool = chunk.pool as Pool<Buffer>;
    // The next one is smaller, unless it was not for its size.
    if (chunk.refusal.code !== 'device-lost') {
      pool.refusedBytes = Math.min(pool.refusedBytes, chunk.sizeBytes);
    }
    // A backend that is lost may be disposed of as well, and destroys nothing any more.
    if (this.backend.isLost) return;
    if (chunk.rangeCount === 0) this.destroy(chunk);
  }

  /** Gives back every chunk that has been empty for `idleFrames`. O(chunks). Answers the bytes. */
  trim(idleFrames: number): number {
    let bytes = 0;
    for (const pool of this.pools) {
      for (const chunk of [...pool.chunks]) {
        if (!this.isIdle(chunk) || this.frame - chunk.emptySinceFrame < idleFrames) continue;
        bytes += chunk.sizeBytes;
        this.destroy(chunk);
      }
    }
    return bytes;
  }

  /**
   * Memory is short: gives back empty chunks, those empty for longest first, until at most `bytes` are
   * reserved; answers the bytes.
   */
  trimTo(bytes: number): number {
    if (this.emptyCount === 0 || this.backend.reservedBytes <= bytes) return 0;
    const before = this.backend.reservedBytes;
    for (const chunk of this.idleChunks()) {
      if (this.backend.reservedBytes <= bytes) break;
      if (this.isIdle(chunk)) this.destroy(chunk);
    }
    return before - this.backend.reservedBytes;
  }

  /**
   * As `trimTo`, where memory is not short: chunks made ahead of their use stay, and `stagingBytes` of empty
   * staging, the last used.
   */
  trimSpare(bytes: number, stagingBytes: number): void {
    if (this.emptyCount === 0 || this.backend.reservedBytes <= bytes) return;
    const idle = this.idleChunks();
    let staging = idle.reduce((sum, chunk) => sum + (isStaging(chunk) ? chunk.sizeBytes : 0), 0);
    for (const chunk of idle) {
      if (this.backend.reservedBytes <= bytes) return;
      if (this.frame < chunk.keptUntilFrame || !this.isIdle(chunk)) continue;
      if (isStaging(chunk)) {
        if (staging <= stagingBytes) continue;
        staging -= chunk.sizeBytes;
      }
      this.destroy(chunk);
    }
  }

  /**
   * Gives back the empty staging chunks of a pool that are too small for `size`: the one that is made for it
   * serves instead of them.
   */
  trimOutgrown(pool: Pool<Buffer>, size: number): void {
    if (this.emptyCount === 0 || size > pool.kind.chunkBytes) return;
    for (const chunk of [...pool.chunks]) {
      if (!isStaging(chunk) || chunk.sizeBytes >= size || this.frame < chunk.keptUntilFrame) continue;
      if (this.isIdle(chunk)) this.destroy(chunk);
    }
  }

  private idleChunks(): Chunk<Buffer>[] {
    const idle = this.pools.flatMap((pool) => pool.chunks.filter((chunk) => this.isIdle(chunk)));
    return idle.sort((a, b) => a.emptyTurn - b.emptyTurn);
  }

  private isIdle(chunk: Chunk<Buffer>): boolean {
    return chunk.rangeCount === 0 && (chunk.pool as Pool<Buffer>).mayShrinkBy(chunk);
  }

  /**
   * Gives back the chunks made since `chunkId` that are empty, so far as their pools may shrink: a call that
   * failed leaves none behind.
   */
  undoGrowth(chunkId: number): void {
    for (const pool of this.pools) {
      for (const chunk of [...pool.chunks]) {
        if (chunk.id >= chunkId && this.isIdle(chunk)) this.destroy(chunk);
      }
    }
  }

  /**
   * Gives the buffer of a chunk back, whatever lives in it, unless the backend has been disposed of before.
   */
  end(chunk: Chunk<Buffer>): void {
    try {
      this.backend.destroyBuffer(chunk.buffer);
    } catch (error) {
      if (!(error instanceof UsageError && error.code === 'disposed')) throw error;
    }
  }

  /** Gives the buffer of an empty chunk back, unless that has been done. */
  destroy(chunk: Chunk<Buffer>): void {
    const pool = chunk.pool as Pool<Buffer>;
    const place = pool.chunks.indexOf(chunk);
    // What others are asked for meanwhile may have taken it too.
    if (place === -1) return;
    // Out of reach first: nothing new comes into a buffer that is on its way out.
    this.emptyCount--;
    this.takeOut(chunk);
    try {
      if (!this.isRebuilding) this.end(chunk);
    } catch (error) {
      // The chunk is still ours and still empty.
      this.putIn(chunk, place);
      throw error;
    }
    // The device has room again for what it may have refused.
    if (chunk.isGranted) for (const each of this.pools) each.refusedBytes = Number.POSITIVE_INFINITY;
  }

  /** A chunk is no more. */
  takeOut(chunk: Chunk<Buffer>): void {
    (chunk.pool as Pool<Buffer>).remove(chunk);
    this.allCount--;
    if (chunk.dedicated) this.wholeCount--;
  }

  /** One comes, or comes back, at this turn among those of its pool. */
  private putIn(chunk: Chunk<Buffer>, place: number): void {
    (chunk.pool as Pool<Buffer>).add(chunk, place);
    this.allCount++;
    if (chunk.dedicated) this.wholeCount++;
    this.emptyCount++;
  }

  /** No chunk is any more. */
  forgetAll(): void {
    this.allCount = 0;
    this.wholeCount = 0;
    this.emptyCount = 0;
  }

  /**
   * Goes on with another backend after the device was lost: what lives keeps its place, in new buffers that
   * read as zero. `flush` frees what waited; `memoryTypeOf` names the memory type of a location there.
   * Answers the chunks of adopted buffers, which are gone. O(chunks).
   * @throws OutOfMemoryError · BackendError, and then nothing has changed
   */
  replaceBackend(
    backend: GpuBackend<Buffer>,
    memoryTypeOf: (location: Location) => number,
    flush: () => void,
  ): readonly Chunk<Buffer>[] {
    const kinds = this.pools.map(({ kind }) => ({ ...kind, memoryType: memoryTypeOf(kind.location) }));
    const kept = this.pools.flatMap(keptOnRebuild);
    const made: CreatedBuffer<Buffer>[] = [];
    try {
      for (const chunk of kept) {
        const kind = kinds[this.pools.indexOf(chunk.pool as Pool<Buffer>)] as PoolKind;
        const { usage, memoryType } = kind;
        const label = labelOf(kind, chunk.id);
        made.push(backend.createBuffer({ size: chunk.sizeBytes, usage, memoryType, label }));
      }
    } catch (error) {
      for (const { buffer } of made) backend.destroyBuffer(buffer);
      throw error;
    }
    for (const [k, pool] of this.pools.entries()) pool.kind = kinds[k] as PoolKind;
    return this.replaceBuffers(backend, flush, kept, made);
  }

  private replaceBuffers(
    backend: GpuBackend<Buffer>,
    flush: () => void,
    kept: readonly Chunk<Buffer>[],
    made: readonly CreatedBuffer<Buffer>[],
  ): readonly Chunk<Buffer>[] {
    this.isRebuilding = true;
    flush();
    const adopted = this.pools.flatMap((pool) => pool.chunks.filter((chunk) => chunk.adopted));
    for (const pool of this.pools) {
      pool.refusedBytes = Number.POSITIVE_INFINITY;
      for (const chunk of [...pool.chunks]) if (!chunk.adopted && !kept.includes(chunk)) this.destroy(chunk);
    }
    this.isRebuilding = false;
    this.backend.replaceInner(backend);
    for (const [k, chunk] of kept.entries()) {
      const { buffer, settled } = made[k] as CreatedBuffer<Buffer>;
      this.backend.noteCreated(buffer, chunk.sizeBytes);
      chunk.buffer = buffer;
      chunk.refusal = undefined;
      this.watch(chunk, settled);
    }
    return adopted;
  }
}

function isStaging<Buffer>({ pool }: Chunk<Buffer>): boolean {
  return pool.kind.location !== 'gpu';
}

/** The chunks with something live in them, and as many others as the pool must have. */
function keptOnRebuild<Buffer>(pool: Pool<Buffer>): Chunk<Buffer>[] {
  const own = pool.chunks.filter((chunk) => !chunk.adopted);
  const kept = own.filter((chunk) => chunk.pendingBytes < chunk.suballocator.statistics().used);
  let bytes = kept.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  for (const chunk of own) {
    // What is refused, or was for one allocation, goes as soon as it is empty.
    if (kept.includes(chunk) || chunk.dedicated || chunk.refusal !== undefined) continue;
    if (bytes >= pool.kind.minBytes && kept.length >= pool.kind.minChunks) break;
    kept.push(chunk);
    bytes += chunk.sizeBytes;
  }
  return kept;
}

function labelOf(kind: PoolKind, id: number): string {
  return `gpuheap ${kind.name} ${id}`;
}

function wholeOf(bytes: number): Linear {
  return new Linear({ capacity: bytes, granularity: bytes });
}

/** @throws UsageError `bad-argument` */
function makeSuballocator(kind: PoolKind, bytes: number): Suballocator {
  const made = kind.makeSuballocator({ capacity: bytes, granularity: kind.granularity });
  if (made?.capacity === bytes) return made;
  throw new UsageError(
    'bad-argument',
    `the suballocator that pool ${kind.name} makes manages ${show(made?.capacity)} bytes of ${bytes}; pass on the options that it is given`,
  );
}
