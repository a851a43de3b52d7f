/**
 * Transfers: bytes into, out of and between the ranges of a heap.
 *
 * Promise  what the GPU uses is never mapped: reads go through a readback chunk. No copy within one buffer:
 *          such bytes go out to a scratch range and back. Both kinds of staging wait for the next boundary.
 */
import { roundUp } from '../base/quantities.ts';
import type { Chunk } from '../memory/chunk.ts';
import type { Memory } from '../memory/memory.ts';
import type { Pool } from '../memory/pool.ts';
import { NO_SPACE } from '../ranges/suballocator.ts';

const SCRATCH = { label: 'scratch' } as const;
const STAGING = { label: 'staging' } as const;

/** Where the heap stages bytes: the two pools of its own use. */
export interface StagingPools<Buffer> {
  readback(): Pool<Buffer>;
  scratch(): Pool<Buffer>;
}

/** Moves bytes; checks nothing: whoever calls has. */
export class Transfers<Buffer> {
  private readonly memory: Memory<Buffer>;
  private readonly pools: StagingPools<Buffer>;
  private isDisposed = false;

  constructor(memory: Memory<Buffer>, pools: StagingPools<Buffer>) {
    this.memory = memory;
    this.pools = pools;
  }

  /** Writes whole words at a multiple of 4; what is missing to the last word is zero. */
  write(chunk: Chunk<Buffer>, offset: number, bytes: Uint8Array): void {
    if (bytes.byteLength === 0) return;
    this.memory.backend.write(chunk.buffer, offset, padded(bytes));
  }

  /** The bytes, after everything submitted so far. @throws OutOfMemoryError, for the staging */
  read(chunk: Chunk<Buffer>, offset: number, size: number): Promise<Uint8Array> {
    if (chunk.pool.kind.location === 'readback') return this.memory.backend.read(chunk.buffer, offset, size);
    return this.readThroughCopy(chunk.buffer, offset, size);
  }

  private async readThroughCopy(source: Buffer, offset: number, size: number): Promise<Uint8Array> {
    if (size === 0) return new Uint8Array(0);
    const skipped = offset % 4;
    const whole = roundUp(skipped + size, 4);
    const { memory } = this;
    const handle = this.stage(this.pools.readback(), whole, STAGING);
    const chunk = memory.found as Chunk<Buffer>;
    try {
      memory.backend.copy([
        { source, sourceOffset: offset - skipped, target: chunk.buffer, targetOffset: 0, size: whole },
      ]);
      return await memory.backend.read(chunk.buffer, skipped, size);
    } finally {
      if (!this.isDisposed) memory.release(chunk, handle);
    }
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
    this.isDisposed = true;
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
