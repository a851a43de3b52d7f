/**
 * Memory: the pools of one heap, how they grow and shrink, and what happens to released ranges.
 *
 * Cost     place, release: O(1) beside the pool's walk over its chunks; a boundary costs O(ranges that fall
 *          due).
 * Promise  a released range is given away again only after the boundary (`submitted`, `endFrame`) that
 *          follows its release, and where the backend demands it only when the serial of that boundary has
 *          completed. Every creation passes the budget. What is refused leaves everything as it was.
 * Refusal  moves nothing: a request that fails for fragmentation grows the pool or fails.
 */
import { LimitedBackend } from '../backend/limited-backend.ts';
import type { GpuBackend } from '../backend/port.ts';
import { BackendError, GpuMemoryError, OutOfMemoryError, UsageError } from '../base/errors.ts';
import { type Handle, roundUp, type Serial } from '../base/quantities.ts';
import { NO_SPACE } from '../ranges/suballocator.ts';
import { Tlsf } from '../ranges/tlsf.ts';
import { SerialQueue } from '../tables/serial-queue.ts';
import { Chunk, type RangeOwner } from './chunk.ts';
import { nextChunkBytes, Watermark, wholeChunkBytes } from './growth.ts';
import { type Access, LEAST_WHOLE_BYTES, type Location, Pool } from './pool.ts';

/** Settings of a heap's memory, in bytes. */
export interface MemorySettings {
  readonly budgetBytes: number;
  readonly chunkBytes: number;
  readonly dedicatedBytes: number;
}

/** Bytes per unit of a chunk's suballocator. */
export const CHUNK_GRANULARITY = 16;

/** Frames after which an empty chunk is given back. */
const IDLE_FRAMES = 60;

export class Memory<Buffer> {
  readonly backend: LimitedBackend<Buffer>;
  readonly pools: Pool<Buffer>[] = [];
  /** Where the last `place` found room. */
  found: Chunk<Buffer> | undefined;
  /** Reserved by live ranges, in bytes. */
  usedBytes = 0;
  /** Reserved by released ranges that may not be given away yet, in bytes. */
  pendingBytes = 0;
  peakUsedBytes = 0;
  private readonly settings: MemorySettings;
  private readonly releases = new SerialQueue<Chunk<Buffer>>();
  private readonly watermark = new Watermark();
  private lastSerial: Serial = 0;
  private frame = 0;
  private chunksMade = 0;
  private emptyCount = 0;
  private emptyTurns = 0;

  constructor(backend: GpuBackend<Buffer>, settings: MemorySettings) {
    this.backend = new LimitedBackend(backend, settings.budgetBytes);
    this.settings = settings;
  }

  /** The pool of a kind, made when it is first asked for. */
  poolOf(memoryType: number, usage: number, access: Access, location: Location): Pool<Buffer> {
    for (const pool of this.pools) {
      if (pool.memoryType === memoryType && pool.access === access && pool.location === location) return pool;
    }
    const pool = new Pool<Buffer>(this.pools.length, memoryType, usage, access, location);
    this.pools.push(pool);
    return pool;
  }

  /**
   * A range of a pool; its chunk is in `found`.
   * @throws UsageError `too-large` · OutOfMemoryError · BackendError `device-lost`
   */
  place(pool: Pool<Buffer>, size: number, alignment: number, owner: RangeOwner): Handle {
    const dedicated = size >= this.settings.dedicatedBytes;
    if (!dedicated) {
      let handle = pool.reserve(size, alignment, owner);
      if (handle === NO_SPACE && this.reclaim()) handle = pool.reserve(size, alignment, owner);
      if (handle !== NO_SPACE) {
        this.placed(pool.found as Chunk<Buffer>, handle);
        return handle;
      }
    }
    const chunk = this.grow(pool, size, dedicated);
    const handle = chunk.reserve(size, alignment, owner);
    this.placed(chunk, handle);
    return handle;
  }

  private placed(chunk: Chunk<Buffer>, handle: Handle): void {
    if (chunk.rangeCount === 1) this.emptyCount--;
    this.found = chunk;
    this.usedBytes += chunk.suballocator.sizeOf(handle);
    if (this.usedBytes > this.peakUsedBytes) this.peakUsedBytes = this.usedBytes;
    this.watermark.note(this.usedBytes);
  }

