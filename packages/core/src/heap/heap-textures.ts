/// <reference lib="esnext.disposable" preserve="true" />
/**
 * Heap textures: textures that count against the budget of a heap and are destroyed at its boundaries.
 *
 * Promise  whole textures and the chunks of tile pools are claimed of the heap's budget before the device is
 *          asked; what is freed goes when the heap's next boundary is due; under pressure empty tile chunks
 *          go before a buffer is refused.
 * Refusal  knows no textures but its own. After a loss of the device they are gone: make them again on the
 *          new one.
 */
import type { TextureBackend, TextureDescriptor } from '../backend/texture-port.ts';
import { show } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';
import { DestroyQueue } from '../memory/destroy-queue.ts';
import type { Memory } from '../memory/memory.ts';
import { type OwnedTexture, OwnedTextures, type OwnedTexturesStatistics } from '../memory/owned-textures.ts';
import type { TilePoolOptions } from '../memory/tile-options.ts';
import { TilePool } from '../memory/tile-pool.ts';

/** Made by `GpuHeap.useTextures`. */
export class HeapTextures<Texture> {
  /** The port that it was made with, which it does not own. */
  readonly textures: TextureBackend<Texture>;
  private readonly memory: Memory<unknown>;
  private readonly queue: DestroyQueue = new DestroyQueue();
  private readonly owned: OwnedTextures<Texture>;
  private readonly tilePools: TilePool<Texture>[] = [];

  /** Made by `GpuHeap.useTextures`. */
  constructor(memory: Memory<unknown>, textures: TextureBackend<Texture>) {
    this.memory = memory;
    this.textures = textures;
    this.owned = new OwnedTextures(textures, this.queue, memory.backend);
    memory.followers.push(this.queue);
  }

  /**
   * A texture that reads as zero.
   * @throws UsageError as `measureTexture` of the port · OutOfMemoryError · BackendError
   */
  create(descriptor: TextureDescriptor): OwnedTexture<Texture> {
    return this.owned.create(descriptor);
  }

  /**
   * Ends a texture; it is destroyed when the GPU is done with it.
   * @throws UsageError `dead-allocation`, `foreign-object`, `disposed`
   */
  free(texture: OwnedTexture<Texture>): void {
    this.owned.free(texture);
  }

  /** A pool of tiles in array textures. @throws UsageError `bad-argument`, `unknown-option` */
  createTilePool(options: TilePoolOptions): TilePool<Texture> {
    const pool = new TilePool(this.textures, options, this.memory.backend);
    this.tilePools.push(pool);
    this.memory.followers.push(pool);
    return pool;
  }

  /** Of whole textures; tile pools have figures of their own. */
  statistics(into?: OwnedTexturesStatistics): OwnedTexturesStatistics {
    return this.owned.statistics(into);
  }

  /** Destroys every texture and every tile pool. May be called twice. */
  dispose(): void {
    for (const pool of this.tilePools) pool.dispose();
    this.owned.dispose();
    this.memory.followers = this.memory.followers.filter(
      (follower) => follower !== this.queue && !this.tilePools.includes(follower as TilePool<Texture>),
    );
  }

  /** As `dispose`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** @throws UsageError `bad-argument` unless it looks like a port to textures */
export function checkTextureBackend<Texture>(textures: TextureBackend<Texture>): void {
  if (textures !== null && typeof textures === 'object' && typeof textures.createTexture === 'function')
    return;
  throw new UsageError('bad-argument', `textures is ${show(textures)}; pass a TextureBackend`);
}
