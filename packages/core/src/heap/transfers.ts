/**
 * Transfers: bytes into, out of and between the ranges of a heap.
 *
 * Promise  what the GPU uses is never mapped: reads go through a readback chunk. No copy within one buffer:
 *          such bytes go out to a scratch range and back. What was gathered for upload comes first.
 */
import { roundUp } from '../base/quantities.ts';
import type { Chunk } from '../memory/chunk.ts';
import type { Memory } from '../memory/memory.ts';
import type { Pool } from '../memory/pool.ts';
import { type ReadPiece, ReadbackRing } from '../memory/readback-ring.ts';
import { NO_SPACE } from '../ranges/suballocator.ts';
import type { Allocation } from './allocation.ts';
import type { UploadBatch } from './upload-batch.ts';

const SCRATCH = { label: 'scratch' } as const;

/** Where the heap stages bytes: the two pools of its own use. */
export interface StagingPools<Buffer> {
  readback(): Pool<Buffer>;
  scratch(): Pool<Buffer>;
}

/** Moves bytes; checks nothing: whoever calls has. */
export class Transfers<Buffer> {
  private readonly memory: Memory<Buffer>;
  private readonly pools: StagingPools<Buffer>;
  private readonly readbacks: ReadbackRing<Buffer>;
  private readonly batch: UploadBatch<Buffer>;

  constructor(memory: Memory<Buffer>, pools: StagingPools<Buffer>, batch: UploadBatch<Buffer>) {
    this.memory = memory;
    this.pools = pools;
    this.readbacks = new ReadbackRing(memory, () => pools.readback());
    this.batch = batch;
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

  /** The bytes, after everything submitted so far. Rejects with OutOfMemoryError, for the staging. */
  async read(chunk: Chunk<Buffer>, offset: number, size: number): Promise<Uint8Array> {
    const [bytes] = await this.readMany([{ chunk, offset, size }]);
    return bytes as Uint8Array;
  }

  /** The bytes of each piece, all from the same moment. Rejects as `read`. O(pieces) beside the bytes. */
  async readMany(pieces: readonly ReadPiece<Buffer>[]): Promise<Uint8Array[]> {
    this.batch.flush();
    const { backend } = this.memory;
    const staged = pieces.filter((piece) => isStaged(piece));
    // First what copies: a readback buffer that is being read can not be copied to.
    const copied = this.readbacks.read(staged);
    const mapped = pieces.map((piece) =>
      isStaged(piece) ? undefined : backend.read(piece.chunk.buffer, piece.offset, piece.size),
    );
    const [fromStaging, direct] = await Promise.all([copied, Promise.all(mapped)]);
    let next = 0;
    return direct.map((bytes, k) =>
      pieces[k]?.size === 0 ? new Uint8Array(0) : (bytes ?? (fromStaging[next++] as Uint8Array)),
    );
  }

  /**
   * Copies bytes between two places; offsets and size are multiples of 4.
   * @throws OutOfMemoryError, for the scratch · BackendError
   */
  copy(
    from: Chunk<Buffer>,
    sourceOffset: number,
    to: Chunk<Buffer>,
    targetOffset: number,
    size: number,
  ): void {
    if (size === 0) return;
    this.batch.flush();
    const { backend } = this.memory;
    const region = { source: from.buffer, sourceOffset, target: to.buffer, targetOffset, size };
    if (from !== to) {
      backend.copy([region]);
      return;
    }
    const handle = this.stage(this.pools.scratch(), size, SCRATCH);
    const chunk = this.memory.found as Chunk<Buffer>;
    const offset = chunk.suballocator.offsetOf(handle);
    try {
      backend.copy([
        { ...region, target: chunk.buffer, targetOffset: offset },
        { ...region, source: chunk.buffer, sourceOffset: offset },
      ]);
    } finally {
      this.memory.release(chunk, handle);
    }
  }

  /** Nothing is released any more. */
  dispose(): void {
    this.readbacks.dispose();
  }

  private stage(pool: Pool<Buffer>, size: number, owner: { readonly label: string }): number {
    const handle = this.memory.place(pool, size, 1, owner);
    if (handle === NO_SPACE) throw this.memory.ladder.explain(pool, size);
    const { refusal } = this.memory.found as Chunk<Buffer>;
    if (refusal !== undefined) throw refusal;
    return handle;
  }
}

/** The bytes, followed by zeros up to a multiple of 4. */
function padded(bytes: Uint8Array): Uint8Array {
  if (bytes.byteLength % 4 === 0) return bytes;
  const whole = new Uint8Array(roundUp(bytes.byteLength, 4));
  whole.set(bytes);
  return whole;
}
