/**
 * Pool: chunks of one kind, the same memory type, usage, access, location and lifetime.
 *
 * Cost     reserve: O(chunks), and a chunk that has refused as much before is skipped in a few nanoseconds.
 * Promise  older chunks are filled first, so that younger ones run empty and can be given back; but large
 *          requests go where they leave the least, since room for them is rare.
 * Refusal  makes no chunk itself; see `ladder.ts`.
 */
import type { Handle } from '../base/quantities.ts';
import { NO_SPACE } from '../ranges/suballocator.ts';
import type { Chunk, RangeOwner } from './chunk.ts';
import type { PoolKind } from './pool-kind.ts';

/** Requests of this part of `chunkBytes` and more are large: measured, decision 0007. */
const LARGE_PART = 1024;
/** Chunks that serve one allocation at a time are at least this large. */
export const LEAST_WHOLE_BYTES: number = 16 * 1024;

export class Pool<Buffer> {
  /** Its memory type is another after a rebuild. */
  kind: PoolKind;
  /** Its place among the pools of the heap when it was made; never used again. */
  readonly index: number;
  /** Oldest first. */
  readonly chunks: Chunk<Buffer>[] = [];
  /** Bytes of all chunks. */
  reservedBytes = 0;
  /** Bytes and number of the chunks that serve many. */
  sharedBytes = 0;
  sharedCount = 0;
  /** Bytes of the smallest chunk that the device refused when it was made already; Infinity for none. */
  refusedBytes: number = Number.POSITIVE_INFINITY;
  /** Bytes of live ranges, rounding included. */
  usedBytes = 0;
  /** Bytes of released ranges that may not be given away yet. */
  pendingBytes = 0;
  peakUsedBytes = 0;
  liveCount = 0;
  /** Its chunks that are being emptied. */
  leavingCount = 0;
  /** Whether its suballocators are known to round sizes up, so that a range needs a longer chunk. */
  roundsSizes = false;
  /** Where the last `reserve` found room. */
  found: Chunk<Buffer> | undefined;

  constructor(index: number, kind: PoolKind) {
    this.index = index;
    this.kind = kind;
  }

  /**
   * A range in a chunk that has room and is none of `apart` (see `found`), or NO_SPACE.
   */
  reserve(
    size: number,
    alignment: number,
    owner: RangeOwner,
    apart: readonly Chunk<Buffer>[] | undefined,
  ): Handle {
    if (this.kind.placement === 'whole') return this.reserveWhole(size, owner, apart);
    if (size >= this.kind.chunkBytes / LARGE_PART) {
      const handle = this.reserveTightly(size, alignment, owner, apart);
      if (handle !== NO_SPACE) return handle;
    }
    const chunks = this.chunks;
    for (let i = 0; i < chunks.length; i++) {
      const chunk = chunks[i] as Chunk<Buffer>;
      if (chunk.dedicated || apart?.includes(chunk)) continue;
      const handle = chunk.reserve(size, alignment, owner);
      if (handle !== NO_SPACE) {
        this.found = chunk;
        return handle;
      }
    }
    return NO_SPACE;
  }

  /** In the chunk whose longest free range is the shortest that holds `size`: longer ones stay for others. */
  private reserveTightly(
    size: number,
    alignment: number,
    owner: RangeOwner,
    apart: readonly Chunk<Buffer>[] | undefined,
  ): Handle {
    const chunks = this.chunks;
    let best: Chunk<Buffer> | undefined;
    let bestRoom = Number.POSITIVE_INFINITY;
    for (let i = 0; i < chunks.length; i++) {
      const chunk = chunks[i] as Chunk<Buffer>;
      const room = chunk.roomBytes;
      if (room < size || room >= bestRoom || chunk.dedicated || apart?.includes(chunk)) continue;
      best = chunk;
      bestRoom = room;
    }
    if (best === undefined) return NO_SPACE;
    this.found = best;
    return best.reserve(size, alignment, owner);
  }

  /** The smallest empty chunk that holds `size`, whole. */
  private reserveWhole(size: number, owner: RangeOwner, apart: readonly Chunk<Buffer>[] | undefined): Handle {
    let best: Chunk<Buffer> | undefined;
    for (const chunk of this.chunks) {
      if (chunk.rangeCount > 0 || chunk.refusal !== undefined || chunk.dedicated) continue;
      if (chunk.sizeBytes < size || apart?.includes(chunk)) continue;
      if (best === undefined || chunk.sizeBytes < best.sizeBytes) best = chunk;
    }
    if (best === undefined) return NO_SPACE;
    this.found = best;
    return best.reserve(size, 1, owner);
  }

