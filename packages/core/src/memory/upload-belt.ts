/**
 * Upload belt: chunks that are mapped, filled, copied from and mapped again.
 *
 *   being mapped → idle, mapped → filled → unmapped and copied from → being mapped …
 *
 * Layout   a pool of chunks, each taken whole. To everybody else an idle one is an empty chunk of the pool,
 *          so budget, ladder, trimming by age and statistics need to know nothing of belts.
 * Cost     find: O(chunks), a handful. Nothing ever waits: where no mapped room is ready there is none, and
 *          more is ordered.
 * Promise  a chunk is filled only when the device has mapped it, so its buffer exists; it is mapped again
 *          only when the GPU is done with it, which is what `map` of the port waits for. A map that fails
 *          takes its chunk out of service and nothing else. Pool limits and budget are asked first.
 * Refusal  a chunk that is larger than the pool's `chunkBytes` is made on demand of `whenRoom` alone, and
 *          destroyed as soon as it was copied from.
 */
import { BackendError, OutOfMemoryError } from '../base/errors.ts';
import { type Handle, roundUp } from '../base/quantities.ts';
import type { Chunk } from './chunk.ts';
import type { Memory } from './memory.ts';
import type { Pool } from './pool.ts';
import { endStaging, STAGING, StagingChunk } from './staging-chunk.ts';

/** No less is mapped at a time: mapping costs by the call below it. */
const MAP_STEP_BYTES: number = 64 * 1024;
/** Frames for which an idle chunk is kept unless memory is short, as all chunks are. */
const IDLE_FRAMES = 60;
/** Maps that fail in a row before `whenRoom` gives up. */
const MOST_FAILURES = 3;

/** Who copies from a chunk: the heap itself, or encoders of the application. */
export type StagingUse = 'fill' | 'lend';

export class UploadBelt<Buffer> {
  /** Maps that failed so far; each took its chunk out of service. */
  failedMapCount = 0;
  private readonly memory: Memory<Buffer>;
  private readonly pool: () => Pool<Buffer> | undefined;
  /** The mapped bytes of idle chunks. */
  private readonly mapped = new WeakMap<Chunk<Buffer>, Uint8Array>();
  /** Chunks that are being mapped, with the ranges that hold them. */
  private readonly coming = new Map<Chunk<Buffer>, Handle>();
  /** What the heap fills, and copies from by itself. */
  private filling: StagingChunk<Buffer>[] = [];
  /** What the application fills, and copies from with encoders of its own. */
  private lent: StagingChunk<Buffer>[] = [];
  private waiters: (() => void)[] = [];
  // Of this batch: asked for, of that not found, and ordered for it.
  private askedBytes = 0;
  private missedBytes = 0;
  private orderedBytes = 0;
  /** What the last batch asked for. */
  private usualBytes = 0;

  /** `pool`: of whole chunks with MAP_WRITE, made when first asked for; undefined when there is none. */
  constructor(memory: Memory<Buffer>, pool: () => Pool<Buffer> | undefined) {
    this.memory = memory;
    this.pool = pool;
  }

  /** Whether something is filled, and not yet copied from. */
  get isFilling(): boolean {
    return this.filling.length > 0;
  }

  /** Chunks that are being mapped. */
  get comingCount(): number {
    return this.coming.size;
  }

  /**
   * Mapped room for a piece, lent to the application or not, or undefined. Then chunks are ordered, as far as
   * the caps allow, so that as much finds room the next time.
   */
  find(size: number, alignment: number, use: StagingUse): StagingChunk<Buffer> | undefined {
    this.askedBytes += size;
    const open = use === 'fill' ? this.filling : this.lent;
    for (const staging of open) if (staging.hasRoom(size, alignment)) return staging;
    const chunk = this.findIdle(size);
    if (chunk !== undefined) {
      const bytes = this.mapped.get(chunk) as Uint8Array;
      this.mapped.delete(chunk);
      const staging = new StagingChunk(chunk, this.memory.placeIn(chunk, STAGING), bytes);
      open.push(staging);
      return staging;
    }
    this.missedBytes += size;
    // Oversize is not ordered on suspicion: its chunk would serve nobody else.
    if (this.orderedBytes < this.missedBytes && size <= this.chunkBytes && this.order(size)) {
      this.orderedBytes += this.chunkBytes;
    }
    return undefined;
  }