  /** The owner is done with a range; it becomes free after the next boundary. */
  release(chunk: Chunk<Buffer>, handle: Handle): void {
    const bytes = chunk.release(handle);
    this.usedBytes -= bytes;
    this.pendingBytes += bytes;
    this.releases.put(chunk, handle);
  }

  /** Chunks, dedicated ones included. O(pools). */
  get chunkCount(): number {
    let count = 0;
    for (const pool of this.pools) count += pool.chunks.length;
    return count;
  }

  /** Chunks that one large allocation has for itself. O(chunks). */
  get dedicatedCount(): number {
    let count = 0;
    for (const pool of this.pools) for (const chunk of pool.chunks) if (chunk.dedicated) count++;
    return count;
  }

  /** Everything recorded so far has been submitted: stamps what was released and gives back what is due. */
  submitted(): Serial {
    if (!this.backend.isLost) this.lastSerial = this.backend.signal();
    this.releases.stamp(this.lastSerial);
    this.reclaim();
    return this.lastSerial;
  }

  /** As `submitted`; also ends the frame, after which chunks that stayed empty are given back. */
  endFrame(): Serial {
    const serial = this.submitted();
    this.frame++;
    this.watermark.endFrame(this.usedBytes);
    if (this.emptyCount > 0) this.trim((chunk) => this.frame - chunk.emptySinceFrame >= IDLE_FRAMES);
    return serial;
  }

  /** Gives back what is due; whether there was any. */
  reclaim(): boolean {
    const due = this.backend.reuseAfter === 'submitted' ? this.lastSerial : this.backend.completedSerial;
    let any = false;
    while (this.releases.isDue(due)) {
      const chunk = this.releases.peekItem();
      const bytes = chunk.giveBack(this.releases.peekNumber());
      this.releases.drop();
      this.pendingBytes -= bytes;
      any = true;
      if (chunk.rangeCount === 0) this.emptied(chunk);
    }
    return any;
  }

  private emptied(chunk: Chunk<Buffer>): void {
    this.emptyCount++;
    chunk.emptySinceFrame = this.frame;
    chunk.emptyTurn = this.emptyTurns++;
    if (chunk.dedicated || chunk.refusal !== undefined) this.destroy(chunk);
  }

  /** Gives back every empty chunk that `condition` names. O(chunks). Answers how many. */
  private trim(condition: (chunk: Chunk<Buffer>) => boolean): number {
    let count = 0;
    for (const pool of this.pools) {
      for (const chunk of [...pool.chunks]) {
        if (chunk.rangeCount > 0 || !condition(chunk)) continue;
        this.destroy(chunk);
        count++;
      }
    }
    return count;
  }

  /** Gives back empty chunks, those empty for longest first, until at most `bytes` are reserved. */
  private trimTo(bytes: number): number {
    if (this.emptyCount === 0 || this.backend.reservedBytes <= bytes) return 0;
    const empty: Chunk<Buffer>[] = [];
    for (const pool of this.pools) {
      for (const chunk of pool.chunks) if (chunk.rangeCount === 0) empty.push(chunk);
    }
    empty.sort((a, b) => a.emptyTurn - b.emptyTurn);
    let count = 0;
    for (const chunk of empty) {
      if (this.backend.reservedBytes <= bytes) break;
      this.destroy(chunk);
      count++;
    }
    return count;
  }

  private destroy(chunk: Chunk<Buffer>): void {
    // First the backend: should it fail, the chunk is still ours and still empty.
    this.backend.destroyBuffer(chunk.buffer);
    this.emptyCount--;
    (this.pools[chunk.poolIndex] as Pool<Buffer>).remove(chunk);
  }

