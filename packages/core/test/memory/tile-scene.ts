import { type MockTexture, MockTextures, type MockTexturesOptions } from '../../../mock/src/index.ts';
import { OutOfMemoryError, type TextureBudget, TilePool, type TilePoolOptions } from '../../src/index.ts';

/** Bytes of a tile of the scene: 8 x 4 texels of 4 bytes. */
export const TILE_BYTES = 128;

/** A budget that can be looked at. */
export class CountedBudget implements TextureBudget {
  claimedBytes = 0;
  readonly most: number;

  constructor(most: number) {
    this.most = most;
  }

  claim(bytes: number): void {
    if (this.claimedBytes + bytes > this.most) {
      throw new OutOfMemoryError('over-budget', `${bytes} more than ${this.most} are too many`, {
        requestedBytes: bytes,
        largestFreeBytes: 0,
        freeBytes: 0,
        pendingBytes: 0,
        reservedBytes: this.claimedBytes,
        budgetBytes: this.most,
      });
    }
    this.claimedBytes += bytes;
  }

  unclaim(bytes: number): void {
    this.claimedBytes -= bytes;
  }
}

/** A pool of tiles of 128 bytes, 4 to a chunk unless told otherwise, on virtual textures of its own. */
export function openTiles(
  options: Partial<TilePoolOptions> = {},
  mock: MockTexturesOptions = {},
  budgetBytes: number = Number.POSITIVE_INFINITY,
) {
  const textures = new MockTextures(mock);
  const budget = new CountedBudget(budgetBytes);
  const plain = { width: 8, height: 4, format: 'rgba8unorm', tilesPerChunk: 4, idleBoundaries: 2 };
  const pool = new TilePool<MockTexture>(textures, { ...plain, ...options }, budget);
  let serial = 0;
  /** A boundary, after which what was freed before it is free at once. */
  const pass = () => {
    serial++;
    pool.boundary(serial);
    return pool.reclaim(serial);
  };
  return { textures, budget, pool, pass };
}
