import { describe, expect, it } from 'vitest';
import { type MockTexture, MockTextures } from '../../../mock/src/index.ts';
import { TextureUsage, type TileAllocation, TilePool, type TilePoolOptions } from '../../src/index.ts';
import { codeOf } from '../code-of.ts';
import { openTiles, TILE_BYTES } from './tile-scene.ts';

const placesOf = (tiles: readonly TileAllocation<MockTexture>[]) =>
  tiles.map(({ chunkId, layer, count }) => [chunkId, layer, count]);

describe('tiles and chunks', () => {
  it('makes no chunk before a tile is asked for', () => {
    const { textures, pool } = openTiles();
    expect(textures.textures.size).toBe(0);
    expect(pool.statistics()).toMatchObject({ chunkCount: 0, freeCount: 0, heldBytes: 0 });
    expect([pool.width, pool.height, pool.format, pool.tilesPerChunk]).toEqual([8, 4, 'rgba8unorm', 4]);
    expect(pool.tileBytes).toBe(TILE_BYTES);
  });

  it('fills the layers of a chunk, then makes another', () => {
    const { textures, pool } = openTiles();
    const tiles = Array.from({ length: 6 }, () => pool.allocate());
    expect(placesOf(tiles)).toEqual([
      [1, 0, 1],
      [1, 1, 1],
      [1, 2, 1],
      [1, 3, 1],
      [2, 0, 1],
      [2, 1, 1],
    ]);
    expect([...textures.textures].map(({ shape }) => shape.layers)).toEqual([4, 4]);
    expect(tiles[0]?.texture).not.toBe(tiles[4]?.texture);
  });

  it('asks for what its options say', () => {
    const { textures, pool } = openTiles({ usage: TextureUsage.COPY_DST, mips: 2, label: 'terrain' });
    pool.allocate();
    const shape = [...textures.textures][0]?.shape;
    expect(shape).toMatchObject({ width: 8, height: 4, layers: 4, mips: 2, usage: 2, label: 'terrain' });
    expect(pool.tileBytes).toBe(TILE_BYTES + TILE_BYTES / 4);
  });

  it('lays a run in neighbouring layers of one chunk, the oldest that has them', () => {
    const { pool, pass } = openTiles();
    const tiles = [2, 3, 2, 1].map((count) => pool.allocate(count));
    expect(placesOf(tiles)).toEqual([
      [1, 0, 2],
      [2, 0, 3],
      [1, 2, 2],
      [2, 3, 1],
    ]);
    pool.free(tiles[0]!);
    pool.free(tiles[2]!);
    pass();
    // Freed singly, but neighbours: they serve a longer run.
    expect(placesOf([pool.allocate(4)])).toEqual([[1, 0, 4]]);
  });

  it('takes 8 MiB of tiles to a chunk by default, within the limits of the device', () => {
    const options = (width: number): TilePoolOptions => ({ width, height: width, format: 'rgba8unorm' });
    const tilesOf = (width: number) => new TilePool(new MockTextures(), options(width)).tilesPerChunk;
    expect(tilesOf(128)).toBe(128);
    expect(tilesOf(2048)).toBe(1);
    expect(tilesOf(16)).toBe(256);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['no width', { width: undefined }, 'bad-size'],
    ['no height', { height: undefined }, 'bad-size'],
    ['half blocks', { format: 'bc7-rgba-unorm', width: 6 }, 'bad-size'],
    ['a format that the backend does not know', { format: 'rgb8' }, 'bad-argument'],
    ['no usage', { usage: 0 }, 'bad-usage'],
    ['no tile to a chunk', { tilesPerChunk: 0 }, 'bad-argument'],
    ['more layers than the device has', { tilesPerChunk: 257 }, 'bad-argument'],
    ['half a chunk', { maxChunks: 0.5 }, 'bad-argument'],
    ['negative bytes', { maxBytes: -1 }, 'bad-argument'],
    ['a negative time', { idleBoundaries: -1 }, 'bad-argument'],
    ['an unknown option', { tiles: 4 }, 'unknown-option'],
  ])('refuses %s', (_, wrong, code) => {
    expect(codeOf(() => openTiles(wrong as Partial<TilePoolOptions>))).toBe(code);
  });

  it('refuses runs that no chunk can hold, and counts that are none', () => {
    const { textures, pool } = openTiles();
    expect(codeOf(() => pool.allocate(5))).toBe('too-large');
    expect(codeOf(() => pool.tryAllocate(5))).toBe('too-large');
    for (const count of [0, -1, 1.5, Number.NaN, '2'] as number[]) {
      expect(codeOf(() => pool.allocate(count))).toBe('bad-size');
    }
    expect(textures.textures.size).toBe(0);
  });
});

