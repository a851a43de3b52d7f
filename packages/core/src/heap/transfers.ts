/**
 * Transfers: bytes into, out of and between the ranges of a heap.
 *
 * Promise  what the GPU uses is never mapped: reads go through a readback chunk. No copy within one buffer:
 *          such bytes go out to a scratch range and back. What was gathered for upload comes first.
 */
import type { CopyRegion } from '../backend/port.ts';
import { roundUp } from '../base/quantities.ts';
import type { Chunk, Place } from '../memory/chunk.ts';
import type { Memory } from '../memory/memory.ts';
import type { Pool } from '../memory/pool.ts';
import type { ReadbackRing, ReadPiece } from '../memory/readback-ring.ts';
import { SCRATCH } from '../memory/staging-chunk.ts';
import { NO_SPACE } from '../ranges/suballocator.ts';
import type { Allocation } from './allocation.ts';
import { tellIfRefused } from './lost-copies.ts';
import type { Staging } from './staging.ts';
import type { UploadBatch } from './upload-batch.ts';

/** Moves bytes; checks nothing: whoever calls has. */
export class Transfers<Buffer> {
  private readonly memory: Memory<Buffer>;
  private readonly readbacks: ReadbackRing<Buffer>;
  private readonly scratch: () => Pool<Buffer>;
  private readonly batch: UploadBatch<Buffer>;

  /** `scratch`: the pool for copies within one buffer, made when first asked for. */
  constructor(memory: Memory<Buffer>, staging: Staging<Buffer>, scratch: () => Pool<Buffer>) {
    this.memory = memory;
    this.readbacks = staging.readbacks;
    this.batch = staging.batch;
    this.scratch = scratch;
  }

  /** What was gathered for this allocation is submitted: a direct write is about to follow it. */
  flushFor(allocation: Allocation<Buffer>): void {
    this.batch.flushFor(allocation);
  }

  /** Writes whole words at a multiple of 4; what is missing to the last word is zero. */
  write(chunk: Chunk<Buffer>, offset: number, bytes: Uint8Array): void {
    if (bytes.byteLength === 0) return;
    this.memory.backend.write(chunk.buffer, offset, padded(bytes));
  }

  /**
   * The bytes of each piece, all from the same moment: after everything submitted so far. Rejects with
   * OutOfMemoryError, for the staging. O(pieces) beside the bytes.
   */
  async readMany(pieces: readonly ReadPiece<Buffer>[]): Promise<Uint8Array[]> {
    this.batch.flush();
    // First those that are held where they are: for staging the application may be asked for memory.
    const mapped = pieces.map(async (piece) => (isMapped(piece) ? await this.readMapped(piece) : undefined));
    const copied = this.readbacks.read(pieces.filter(isStaged));
    const [staged, direct] = await Promise.all([copied, Promise.all(mapped)]);
    let next = 0;
    return pieces.map((piece, k) => {
      if (isStaged(piece)) return staged[next++] as Uint8Array;
      return direct[k] ?? new Uint8Array(0);
    });
  }

  /** Until it is read it goes to nobody else, whoever frees it meanwhile. */
  private async readMapped({ chunk, offset, size, handle }: ReadPiece<Buffer>): Promise<Uint8Array> {
    const { memory } = this;
    const { epoch } = memory;
    chunk.mark(handle);
    try {
      return await memory.backend.read(chunk.buffer, offset, size);
    } finally {
      memory.unmark(chunk, handle, epoch);
    }
  }

  /**
   * Copies bytes into an allocation, from one chunk to another or within one; offsets and size are multiples
   * of 4. `regionOf` is asked where they are at the last moment, since for scratch the application may be
   * asked for memory; what it throws is thrown. `scratch`: what `takeScratch` gave; else it is taken now.
   * @throws OutOfMemoryError, for the scratch · BackendError
   */
  copy(
    from: Chunk<Buffer>,
    to: Chunk<Buffer>,
    into: Allocation<Buffer>,
    size: number,
    regionOf: () => CopyRegion<Buffer>,
    scratch?: Place<Buffer>,
  ): void {
    this.batch.flush();
    if (from !== to) {
      this.memory.backend.copy([regionOf()]);
      tellIfRefused(this.memory, from, into, size);
    } else if (scratch !== undefined) {
      this.copyBy(scratch, regionOf());
    } else {
      const chunk = this.copyWithin(size, regionOf);
      tellIfRefused(this.memory, chunk, into, size);
    }
  }

  /** Answers the chunk by way of which the bytes went. */
  private copyWithin(size: number, regionOf: () => CopyRegion<Buffer>): Chunk<Buffer> {
    const { memory } = this;
    const scratch = this.takeScratch(size);
    const { chunk, handle } = scratch;
    let isUsed = false;
    try {
      const region = regionOf();
      isUsed = true;
      this.copyBy(scratch, region);
    } finally {
      if (isUsed) memory.release(chunk, handle);
      else memory.cancel(chunk, handle);
    }
    return chunk;
  }

  private copyBy({ chunk, handle }: Place<Buffer>, region: CopyRegion<Buffer>): void {
    const offset = chunk.suballocator.offsetOf(handle);
    this.memory.backend.copy([
      { ...region, target: chunk.buffer, targetOffset: offset },
      { ...region, source: chunk.buffer, sourceOffset: offset },
    ]);
  }

  /** Room by way of which `size` bytes go within a buffer. @throws OutOfMemoryError · BackendError */
  takeScratch(size: number): Place<Buffer> {
    const pool = this.scratch();
    const handle = this.memory.place(pool, size, 1, SCRATCH);
    if (handle === NO_SPACE) throw this.memory.ladder.explain(pool, size);
    return { chunk: this.memory.found as Chunk<Buffer>, handle };
  }

  /** Nothing is released any more. */
  dispose(): void {
    this.readbacks.dispose();
  }
}

/** Whether the CPU maps the buffer itself. */
function isMapped({ chunk, size }: ReadPiece<unknown>): boolean {
  return size > 0 && chunk.readsByMap;
}

/** Whether the bytes go through a readback chunk. */
function isStaged({ chunk, size }: ReadPiece<unknown>): boolean {
  return size > 0 && !chunk.readsByMap;
}

/** The bytes, followed by zeros up to a multiple of 4. */
function padded(bytes: Uint8Array): Uint8Array {
  if (bytes.byteLength % 4 === 0) return bytes;
  const whole = new Uint8Array(roundUp(bytes.byteLength, 4));
  whole.set(bytes);
  return whole;
}