  /** A chunk is being emptied. */
  leave(chunk: Chunk<Buffer>): void {
    if (chunk.isLeaving) return;
    chunk.isLeaving = true;
    this.leavingCount++;
  }

  /** A chunk is being emptied no more. */
  stay(chunk: Chunk<Buffer>): void {
    chunk.isLeaving = false;
    this.leavingCount--;
  }

  /** No chunk is being emptied any more; whether one was. */
  keepLeaving(): boolean {
    if (this.leavingCount === 0) return false;
    this.leavingCount = 0;
    for (const chunk of this.chunks) chunk.isLeaving = false;
    return true;
  }

  /** Bytes of a chunk that holds a range of `size`, rounded up as buddies do where that is known. */
  roomFor(size: number, alignment: number): number {
    if (!this.roundsSizes) return size;
    const { granularity } = this.kind;
    return granularity * 2 ** Math.ceil(Math.log2(Math.max(size, alignment) / granularity));
  }

  /** Bytes of the largest range that a chunk of `bytes` holds. */
  rangeIn(bytes: number): number {
    const { granularity } = this.kind;
    if (!this.roundsSizes || bytes < granularity) return bytes;
    return granularity * 2 ** Math.floor(Math.log2(bytes / granularity));
  }

  /** Free bytes of the chunks that serve many. O(chunks). */
  get sharedFreeBytes(): number {
    let bytes = 0;
    for (const chunk of this.chunks) {
      if (chunk.dedicated || chunk.refusal !== undefined) continue;
      bytes += chunk.sizeBytes - chunk.suballocator.statistics().used;
    }
    return bytes;
  }

  /**
   * Whether it may do without an empty chunk: others hold the least that it shall have. A chunk for one
   * allocation goes with that, and is not a part of it.
   */
  mayShrinkBy(chunk: Chunk<Buffer>): boolean {
    if (chunk.dedicated) return true;
    const { minBytes, minChunks } = this.kind;
    return this.sharedBytes - chunk.sizeBytes >= minBytes && this.sharedCount > minChunks;
  }

  /** The chunks that `mayGo` names, so far as the pool may do without them: bytes and count. O(chunks). */
  shrinkable(mayGo: (chunk: Chunk<Buffer>) => boolean): { bytes: number; count: number } {
    const { minBytes, minChunks } = this.kind;
    // As they would go, where the order says which stay.
    const hasLeast = minBytes > 0 || minChunks > 0;
    const chunks = hasLeast ? [...this.chunks].sort((a, b) => a.emptyTurn - b.emptyTurn) : this.chunks;
    let bytes = 0;
    let count = 0;
    let sharedBytes = this.sharedBytes;
    let sharedCount = this.sharedCount;
    for (const chunk of chunks) {
      if (!mayGo(chunk)) continue;
      if (!chunk.dedicated) {
        if (sharedCount <= minChunks || sharedBytes - chunk.sizeBytes < minBytes) continue;
        sharedBytes -= chunk.sizeBytes;
        sharedCount--;
      }
      bytes += chunk.sizeBytes;
      count++;
    }
    return { bytes, count };
  }

  /** Whether it may have a chunk of `bytes` more. */
  mayGrowBy(bytes: number): boolean {
    const { maxBytes, maxChunks } = this.kind;
    return this.reservedBytes + bytes <= maxBytes && this.chunks.length < maxChunks;
  }

  /** `place`: its turn among the chunks. */
  add(chunk: Chunk<Buffer>, place: number): void {
    this.chunks.splice(place, 0, chunk);
    this.count(chunk, 1);
    if (chunk.isLeaving) this.leavingCount++;
  }

  remove(chunk: Chunk<Buffer>): void {
    this.chunks.splice(this.chunks.indexOf(chunk), 1);
    this.count(chunk, -1);
    if (chunk.isLeaving) this.leavingCount--;
    if (this.found === chunk) this.found = undefined;
  }

  private count(chunk: Chunk<Buffer>, sign: 1 | -1): void {
    this.reservedBytes += sign * chunk.sizeBytes;
    if (chunk.dedicated) return;
    this.sharedBytes += sign * chunk.sizeBytes;
    this.sharedCount += sign;
  }
}
