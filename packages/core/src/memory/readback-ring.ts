/**
 * Readback ring: bytes of GPU buffers on their way to the CPU, through chunks that are mapped to be read.
 *
 * Layout   a pool of whole chunks. The pieces of one call lie side by side in one of them, or in a few when
 *          they are many bytes.
 * Cost     one submission a call, however many pieces, and one map for each chunk.
 * Promise  answers the bytes as they are after everything submitted so far, or rejects. A chunk is free again
 *          as soon as it was read, without a boundary. A read that fails takes its chunk out of service.
 * Refusal  does not wait for room, since by then the bytes could be others: beyond the limits of the pool it
 *          rejects. Calls of the same turn are not gathered, for the same reason: an encoder submitted
 *          between them changes what the second reads.
 */
import { BackendError, OutOfMemoryError } from '../base/errors.ts';
import { type Handle, roundUp } from '../base/quantities.ts';
import { NO_SPACE } from '../ranges/suballocator.ts';
import type { Chunk } from './chunk.ts';
import type { Memory } from './memory.ts';
import type { Pool } from './pool.ts';
import { endStaging, STAGING } from './staging-chunk.ts';

/** What is to be read: any bytes of a chunk that can be copied from. */
export interface ReadPiece<Buffer> {
  readonly chunk: Chunk<Buffer>;
  readonly offset: number;
  readonly size: number;
  /** The range that it is a part of. */
  readonly handle: Handle;
  /**
   * Where it is by now, since the application may move it when it is asked for memory. Throws when it is gone
   * or too short.
   */
  readonly locate: () => { readonly chunk: Chunk<Buffer>; readonly offset: number };
}

/** Pieces in one staging chunk. */
interface Stage<Buffer> {
  readonly chunk: Chunk<Buffer>;
  readonly handle: Handle;
  readonly pieces: readonly ReadPiece<Buffer>[];
}

/** Pieces share a staging chunk up to this size. */
const SHARED_BYTES: number = 4 * 1024 * 1024;

export class ReadbackRing<Buffer> {
  private readonly memory: Memory<Buffer>;
  private readonly pool: () => Pool<Buffer>;
  private isDisposed = false;

  /** `pool`: of whole chunks with MAP_READ, made when first asked for. */
  constructor(memory: Memory<Buffer>, pool: () => Pool<Buffer>) {
    this.memory = memory;
    this.pool = pool;
  }

  /** Rejects with OutOfMemoryError, BackendError. O(pieces) beside the bytes. */
  async read(pieces: readonly ReadPiece<Buffer>[]): Promise<Uint8Array[]> {
    if (pieces.length === 0) return [];
    const staged = this.stage(pieces);
    let stages: Stage<Buffer>[];
    try {
      stages = staged.map((stage) => ({ ...stage, pieces: stage.pieces.map(locate) }));
      this.memory.backend.copy(stages.flatMap(regionsOf));
    } catch (error) {
      for (const { chunk, handle } of staged) this.end(chunk, handle);
      throw error;
    }
    const read = await Promise.all(
      stages.map((stage) => {
        const bytes = this.readStage(stage);
        this.memory.reads.begin(stage.chunk, bytes);
        return bytes;
      }),
    );
    // A buffer that the device refuses in the end has taken the whole submission with it.
    const parts = stages.flatMap((stage) => [stage, ...stage.pieces]);
    for (const chunk of new Set(parts.map((part) => part.chunk))) {
      await chunk.settled;
      if (chunk.refusal !== undefined) throw chunk.refusal;
    }
    return read.flat();
  }

  /** Nothing is given back any more. */
  dispose(): void {
    this.isDisposed = true;
  }

  private stage(pieces: readonly ReadPiece<Buffer>[]): Stage<Buffer>[] {
    const stages: Stage<Buffer>[] = [];
    try {
      for (const group of groupPieces(pieces)) stages.push({ ...this.place(bytesOf(group)), pieces: group });
    } catch (error) {
      for (const { chunk, handle } of stages) this.end(chunk, handle);
      throw error;
    }
    return stages;
  }

