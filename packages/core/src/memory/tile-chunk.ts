/**
 * Tile chunk: one array texture, a tile to each layer, and the suballocator of its layers.
 *
 * Promise  a run of tiles is a row of neighbouring layers. What a refused chunk holds stays until it is given
 *          back; nothing new goes into it.
 */
import type { Handle } from '../base/quantities.ts';
import { Fixed } from '../ranges/fixed.ts';
import { NO_SPACE, type Suballocator } from '../ranges/suballocator.ts';
import type { TextureRefusal } from './texture-claims.ts';

/** See the head of the file. */
export class TileChunk<Texture> {
  /** Unique within the pool, never used again. */
  readonly id: number;
  readonly texture: Texture;
  readonly sizeBytes: number;
  /** Which layers are taken. */
  readonly layers: Suballocator;
  /** Set when the device went back on its word; the bytes of this chunk do not exist. */
  refusal: TextureRefusal | undefined;
  isDestroyed = false;
  /** Tiles that are live or pending. */
  takenCount = 0;
  /** The boundary at which it became empty; meaningless while it is not. */
  emptySince = 0;
  // A run that failed here fails again until something is given back, and so does any longer one.
  private refusedCount = Number.POSITIVE_INFINITY;
  /** Which runs are pending, by their numbers in the suballocator. */
  private readonly isPending: boolean[] = [];

  constructor(id: number, texture: Texture, sizeBytes: number, tileCount: number) {
    this.id = id;
    this.texture = texture;
    this.sizeBytes = sizeBytes;
    this.layers = new Fixed({ capacity: tileCount });
  }

  /** A row of `count` layers, or NO_SPACE. */
  reserve(count: number): Handle {
    if (this.refusal !== undefined || count >= this.refusedCount) return NO_SPACE;
    const handle = this.layers.allocate(count);
    if (handle === NO_SPACE) this.refusedCount = count;
    else this.takenCount += count;
    return handle;
  }

  /** The owner has freed a run; it stays reserved until `giveBack`. */
  release(handle: Handle): void {
    this.isPending[this.layers.indexOf(handle)] = true;
  }

  /** A row of layers is free again. Answers how many they were. */
  giveBack(handle: Handle): number {
    const count = this.layers.sizeOf(handle);
    this.isPending[this.layers.indexOf(handle)] = false;
    this.layers.free(handle);
    this.takenCount -= count;
    this.refusedCount = Number.POSITIVE_INFINITY;
    return count;
  }

  /** Tiles that can be given out. */
  get freeCount(): number {
    return this.refusal === undefined ? this.layers.capacity - this.takenCount : 0;
  }

  /** The longest run that there will be room for once nothing is pending any more. O(pieces) */
  longestLater(): number {
    let longest = 0;
    let length = 0;
    for (const { size, handle } of this.layers.ranges()) {
      const isTaken = handle !== NO_SPACE && this.isPending[this.layers.indexOf(handle)] !== true;
      length = isTaken ? 0 : length + size;
      if (length > longest) longest = length;
    }
    return this.refusal === undefined ? longest : 0;
  }
}
