/**
 * Tile chunks: the array textures of one tile pool, how they are made, filled and given back.
 *
 * Cost     reserve: O(chunks), and a chunk that has refused as long a run before is skipped.
 * Promise  older chunks are filled first, so that younger ones run empty and can be given back. A chunk that
 *          the device refused is destroyed when nothing is left in it.
 */
import type { CreatedTexture } from '../backend/texture-port.ts';
import type { Handle } from '../base/quantities.ts';
import { runAll } from '../base/run-all.ts';
import { NO_SPACE } from '../ranges/suballocator.ts';
import { refusalOf, type TextureClaims } from './texture-claims.ts';
import { TileChunk } from './tile-chunk.ts';
import type { TilePoolSettings } from './tile-options.ts';

/** See the head of the file. */
export class TileChunks<Texture> {
  /** Oldest first. */
  readonly list: TileChunk<Texture>[] = [];
  readonly claims: TextureClaims<Texture>;
  /** Where the last `reserve` found room. */
  found: TileChunk<Texture> | undefined;
  /** Tiles that can be given out. */
  freeCount = 0;
  /** The most bytes of all chunks together. */
  maxBytes: number;
  private readonly settings: TilePoolSettings;
  /** Chunks that could serve and hold nothing. */
  private emptyCount = 0;

  constructor(settings: TilePoolSettings, claims: TextureClaims<Texture>) {
    this.settings = settings;
    this.claims = claims;
    this.maxBytes = settings.maxBytes;
  }

  /** A row of `count` layers in the oldest chunk that has it (see `found`), or NO_SPACE. */
  reserve(count: number): Handle {
    const { list } = this;
    for (let i = 0; i < list.length; i++) {
      const chunk = list[i] as TileChunk<Texture>;
      const handle = chunk.reserve(count);
      if (handle === NO_SPACE) continue;
      if (chunk.takenCount === count) this.emptyCount--;
      this.freeCount -= count;
      this.found = chunk;
      return handle;
    }
    return NO_SPACE;
  }

  /** Whether the pool's own limits allow one more chunk. */
  get mayGrow(): boolean {
    const { maxChunks, chunkBytes } = this.settings;
    return this.list.length < maxChunks && this.claims.heldBytes + chunkBytes <= this.maxBytes;
  }

  /** Makes one more chunk, unless `mayStill` says no by then. @throws OutOfMemoryError · BackendError */
  grow(mayStill: () => boolean): void {
    const { descriptor, chunkBytes, tilesPerChunk } = this.settings;
    const created: CreatedTexture<Texture> | undefined = this.claims.create(descriptor, mayStill);
    if (created === undefined) return;
    const { texture, settled } = created;
    const chunk = new TileChunk(this.claims.createdCount, texture, chunkBytes, tilesPerChunk);
    this.list.push(chunk);
    this.emptyCount++;
    this.freeCount += tilesPerChunk;
    settled.catch((error: unknown) => this.refused(chunk, error));
  }

  /** A row of layers is free again; `now` is the boundary. Answers how many they were. */
  giveBack(chunk: TileChunk<Texture>, handle: Handle, now: number): number {
    const count = chunk.giveBack(handle);
    if (chunk.refusal === undefined) {
      this.freeCount += count;
      if (chunk.takenCount > 0) return count;
      this.emptyCount++;
      chunk.emptySince = now;
    } else if (chunk.takenCount === 0) this.destroy(chunk);
    return count;
  }

  /**
   * Gives back chunks that have been empty since the boundary `since` or longer, but keeps one empty.
   * O(chunks)
   */
  trimIdle(since: number): void {
    this.trimWhile((chunk) => this.emptyCount > 1 && chunk.emptySince <= since);
  }

  /** Gives back empty chunks until at most `bytes` are held. O(chunks) */
  trimTo(bytes: number): void {
    this.trimWhile(() => this.claims.heldBytes > bytes);
  }

  /** The longest run that could be had without growth, in tiles. O(pieces) */
  longestFree(): number {
    let longest = 0;
    for (const { refusal, layers } of this.list) {
      if (refusal === undefined) longest = Math.max(longest, layers.largestAllocatable());
    }
    return longest;
  }

  /** The longest run that could be had once nothing is pending any more, in tiles. O(pieces) */
  longestLater(): number {
    let longest = 0;
    for (const chunk of this.list) longest = Math.max(longest, chunk.longestLater());
    return longest;
  }

  /** Destroys every chunk, whatever lives in it. */
  dispose(): void {
    this.found = undefined;
    runAll([...this.list].reverse().map((chunk) => () => this.destroy(chunk)));
  }

  /** Bytes of the chunks that hold nothing. */
  get idleBytes(): number {
    return this.emptyCount * this.settings.chunkBytes;
  }

  /** The device has gone back on its word. */
  private refused(chunk: TileChunk<Texture>, error: unknown): void {
    if (chunk.isDestroyed) return;
    this.freeCount -= chunk.freeCount;
    chunk.refusal = refusalOf(error, chunk.sizeBytes);
    if (chunk.takenCount > 0) return;
    this.emptyCount--;
    // A backend that is lost may be disposed already; what it holds goes with it.
    if (!this.claims.textures.isLost) this.destroy(chunk);
  }

  /** Gives back empty chunks, the youngest first, where `isWanted`. */
  private trimWhile(isWanted: (chunk: TileChunk<Texture>) => boolean): void {
    for (let i = this.list.length - 1; i >= 0 && this.emptyCount > 0; i--) {
      const chunk = this.list[i] as TileChunk<Texture>;
      if (chunk.takenCount > 0 || chunk.refusal !== undefined || !isWanted(chunk)) continue;
      this.destroy(chunk);
      this.emptyCount--;
    }
  }

  private destroy(chunk: TileChunk<Texture>): void {
    this.claims.destroy(chunk.texture, chunk.sizeBytes);
    this.freeCount -= chunk.freeCount;
    chunk.isDestroyed = true;
    this.list.splice(this.list.indexOf(chunk), 1);
  }
}
