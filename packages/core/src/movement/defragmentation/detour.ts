/**
 * Detour: the scratch through which ranges go that slide within their buffer.
 *
 * Cost     O(moves), and a buffer where there is no scratch yet.
 * Promise  nothing is given back for it and nobody is asked for memory: it is taken from what is there, or
 *          made where budget and limits have room. It holds all of a pass at once, or else its longest move.
 *          What the GPU may still read of it is used again after the next boundary only.
 */
import type { Handle } from '../../base/quantities.ts';
import type { Chunk } from '../../memory/chunk.ts';
import type { Memory } from '../../memory/memory.ts';
import type { Pool } from '../../memory/pool.ts';
import { SCRATCH } from '../../memory/staging-chunk.ts';
import type { DefragmentationMove } from '../../planning/defragmentation/move-queue.ts';
import { NO_SPACE } from '../../ranges/suballocator.ts';

/** A range of scratch. Bytes. */
export interface Scratch<Buffer> {
  readonly chunk: Chunk<Buffer>;
  readonly handle: Handle;
  readonly size: number;
}

export class Detour<Buffer> {
  private readonly memory: Memory<Buffer>;
  private readonly pool: () => Pool<Buffer>;
  private scratch: Scratch<Buffer> | undefined;

  /** `pool`: where scratch comes from, made when it is first asked for. */
  constructor(memory: Memory<Buffer>, pool: () => Pool<Buffer>) {
    this.memory = memory;
    this.pool = pool;
  }

  /**
   * Takes scratch for these moves, if they need any. Whether the device owes its word on it: bytes that go
   * there could be lost.
   */
  awaitsDevice(moves: readonly DefragmentationMove[]): boolean {
    this.scratch ??= this.take(moves.filter(({ way }) => way === 'scratch').map(({ size }) => size));
    const chunk = this.scratch?.chunk;
    return chunk !== undefined && !chunk.isGranted && chunk.refusal === undefined;
  }

  /** What was taken; undefined where nothing was needed, or nothing was to be had. */
  get taken(): Scratch<Buffer> | undefined {
    return this.scratch?.chunk.refusal === undefined ? this.scratch : undefined;
  }

  /** Gives the scratch back; `isUsed`: the GPU may read it. */
  end(isUsed: boolean): void {
    const { memory, scratch } = this;
    if (scratch === undefined) return;
    this.scratch = undefined;
    if (isUsed) memory.release(scratch.chunk, scratch.handle);
    else memory.cancel(scratch.chunk, scratch.handle);
  }

  private take(sizes: readonly number[]): Scratch<Buffer> | undefined {
    if (sizes.length === 0) return undefined;
    const pool = this.pool();
    const all = Math.min(
      sizes.reduce((sum, size) => sum + size, 0),
      pool.kind.chunkBytes,
    );
    return this.place(pool, all) ?? this.place(pool, Math.max(...sizes));
  }

  /** At most a chunk of scratch: nothing longer is planned to go through it. */

  private place(pool: Pool<Buffer>, size: number): Scratch<Buffer> | undefined {
    const { memory } = this;
    let handle = pool.reserve(size, 1, SCRATCH, undefined);
    if (handle === NO_SPACE) {
      if (memory.ladder.growAhead(pool, size) === undefined) return undefined;
      handle = pool.reserve(size, 1, SCRATCH, undefined);
    }
    const chunk = pool.found as Chunk<Buffer>;
    memory.placed(pool, chunk, handle);
    return { chunk, handle, size };
  }
}