  /**
   * A new chunk with room for `size`, down the ladder: give empty chunks back, then make a smaller one, then
   * fail.
   */
  private grow(pool: Pool<Buffer>, size: number, dedicated: boolean): Chunk<Buffer> {
    const { maxBufferSize, copyAlignment } = this.backend.limits;
    if (this.backend.isLost) {
      throw new BackendError('device-lost', 'the device is lost; dispose of this heap and open another');
    }
    const step = Math.max(CHUNK_GRANULARITY, copyAlignment);
    const least = roundUp(size, step);
    if (least > maxBufferSize) {
      throw new UsageError(
        'too-large',
        `${size} bytes do not fit one buffer, at most ${maxBufferSize} on this device; split the data or raise the limit`,
      );
    }
    const wanted = this.wantedBytes(pool, size, dedicated, step);
    let bytes = Math.min(wanted, maxBufferSize - (maxBufferSize % step));
    this.trimTo(Math.max(0, this.watermark.allowedBytes - bytes));
    for (;;) {
      try {
        return this.createChunk(pool, bytes, dedicated);
      } catch (error) {
        if (!(error instanceof OutOfMemoryError)) throw error;
        if (this.trimTo(0) > 0) continue;
        if (bytes === least) throw this.outOfMemory(pool, size, error);
        bytes = Math.max(least, roundUp(Math.floor(bytes / 2), step));
      }
    }
  }

  private wantedBytes(pool: Pool<Buffer>, size: number, dedicated: boolean, step: number): number {
    if (dedicated) return roundUp(size, step);
    if (pool.oneEach) return wholeChunkBytes(size, LEAST_WHOLE_BYTES);
    return nextChunkBytes(size, pool.reservedBytes, this.settings.chunkBytes, step);
  }

  private createChunk(pool: Pool<Buffer>, bytes: number, dedicated: boolean): Chunk<Buffer> {
    const granularity = dedicated || pool.oneEach ? bytes : CHUNK_GRANULARITY;
    const suballocator = new Tlsf({ capacity: bytes, granularity });
    const id = this.chunksMade;
    const created = this.backend.createBuffer({
      size: bytes,
      usage: pool.usage,
      memoryType: pool.memoryType,
      label: `gpuheap ${pool.name} ${id}`,
    });
    this.chunksMade++;
    const chunk = new Chunk(id, pool.index, created.buffer, suballocator, dedicated);
    pool.add(chunk);
    this.emptyCount++;
    created.settled.catch((error: unknown) => this.refused(chunk, error));
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
    const pool = this.pools[chunk.poolIndex] as Pool<Buffer>;
    if (chunk.rangeCount === 0 && pool.chunks.includes(chunk)) this.destroy(chunk);
  }

  private outOfMemory(pool: Pool<Buffer>, size: number, cause: OutOfMemoryError): OutOfMemoryError {
    let largestFreeBytes = 0;
    let freeBytes = 0;
    for (const chunk of pool.chunks) {
      if (chunk.dedicated) continue;
      const { free, largestFree } = chunk.suballocator.statistics();
      freeBytes += free;
      largestFreeBytes = Math.max(largestFreeBytes, largestFree);
    }
    const { reservedBytes, budgetBytes } = this.backend;
    const pendingBytes = this.pendingBytes;
    const remedy =
      pendingBytes >= size
        ? 'call endFrame() and let the GPU finish: released bytes are waiting for it'
        : cause.code === 'over-budget'
          ? 'free something or raise budgetBytes'
          : 'free something: the device has no more';
    return new OutOfMemoryError(
      cause.code,
      `no room for ${size} bytes in pool ${pool.name}: largest free range ${largestFreeBytes}, free ${freeBytes}, ` +
        `pending ${pendingBytes}, reserved ${reservedBytes} of a budget of ${budgetBytes}; ${remedy}`,
      { requestedBytes: size, largestFreeBytes, freeBytes, pendingBytes, reservedBytes, budgetBytes },
      { cause },
    );
  }

  /** Destroys every chunk, whatever lives in it. */
  dispose(): void {
    for (const pool of this.pools) {
      for (const chunk of pool.chunks) this.backend.destroyBuffer(chunk.buffer);
      pool.chunks.length = 0;
      pool.reservedBytes = 0;
    }
    this.usedBytes = 0;
    this.pendingBytes = 0;
    this.emptyCount = 0;
  }
}
