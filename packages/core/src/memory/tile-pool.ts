/**
 * Tile pool: fixed tiles in the layers of array textures, singly or in runs of neighbouring layers.
 *
 * Layout   chunks, oldest first: an array texture each, all of one size, with a suballocator of its layers.
 * Cost     allocate: O(chunks), and a chunk that has refused as long a run before is skipped; in a chunk O(1)
 *          for one tile, O(pieces) for a run. free: O(1). reclaim: O(runs that are due). statistics: O(1).
 * Promise  a freed tile is given away again only when the serial of the boundary after its release is due; a
 *          chunk is given back only when no tile of it is live or pending. A run is refused only when no
 *          chunk has as many free layers in a row and no more chunks are allowed or to be had. What is
 *          refused leaves everything as it was.
 * Refusal  moves no tiles and evicts none: copy a run with `copyToLayer` and free the old one.
 * Source   WebGPU places no textures: the layers of an array texture are all that can be handed out singly.
 *          Usage is tracked for every layer by itself, so tiles that are written may lie beside tiles that
 *          are read, unlike ranges of one buffer.
 */
import type { TextureBackend } from '../backend/texture-port.ts';
import { checkInteger, show } from '../base/check.ts';
import { OutOfMemoryError, type Remedy, UsageError } from '../base/errors.ts';
import type { Handle, Serial } from '../base/quantities.ts';
import { NO_SPACE } from '../ranges/suballocator.ts';
import { SerialQueue } from '../tables/serial-queue.ts';
import { NO_TEXTURE_BUDGET, type TextureBudget, TextureClaims } from './texture-claims.ts';
import { TileAllocation } from './tile-allocation.ts';
import type { TileChunk } from './tile-chunk.ts';
import { TileChunks } from './tile-chunks.ts';
import {
  resolveMost,
  resolveTileOptions,
  type TilePoolOptions,
  type TilePoolSettings,
} from './tile-options.ts';

const ADVICE: Readonly<Record<Remedy, string>> = {
  'end-frame': 'pass a boundary and reclaim: freed tiles are waiting for it',
  wait: 'wait for the GPU and reclaim: freed tiles are waiting for it',
  evict: 'wait for what is evicted and reclaim',
  free: 'free some: the device has no more',
  'raise-budget': 'free some, or raise the budget',
  'raise-pool-limit': 'free some, or raise maxChunks or maxBytes',
};

/** Figures of a tile pool; counts of tiles unless the name says otherwise. */
export interface TilePoolStatistics {
  /** Bytes of all chunks. */
  heldBytes: number;
  peakHeldBytes: number;
  chunkCount: number;
  /** Tiles of runs that were not freed. */
  liveCount: number;
  peakLiveCount: number;
  /** Freed, but the GPU may still use them. */
  pendingCount: number;
  /** Can be given out at once, though not always in one run. */
  freeCount: number;
  /** Runs given out since construction. */
  allocationCount: number;
  /** Runs freed since construction. */
  releaseCount: number;
  createdChunkCount: number;
  destroyedChunkCount: number;
}

/** See the head of the file. */
export class TilePool<Texture> {
  /** Texels of a tile. */
  readonly width: number;
  /** Texels of a tile. */
  readonly height: number;
  readonly format: string;
  readonly tilesPerChunk: number;
  /** Bytes of one tile, all its levels of detail. */
  readonly tileBytes: number;
  /** @internal */
  readonly chunks: TileChunks<Texture>;
  private readonly settings: TilePoolSettings;
  private readonly claims: TextureClaims<Texture>;
  private readonly onEnd: () => void;
  private readonly releases = new SerialQueue<TileChunk<Texture>>();
  private lastSerial: Serial = 0;
  private boundaries = 0;
  private liveCount = 0;
  private peakLiveCount = 0;
  private pendingCount = 0;
  private allocationCount = 0;
  private releaseCount = 0;
  private isDisposed = false;

  /**
   * A pool without chunks. It asks `budget` for every chunk, if there is one, and calls `onEnd` when it is
   * disposed of.
   * @throws UsageError `bad-argument`, `unknown-option`, and as `measureTexture` of the port
   */
  constructor(
    textures: TextureBackend<Texture>,
    options: TilePoolOptions,
    budget: TextureBudget = NO_TEXTURE_BUDGET,
    onEnd: () => void = () => {},
  ) {
    this.onEnd = onEnd;
    this.settings = resolveTileOptions(options, textures);
    const { descriptor, tilesPerChunk, tileBytes } = this.settings;
    this.claims = new TextureClaims(textures, budget);
    this.chunks = new TileChunks(this.settings, this.claims);
    this.width = descriptor.width;
    this.height = this.settings.height;
    this.format = descriptor.format;
    this.tilesPerChunk = tilesPerChunk;
    this.tileBytes = tileBytes;
  }