  private get chunkBytes(): number {
    return this.pool()?.kind.chunkBytes ?? 0;
  }

  private isOversize(chunk: Chunk<Buffer>): boolean {
    return chunk.sizeBytes > this.chunkBytes;
  }

  /** An idle chunk in which `size` is mapped; a large one only for what no other can hold. */
  private findIdle(size: number): Chunk<Buffer> | undefined {
    const isLarge = size > this.chunkBytes;
    return this.pool()?.chunks.find(
      (chunk) =>
        isIdle(chunk) &&
        this.isOversize(chunk) === isLarge &&
        (this.mapped.get(chunk)?.byteLength ?? 0) >= roundUp(size, 4),
    );
  }

  /** Has a chunk mapped with room for `size`; whether one is on its way now. */
  private order(size: number): boolean {
    const pool = this.pool();
    if (pool === undefined) return false;
    const isLarge = size > pool.kind.chunkBytes;
    const narrow = pool.chunks.find((chunk) => isIdle(chunk) && !this.isOversize(chunk));
    if (narrow !== undefined && !isLarge) return this.mapMore(narrow, size);
    const { chunks } = this.memory;
    const bytes = isLarge ? roundUp(size, 4) : pool.kind.chunkBytes;
    if (!this.makeRoom(pool, bytes)) return false;
    try {
      const chunk = chunks.create(pool, bytes, false);
      return this.map(chunk, this.memory.placeIn(chunk, STAGING), size);
    } catch (error) {
      if (error instanceof OutOfMemoryError || error instanceof BackendError) return false;
      throw error;
    }
  }

  /** Gives idle chunks back until pool and budget allow for `bytes` more; whether they do. */
  private makeRoom(pool: Pool<Buffer>, bytes: number): boolean {
    const { backend, chunks } = this.memory;
    const idleBytes = pool.shrinkable(isIdle).bytes;
    if (bytes > backend.limits.maxBufferSize || !backend.mayReserve(bytes - idleBytes)) return false;
    if (pool.reservedBytes - idleBytes + bytes > pool.kind.maxBytes) return false;
    for (const idle of pool.chunks.filter(isIdle)) {
      if (pool.mayGrowBy(bytes) && backend.mayReserve(bytes)) break;
      try {
        chunks.destroy(idle);
      } catch {
        return false;
      }
    }
    return true;
  }

  /** Maps more of an idle chunk, which is mapped. */
  private mapMore(chunk: Chunk<Buffer>, size: number): boolean {
    const handle = this.memory.placeIn(chunk, STAGING);
    try {
      this.mapped.delete(chunk);
      this.memory.backend.unmap(chunk.buffer);
    } catch (error) {
      this.retire(chunk, handle, error);
      return false;
    }
    return this.map(chunk, handle, size);
  }

  /** Has a chunk mapped, at least `size` bytes of it; whether that is under way. */
  private map(chunk: Chunk<Buffer>, handle: Handle, size: number): boolean {
    const { buffer } = chunk;
    // Browsers copy what is mapped, used or not: twice what the last batches asked for is plenty.
    const wanted = Math.max(size, 2 * Math.max(this.askedBytes, this.usualBytes), 1);
    const bytes = Math.min(chunk.sizeBytes, roundUp(wanted, MAP_STEP_BYTES));
    this.coming.set(chunk, handle);
    let mapped: Promise<Uint8Array>;
    try {
      mapped = this.memory.backend.map(buffer, 0, bytes);
    } catch (error) {
      this.retire(chunk, handle, error);
      return false;
    }
    // Once the belt was abandoned, nobody waits for it any more.
    const isAwaited = (): boolean => this.coming.get(chunk) === handle;
    mapped.then(
      (view) => isAwaited() && this.arrive(chunk, handle, view),
      (error: unknown) => isAwaited() && this.retire(chunk, handle, error),
    );
    return true;
  }

  private arrive(chunk: Chunk<Buffer>, handle: Handle, bytes: Uint8Array): void {
    this.coming.delete(chunk);
    this.mapped.set(chunk, bytes);
    chunk.keptUntilFrame = this.memory.frame + IDLE_FRAMES;
    endStaging(this.memory, chunk, handle);
    this.wake();
  }

