/**
 * Evictor: what makes room by sending allocations away; `movement/residency/residency.ts` is one.
 *
 * Promise  what it says has gone is free by then, and its bytes are safe.
 * Refusal  takes nothing that has no priority, nor what a frame may still use.
 */
import type { Chunk } from './chunk.ts';
import type { Pool } from './pool.ts';

/** What could not be placed, as exactly as a pool was asked for it. */
export interface Wanted<Buffer> {
  readonly pool: Pool<Buffer>;
  /** Bytes of the range, with all that its suballocator adds. */
  readonly bytes: number;
  readonly alignment: number;
  readonly dedicated: boolean;
  readonly apart: readonly Chunk<Buffer>[];
}

/** What a request is for its pool; `alone`: in a chunk of its own, whatever its size. */
export function wantedIn<Buffer>(
  pool: Pool<Buffer>,
  size: number,
  alignment: number,
  alone: boolean,
  apart: readonly Chunk<Buffer>[],
): Wanted<Buffer> {
  const { placement, dedicatedBytes } = pool.kind;
  const dedicated = alone || placement === 'dedicated' || size >= dedicatedBytes;
  const bytes = dedicated ? size : pool.roomFor(size, alignment);
  return { pool, bytes, alignment, dedicated, apart };
}

export interface Evictor<Buffer> {
  /** Evicts what can go at once for the sake of a range; whether anything has gone. */
  makeRoom(wanted: Wanted<Buffer>): boolean;
  /**
   * As `makeRoom`, with time to read back what goes, and for the GPU. Resolves to whether anything has gone;
   * undefined when nothing could go.
   */
  makeRoomLater(wanted: Wanted<Buffer>): Promise<boolean> | undefined;
  /**
   * What would let enough go: time to read it back, or for the GPU to be done with it; or the end of the
   * frame that uses it. Undefined when nothing would.
   */
  remedyFor(wanted: Wanted<Buffer>): 'evict' | 'end-frame' | undefined;
}
