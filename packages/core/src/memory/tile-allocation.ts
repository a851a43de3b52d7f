/**
 * Tile allocation: what a user holds of a tile pool, a run of neighbouring layers of one array texture.
 *
 * Promise  once freed, every member but `count` and `isLive` throws `dead-allocation`; where the device did
 *          not grant the texture they throw its refusal.
 */
import { UsageError } from '../base/errors.ts';
import type { Handle } from '../base/quantities.ts';
import type { TileChunk } from './tile-chunk.ts';

/** A run of tiles, until it is freed. */
export class TileAllocation<Texture> {
  /** Tiles in a row. */
  readonly count: number;
  /** @internal Where it lives; undefined once it is freed. */
  chunk: TileChunk<Texture> | undefined;
  /** @internal */
  readonly handle: Handle;
  private readonly pool: object;

  /** Made by `TilePool.allocate`. */
  constructor(pool: object, chunk: TileChunk<Texture>, handle: Handle, count: number) {
    this.pool = pool;
    this.chunk = chunk;
    this.handle = handle;
    this.count = count;
  }

  /** Whether it has not been freed, nor its pool disposed. */
  get isLive(): boolean {
    return this.chunk !== undefined && !this.chunk.isDestroyed;
  }

  /**
   * The array texture, shared with other tiles.
   * @throws UsageError `dead-allocation` · OutOfMemoryError · BackendError
   */
  get texture(): Texture {
    return this.home().texture;
  }

  /** The layer of its first tile. @throws UsageError `dead-allocation` · OutOfMemoryError · BackendError */
  get layer(): number {
    return this.home().layers.offsetOf(this.handle);
  }

  /**
   * A number for `texture`, unique within the pool and never used again: for tables that shaders look tiles
   * up in. @throws UsageError `dead-allocation` · OutOfMemoryError · BackendError
   */
  get chunkId(): number {
    return this.home().id;
  }

  /** @internal Whether `pool` made it. */
  belongsTo(pool: object): boolean {
    return this.pool === pool;
  }

  /** @internal The chunk of a live allocation, granted or not. @throws UsageError `dead-allocation` */
  liveChunk(): TileChunk<Texture> {
    const { chunk } = this;
    if (chunk !== undefined && !chunk.isDestroyed) return chunk;
    throw new UsageError(
      'dead-allocation',
      `a run of ${this.count} tiles has been freed, or its pool was disposed; drop it when you free it`,
    );
  }

  private home(): TileChunk<Texture> {
    const chunk = this.liveChunk();
    if (chunk.refusal !== undefined) throw chunk.refusal;
    return chunk;
  }
}