describe('release', () => {
  it('gives a tile away again only when the boundary after its release is due', () => {
    const { pool } = openTiles({ maxChunks: 1 });
    const tiles = [pool.allocate(3), pool.allocate()];
    pool.boundary(5);
    pool.free(tiles[0]!);
    expect(pool.reclaim(5)).toBe(0);
    expect(pool.tryAllocate()).toBeUndefined();
    pool.boundary(8);
    expect(pool.reclaim(7)).toBe(0);
    expect(pool.tryAllocate()).toBeUndefined();
    expect(pool.statistics()).toMatchObject({ liveCount: 1, pendingCount: 3, freeCount: 0 });
    expect(pool.reclaim(8)).toBe(3);
    expect(pool.statistics()).toMatchObject({ liveCount: 1, pendingCount: 0, freeCount: 3 });
    expect(placesOf([pool.allocate(3)])).toEqual([[1, 0, 3]]);
  });

  it('refuses tiles that were freed, that are of another pool, or that are no tiles', () => {
    const { pool } = openTiles();
    const other = openTiles().pool;
    const tile = pool.allocate(2);
    pool.free(tile);
    expect(tile.isLive).toBe(false);
    expect(tile.count).toBe(2);
    expect(codeOf(() => pool.free(tile))).toBe('dead-allocation');
    expect(codeOf(() => tile.texture)).toBe('dead-allocation');
    expect(codeOf(() => tile.layer)).toBe('dead-allocation');
    expect(codeOf(() => tile.chunkId)).toBe('dead-allocation');
    const foreign = other.allocate();
    expect(codeOf(() => pool.free(foreign))).toBe('foreign-object');
    for (const none of [undefined, null, 7, {}, pool] as unknown as TileAllocation<MockTexture>[]) {
      expect(codeOf(() => pool.free(none))).toBe('foreign-object');
    }
    expect(foreign.isLive).toBe(true);
    expect(pool.statistics()).toMatchObject({ liveCount: 0, pendingCount: 2, releaseCount: 1 });
  });

  it('refuses serials that fall, and what is no serial', () => {
    const { pool } = openTiles();
    pool.boundary(4);
    expect(codeOf(() => pool.boundary(3))).toBe('bad-argument');
    expect(codeOf(() => pool.boundary(4.5))).toBe('bad-argument');
    expect(codeOf(() => pool.reclaim(-1))).toBe('bad-argument');
    pool.boundary(4);
  });
});

describe('giving chunks back', () => {
  it('gives an empty chunk back after some boundaries, but keeps one', () => {
    const { textures, pool, pass } = openTiles({ idleBoundaries: 2 });
    const tiles = [4, 4, 4].map((count) => pool.allocate(count));
    for (const tile of tiles) pool.free(tile);
    pass();
    expect(textures.textures.size).toBe(3);
    pass();
    expect(textures.textures.size).toBe(3);
    pass();
    expect([...textures.textures].map(({ id }) => id)).toEqual([1]);
    for (let k = 0; k < 10; k++) pass();
    expect(textures.textures.size).toBe(1);
    expect(pool.statistics()).toMatchObject({ chunkCount: 1, freeCount: 4, heldBytes: 4 * TILE_BYTES });
  });

  it('makes and destroys nothing while it goes up and down around the border of a chunk', () => {
    const { pool, pass } = openTiles({ idleBoundaries: 1 });
    for (let k = 0; k < 4; k++) pool.allocate();
    for (let k = 0; k < 50; k++) {
      const tile = pool.allocate();
      pass();
      pool.free(tile);
      pass();
    }
    expect(pool.statistics()).toMatchObject({ createdChunkCount: 2, destroyedChunkCount: 0 });
  });

  it('gives no chunk back in which a tile is pending', () => {
    const { textures, pool } = openTiles({ idleBoundaries: 0 });
    const tiles = [pool.allocate(4), pool.allocate(4)];
    for (const tile of tiles) pool.free(tile);
    for (let serial = 1; serial < 10; serial++) pool.boundary(serial);
    expect(pool.trim()).toBe(0);
    expect(textures.textures.size).toBe(2);
    pool.reclaim(1);
    expect(pool.trim()).toBe(8 * TILE_BYTES);
    expect(textures.textures.size).toBe(0);
    expect(pool.statistics()).toMatchObject({ heldBytes: 0, peakHeldBytes: 8 * TILE_BYTES, freeCount: 0 });
  });

  it('holds to a lower limit as soon as tiles are freed, and never takes one away', () => {
    const { textures, pool, pass } = openTiles();
    const tiles = [4, 4, 4].map((count) => pool.allocate(count));
    pool.free(tiles[1]!);
    pass();
    pool.setMaxBytes(4 * TILE_BYTES);
    expect(textures.textures.size).toBe(2);
    expect(tiles[2]?.isLive).toBe(true);
    expect(pool.tryAllocate()).toBeUndefined();
    pool.free(tiles[0]!);
    pass();
    expect(placesOf([pool.allocate(2)])).toEqual([[1, 0, 2]]);
    pool.setMaxBytes(Number.POSITIVE_INFINITY);
    expect(pool.allocate(4).chunkId).toBe(4);
    expect(codeOf(() => pool.setMaxBytes(-1))).toBe('bad-argument');
  });
});