  /**
   * A run of `count` neighbouring tiles, with whatever they held before.
   * @throws UsageError `bad-size`, `too-large` (longer than a chunk), `disposed`
   * @throws OutOfMemoryError `pool-full`, `over-budget`, `refused-by-device` · BackendError `device-lost`,
   *   `backend-failed`
   */
  allocate(count = 1): TileAllocation<Texture> {
    this.checkCount(count);
    const handle = this.chunks.reserve(count);
    if (handle !== NO_SPACE) return this.enter(handle, count);
    if (!this.chunks.mayGrow) throw this.outOfMemory(count, undefined);
    try {
      return this.grow(count);
    } catch (error) {
      throw error instanceof OutOfMemoryError ? this.outOfMemory(count, error) : error;
    }
  }

  /** As `allocate`, but answers `undefined` instead of throwing an OutOfMemoryError. */
  tryAllocate(count = 1): TileAllocation<Texture> | undefined {
    this.checkCount(count);
    const handle = this.chunks.reserve(count);
    if (handle !== NO_SPACE) return this.enter(handle, count);
    // At the limit this is asked over and over: no error is made to be thrown away.
    if (!this.chunks.mayGrow) return undefined;
    try {
      return this.grow(count);
    } catch (error) {
      if (error instanceof OutOfMemoryError) return undefined;
      throw error;
    }
  }

  /**
   * Ends a run; its tiles are given away again when the serial of the next boundary is due.
   * @throws UsageError `dead-allocation` (freed before), `foreign-object`, `disposed`
   */
  free(tile: TileAllocation<Texture>): void {
    this.checkUsable();
    if (!(tile instanceof TileAllocation) || !tile.belongsTo(this)) {
      throw new UsageError(
        'foreign-object',
        `tile is ${show(tile)} that this pool did not give out; free it where it is from`,
      );
    }
    const chunk = tile.liveChunk();
    chunk.release(tile.handle);
    tile.chunk = undefined;
    this.releases.put(chunk, tile.handle);
    this.liveCount -= tile.count;
    this.pendingCount += tile.count;
    this.releaseCount++;
  }

  /**
   * Everything recorded so far has been submitted, and `serial` is the point after it: what was freed waits
   * for it. Gives back chunks that were empty for long, all but one. Serials do not fall. O(chunks)
   * @throws UsageError `bad-argument`, `disposed`
   */
  boundary(serial: Serial): void {
    this.checkUsable();
    checkInteger(serial, 'serial', this.lastSerial, Number.MAX_SAFE_INTEGER, 'bad-argument');
    this.lastSerial = serial;
    this.releases.stamp(serial);
    this.boundaries++;
    this.chunks.trimIdle(this.boundaries - this.settings.idleBoundaries);
  }

  /**
   * Tiles whose serial is at most `dueSerial` are free again: pass the serial of the last boundary where
   * ranges are reused when submitted, else the completed serial. Answers how many.
   * @throws UsageError `bad-argument`, `disposed`
   */
  reclaim(dueSerial: Serial): number {
    this.checkUsable();
    checkInteger(dueSerial, 'dueSerial', 0, Number.MAX_SAFE_INTEGER, 'bad-argument');
    const before = this.pendingCount;
    while (this.releases.isDue(dueSerial)) {
      const chunk = this.releases.peekItem();
      const handle = this.releases.peekNumber();
      this.releases.drop();
      this.pendingCount -= this.chunks.giveBack(chunk, handle, this.boundaries);
    }
    return before - this.pendingCount;
  }

  /** Whether freed tiles wait for the serial of a boundary that has come. */
  get isWaiting(): boolean {
    return this.releases.hasStamped;
  }

  /** Bytes of empty chunks. */
  get idleBytes(): number {
    return this.chunks.idleBytes;
  }

  /** Gives back every empty chunk. Answers their bytes. O(chunks). @throws UsageError `disposed` */
  trim(): number {
    this.checkUsable();
    const before = this.claims.heldBytes;
    this.chunks.trimTo(0);
    return before - this.claims.heldBytes;
  }

