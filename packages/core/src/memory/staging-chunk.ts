/**
 * Staging chunk: the mapped bytes of one chunk, filled from front to back.
 *
 * Promise  pieces do not overlap; each begins at a multiple of 4 and is followed by zeros up to the next one.
 * Refusal  maps and unmaps nothing; see `upload-belt.ts`.
 */
import { type Handle, roundUp } from '../base/quantities.ts';
import type { Chunk } from './chunk.ts';
import type { Memory } from './memory.ts';

/** Who owns the ranges of the heap's own staging, for snapshots. */
export const STAGING = { label: 'staging' } as const;
/** The same, of those by way of which bytes are copied within one buffer. */
export const SCRATCH = { label: 'scratch' } as const;

export class StagingChunk<Buffer> {
  readonly chunk: Chunk<Buffer>;
  /** The range that is all of the chunk. */
  readonly handle: Handle;
  /** From the first byte of the chunk on, as many as are mapped. */
  readonly bytes: Uint8Array;
  /** Whether the CPU has it still. */
  isMapped = true;
  private usedBytes = 0;

  constructor(chunk: Chunk<Buffer>, handle: Handle, bytes: Uint8Array) {
    this.chunk = chunk;
    this.handle = handle;
    this.bytes = bytes;
  }

  /** Whether a piece of `size` finds room at a multiple of `alignment`, which is one of 4. */
  hasRoom(size: number, alignment: number): boolean {
    return this.isMapped && roundUp(this.usedBytes, alignment) + roundUp(size, 4) <= this.bytes.byteLength;
  }

  /** Where a piece begins for which there is room. */
  take(size: number, alignment: number): number {
    const offset = roundUp(this.usedBytes, alignment);
    this.usedBytes = offset + roundUp(size, 4);
    this.bytes.fill(0, offset + size, this.usedBytes);
    return offset;
  }

  /** The piece at `offset` is not needed after all; its room is lost if another has followed. */
  putBack(offset: number, size: number): void {
    if (offset + roundUp(size, 4) === this.usedBytes) this.usedBytes = offset;
  }
}

/** A range of the heap's own staging is free at once: the GPU is done with it. Never throws. */
export function endStaging<Buffer>(memory: Memory<Buffer>, chunk: Chunk<Buffer>, handle: Handle): void {
  try {
    memory.cancel(chunk, handle);
  } catch {
    // The range is free; only the buffer, which nobody needs, could not be destroyed. Trimming tries again.
  }
}
