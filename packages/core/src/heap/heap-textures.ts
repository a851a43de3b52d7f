/// <reference lib="esnext.disposable" preserve="true" />
/**
 * Heap textures: textures that count against the budget of a heap and are destroyed at its boundaries.
 *
 * Promise  whole textures and the chunks of tile pools are claimed of the heap's budget before the device is
 *          asked; what is freed goes when the heap's next boundary is due; under pressure empty tile chunks
 *          and idle staging go before a buffer is refused.
 * Refusal  knows no textures but its own. After a loss of the device they are gone: make them again on the
 *          new one.
 */
import type { TextureBackend, TextureDescriptor } from '../backend/texture-port.ts';
import { show } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';
import type { Serial } from '../base/quantities.ts';
import { runAll } from '../base/run-all.ts';
import { DestroyQueue } from '../memory/destroy-queue.ts';
import type { BoundaryFollower } from '../memory/followers.ts';
import type { Memory } from '../memory/memory.ts';
import { type OwnedTexture, OwnedTextures, type OwnedTexturesStatistics } from '../memory/owned-textures.ts';
import type { TextureBudget } from '../memory/texture-claims.ts';
import { textureBudgetOf } from '../memory/texture-room.ts';
import type { TilePoolOptions } from '../memory/tile-options.ts';
import { TilePool } from '../memory/tile-pool.ts';

/** Made by `GpuHeap.useTextures`. */
export class HeapTextures<Texture> {
  /** The port that it was made with, which it does not own. */
  readonly textures: TextureBackend<Texture>;
  private readonly memory: Memory<unknown>;
  private readonly queue: DestroyQueue = new DestroyQueue();
  private readonly follower: BoundaryFollower;
  private readonly owned: OwnedTextures<Texture>;
  private readonly budget: TextureBudget;
  private readonly onEnd: () => void;
  private isDisposed = false;
  private readonly tilePools = new Set<TilePool<Texture>>();

  /** Made by `GpuHeap.useTextures`. `onEnd` is called when it is disposed of. */
  constructor(memory: Memory<unknown>, textures: TextureBackend<Texture>, onEnd: () => void) {
    this.onEnd = onEnd;
    this.memory = memory;
    this.textures = textures;
    this.budget = textureBudgetOf(memory);
    this.owned = new OwnedTextures(textures, this.queue, this.budget);
    this.follower = this.makeFollower();
    const { backend } = memory;
    memory.followers.add(this.follower);
    backend.texturePorts = [...backend.texturePorts, textures];
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

  /** A pool of tiles in array textures. @throws UsageError `bad-argument`, `unknown-option`, `disposed` */
  createTilePool(options: TilePoolOptions): TilePool<Texture> {
    this.owned.checkUsable();
    const pool: TilePool<Texture> = new TilePool(this.textures, options, this.budget, () => {
      this.tilePools.delete(pool);
    });
    this.tilePools.add(pool);
    return pool;
  }

  private makeFollower(): BoundaryFollower {
    const { tilePools, textures, queue } = this;
    return {
      boundary: (serial) => this.boundary(serial),
      reclaim: (serial) => this.reclaim(serial),
      trim: () => this.trim(),
      get idleBytes() {
        let bytes = textures.idleStagingBytes ?? 0;
        for (const pool of tilePools) bytes += pool.idleBytes;
        return bytes;
      },
      get isWaiting() {
        return queue.stampedCount > 0 || [...tilePools].some((pool) => pool.isWaiting);
      },
    };
  }

  private boundary(serial: Serial): void {
    this.queue.boundary(serial);
    for (const pool of this.tilePools) pool.boundary(serial);
    this.textures.ageStaging?.();
  }

  private reclaim(serial: Serial): number {
    let count = this.queue.reclaim(serial);
    for (const pool of this.tilePools) count += pool.reclaim(serial);
    return count;
  }

  private trim(): number {
    let bytes = this.textures.stagingBytes;
    if (bytes > 0) this.textures.trimStaging?.();
    bytes -= this.textures.stagingBytes;
    for (const pool of this.tilePools) bytes += pool.trim();
    return bytes;
  }

  /** Of whole textures; tile pools have figures of their own. */
  statistics(into?: OwnedTexturesStatistics): OwnedTexturesStatistics {
    return this.owned.statistics(into);
  }

  /** Destroys every texture and every tile pool. May be called twice. */
  dispose(): void {
    if (this.isDisposed) return;
    this.isDisposed = true;
    this.onEnd();
    const { memory } = this;
    memory.followers.remove(this.follower);
    const ports = [...memory.backend.texturePorts];
    if (ports.includes(this.textures)) ports.splice(ports.indexOf(this.textures), 1);
    memory.backend.texturePorts = ports;
    runAll([...[...this.tilePools].map((pool) => () => pool.dispose()), () => this.owned.dispose()]);
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