  /** Takes a chunk out of service. */
  private retire(chunk: Chunk<Buffer>, handle: Handle, cause: unknown): void {
    this.coming.delete(chunk);
    this.failedMapCount++;
    chunk.refusal ??=
      cause instanceof BackendError
        ? cause
        : new BackendError('backend-failed', 'a staging chunk could not be mapped', { cause });
    endStaging(this.memory, chunk, handle);
    this.wake();
  }

  /** Hands to the GPU what the heap has filled; `recycle` once it is copied from. @throws BackendError */
  unmapFilled(): void {
    for (const staging of this.filling) this.unmap(staging);
  }

  private unmap(staging: StagingChunk<Buffer>): void {
    if (!staging.isMapped) return;
    this.memory.backend.unmap(staging.chunk.buffer);
    staging.isMapped = false;
  }

  /** The copies from what was filled are submitted: it is mapped again when they are done. */
  recycle(): void {
    const sent = this.filling;
    this.filling = [];
    for (const staging of sent) this.mapAgain(staging);
  }

  private mapAgain({ chunk, handle }: StagingChunk<Buffer>): void {
    if (!this.isOversize(chunk)) {
      this.map(chunk, handle, 0);
      return;
    }
    this.destroy(chunk, handle);
  }

  private destroy(chunk: Chunk<Buffer>, handle: Handle): void {
    endStaging(this.memory, chunk, handle);
    try {
      if ((chunk.pool as Pool<Buffer>).chunks.includes(chunk)) this.memory.chunks.destroy(chunk);
    } catch {
      // It stays, empty, until it is trimmed.
    }
  }

  /** What is asked for from now on is another batch. */
  beginBatch(): void {
    if (this.askedBytes > 0) this.usualBytes = this.askedBytes;
    this.askedBytes = 0;
    this.missedBytes = 0;
    this.orderedBytes = 0;
  }

  /** Hands to the GPU what was lent: encoders that copy from it may be submitted now. @throws BackendError */
  unmapLent(): void {
    for (const staging of this.lent) this.unmap(staging);
  }

  /** Such encoders have been submitted: what was lent is mapped again when they are done. */
  recycleLent(): void {
    if (this.lent.length === 0) return;
    const sent = this.lent.filter(({ isMapped }) => !isMapped);
    this.lent = this.lent.filter(({ isMapped }) => isMapped);
    for (const staging of sent) this.mapAgain(staging);
  }

  /**
   * Whether room for `size` is mapped, once it is; false when none will be: caps, budget or device forbid it.
   * Room that is there goes to whoever asks `find` first. `submit` copies from what is filled, `checkUsable`
   * throws when there is no use in waiting.
   */
  async whenRoom(
    size: number,
    use: StagingUse,
    checkUsable: () => void,
    submit: () => void,
  ): Promise<boolean> {
    for (let failures = 0; failures < MOST_FAILURES; ) {
      checkUsable();
      const open = use === 'fill' ? this.filling : this.lent;
      if (open.some((staging) => staging.hasRoom(size, 4)) || this.findIdle(size) !== undefined) return true;
      if (this.isFilling) submit();
      const isComing = [...this.coming.keys()].some(({ sizeBytes }) => sizeBytes >= size);
      if (!isComing && !this.order(size) && this.coming.size === 0) return false;
      const failedBefore = this.failedMapCount;
      await new Promise<void>((resolve) => this.waiters.push(resolve));
      failures = this.failedMapCount > failedBefore ? failures + 1 : 0;
    }
    checkUsable();
    return false;
  }

  private wake(): void {
    const { waiters } = this;
    this.waiters = [];
    for (const resolve of waiters) resolve();
  }

  /** The device is lost, or the heap is about to go: what is in use is given back, and nothing more comes. */
  abandon(): void {
    const held = [...this.filling, ...this.lent].map(({ chunk, handle }) => [chunk, handle] as const);
    held.push(...this.coming);
    this.filling = [];
    this.lent = [];
    this.coming.clear();
    for (const [chunk, handle] of held) this.destroy(chunk, handle);
    this.wake();
  }
}

function isIdle(chunk: Chunk<unknown>): boolean {
  return chunk.rangeCount === 0 && chunk.refusal === undefined;
}