  /**
   * The most bytes of all chunks from now on. Empty chunks are given back for it; those in use stay until
   * they are empty, and no new one is made meanwhile. O(chunks)
   * @throws UsageError `bad-argument`, `disposed`
   */
  setMaxBytes(bytes: number): void {
    this.checkUsable();
    this.chunks.maxBytes = resolveMost(bytes, 'bytes');
    this.chunks.trimTo(this.chunks.maxBytes);
  }

  /** Fills and returns `into`, or a fresh record. */
  statistics(into: TilePoolStatistics = {} as TilePoolStatistics): TilePoolStatistics {
    const { claims, chunks } = this;
    into.heldBytes = claims.heldBytes;
    into.peakHeldBytes = claims.peakHeldBytes;
    into.chunkCount = chunks.list.length;
    into.liveCount = this.liveCount;
    into.peakLiveCount = this.peakLiveCount;
    into.pendingCount = this.pendingCount;
    into.freeCount = chunks.freeCount;
    into.allocationCount = this.allocationCount;
    into.releaseCount = this.releaseCount;
    into.createdChunkCount = claims.createdCount;
    into.destroyedChunkCount = claims.destroyedCount;
    return into;
  }

  /**
   * Destroys every chunk, whatever lives in it; to be called before the backend's own. May be called twice.
   */
  dispose(): void {
    if (this.isDisposed) return;
    this.isDisposed = true;
    this.liveCount = 0;
    this.pendingCount = 0;
    this.onEnd();
    this.chunks.dispose();
  }

  private checkUsable(): void {
    if (this.isDisposed) throw new UsageError('disposed', 'this tile pool was disposed; make a new one');
  }

  private checkCount(count: number): void {
    this.checkUsable();
    checkInteger(count, 'count', 1, Number.MAX_SAFE_INTEGER, 'bad-size');
    if (count <= this.tilesPerChunk) return;
    throw new UsageError(
      'too-large',
      `a run of ${count} tiles is longer than a chunk of ${this.tilesPerChunk}; split it or raise tilesPerChunk`,
    );
  }

  /** A run in a new chunk. */
  private grow(count: number): TileAllocation<Texture> {
    // Asked for memory, the application may have ended this pool, or have it grown.
    this.chunks.grow(() => !this.isDisposed && this.chunks.mayGrow);
    this.checkUsable();
    const handle = this.chunks.reserve(count);
    if (handle === NO_SPACE) throw this.outOfMemory(count, undefined);
    return this.enter(handle, count);
  }

  private enter(handle: Handle, count: number): TileAllocation<Texture> {
    this.liveCount += count;
    if (this.liveCount > this.peakLiveCount) this.peakLiveCount = this.liveCount;
    this.allocationCount++;
    return new TileAllocation(this, this.chunks.found as TileChunk<Texture>, handle, count);
  }

  private outOfMemory(count: number, cause: OutOfMemoryError | undefined): OutOfMemoryError {
    const { tileBytes, liveCount, pendingCount } = this;
    const { freeCount, list, maxBytes } = this.chunks;
    const { maxChunks, chunkBytes } = this.settings;
    const longest = this.chunks.longestFree();
    const remedy = this.remedyFor(count, cause);
    return new OutOfMemoryError(
      cause?.code ?? 'pool-full',
      `no room for a run of ${count} tiles in ${list.length} chunks of ${this.tilesPerChunk}: live ${liveCount}, ` +
        `pending ${pendingCount}, free ${freeCount}, ${longest} of them in a row; ${ADVICE[remedy]}`,
      {
        requestedBytes: count * tileBytes,
        largestFreeBytes: longest * tileBytes,
        freeBytes: freeCount * tileBytes,
        pendingBytes: pendingCount * tileBytes,
        reservedBytes: cause?.figures.reservedBytes ?? this.claims.heldBytes,
        budgetBytes: cause?.figures.budgetBytes ?? Math.min(maxBytes, maxChunks * chunkBytes),
      },
      { remedy, cause },
    );
  }

  private remedyFor(count: number, cause: OutOfMemoryError | undefined): Remedy {
    if (this.chunks.longestLater() >= count) return this.releases.hasUnstamped ? 'end-frame' : 'wait';
    return cause === undefined ? 'raise-pool-limit' : cause.remedy;
  }
}