  private place(size: number): { chunk: Chunk<Buffer>; handle: Handle } {
    const { memory } = this;
    const pool = this.pool();
    const handle = memory.place(pool, size, 1, STAGING);
    if (handle === NO_SPACE) throw this.explain(pool, size);
    return { chunk: memory.found as Chunk<Buffer>, handle };
  }

  private explain(pool: Pool<Buffer>, size: number): OutOfMemoryError {
    const { evictionStagingBytes } = this.memory;
    const error = this.memory.ladder.explain(pool, size);
    if (error.remedy === 'evict' && size > evictionStagingBytes) {
      // No read waits for what is evicted.
      const message = `${size} bytes to read do not fit beside ${error.figures.reservedBytes} reserved of a budget of ${error.figures.budgetBytes}; read ${evictionStagingBytes} at a time, or evict something first`;
      return new OutOfMemoryError(error.code, message, error.figures, { remedy: 'raise-budget' });
    }
    if (error.code !== 'pool-full' || pool.usedBytes === 0) return error;
    return new OutOfMemoryError(
      'pool-full',
      `${size} bytes to read beside ${pool.usedBytes} under way pass readbackBytes, ${pool.kind.maxBytes}; await earlier reads first`,
      error.figures,
      { remedy: 'wait' },
    );
  }

  private async readStage({ chunk, handle, pieces }: Stage<Buffer>): Promise<Uint8Array[]> {
    try {
      const { backend } = this.memory;
      const [first] = pieces as [ReadPiece<Buffer>];
      if (pieces.length === 1) return [await backend.read(chunk.buffer, first.offset % 4, first.size)];
      const all = await backend.read(chunk.buffer, 0, bytesOf(pieces));
      let at = 0;
      return pieces.map((piece) => {
        const start = at + (piece.offset % 4);
        at += stagedBytes(piece);
        return all.slice(start, start + piece.size);
      });
    } catch (error) {
      // That the device had no memory for the chunk says more than that it could not be read.
      await chunk.settled;
      if (error instanceof BackendError && error.code === 'backend-failed') chunk.refusal ??= error;
      throw chunk.refusal ?? error;
    } finally {
      this.end(chunk, handle);
    }
  }

  private end(chunk: Chunk<Buffer>, handle: Handle): void {
    if (!this.isDisposed) endStaging(this.memory, chunk, handle);
  }
}

/** The piece where it is now; where in a word it begins has not changed. */
function locate<Buffer>(piece: ReadPiece<Buffer>): ReadPiece<Buffer> {
  return { ...piece, ...piece.locate() };
}

/** Bytes that a piece takes in staging: whole words. */
function stagedBytes({ offset, size }: ReadPiece<unknown>): number {
  return roundUp((offset % 4) + size, 4);
}

function bytesOf(pieces: readonly ReadPiece<unknown>[]): number {
  return pieces.reduce((bytes, piece) => bytes + stagedBytes(piece), 0);
}

/** The pieces in their order, in groups that share a staging chunk. */
function groupPieces<Buffer>(pieces: readonly ReadPiece<Buffer>[]): ReadPiece<Buffer>[][] {
  const groups: ReadPiece<Buffer>[][] = [];
  let room = 0;
  for (const piece of pieces) {
    const bytes = stagedBytes(piece);
    if (bytes > room) {
      groups.push([]);
      room = SHARED_BYTES;
    }
    groups[groups.length - 1]?.push(piece);
    room -= bytes;
  }
  return groups;
}

function regionsOf<Buffer>({ chunk, pieces }: Stage<Buffer>): {
  source: Buffer;
  sourceOffset: number;
  target: Buffer;
  targetOffset: number;
  size: number;
}[] {
  let at = 0;
  return pieces.map((piece) => {
    const size = stagedBytes(piece);
    const sourceOffset = piece.offset - (piece.offset % 4);
    const region = {
      source: piece.chunk.buffer,
      sourceOffset,
      target: chunk.buffer,
      targetOffset: at,
      size,
    };
    at += size;
    return region;
  });
}
