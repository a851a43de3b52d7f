import { describe, expect, it } from 'vitest';
import { OutOfMemoryError } from '../../src/index.ts';
import { codeOf } from '../code-of.ts';
import { openTiles, TILE_BYTES } from './tile-scene.ts';

/** The out-of-memory error that `act` throws. */
function outOfMemory(act: () => unknown): OutOfMemoryError {
  try {
    act();
  } catch (error) {
    if (error instanceof OutOfMemoryError) return error;
    throw error;
  }
  throw new Error('there was room');
}

/** Waits until rejections have been noticed. */
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

describe('no room', () => {
  it('says which limit of its own is reached', () => {
    const { pool, budget } = openTiles({ maxChunks: 2 });
    pool.allocate(4);
    pool.allocate(3);
    expect(pool.tryAllocate(2)).toBeUndefined();
    const { code, remedy, figures } = outOfMemory(() => pool.allocate(2));
    expect([code, remedy]).toEqual(['pool-full', 'raise-pool-limit']);
    expect(figures).toEqual({
      requestedBytes: 2 * TILE_BYTES,
      largestFreeBytes: TILE_BYTES,
      freeBytes: TILE_BYTES,
      pendingBytes: 0,
      reservedBytes: 8 * TILE_BYTES,
      budgetBytes: 8 * TILE_BYTES,
    });
    expect(budget.claimedBytes).toBe(8 * TILE_BYTES);
    expect(outOfMemory(() => openTiles({ maxBytes: 4 * TILE_BYTES - 1 }).pool.allocate()).code).toBe(
      'pool-full',
    );
  });

  it('names waiting as the remedy exactly when waiting helps', () => {
    const { pool } = openTiles({ maxChunks: 1 });
    const tiles = [1, 1, 1, 1].map((count) => pool.allocate(count));
    pool.free(tiles[0]!);
    pool.free(tiles[2]!);
    expect(outOfMemory(() => pool.allocate()).remedy).toBe('end-frame');
    expect(outOfMemory(() => pool.allocate(2)).remedy).toBe('raise-pool-limit');
    pool.boundary(1);
    expect(outOfMemory(() => pool.allocate()).remedy).toBe('wait');
    pool.free(tiles[1]!);
    expect(outOfMemory(() => pool.allocate(3)).remedy).toBe('end-frame');
    pool.boundary(2);
    pool.reclaim(2);
    expect(pool.allocate(3).layer).toBe(0);
    // What was pending once is not for ever.
    expect(outOfMemory(() => pool.allocate()).remedy).toBe('raise-pool-limit');
  });

  it('uses its limits to the last byte', () => {
    const { pool } = openTiles({ maxBytes: 8 * TILE_BYTES });
    pool.allocate(4);
    pool.allocate(4);
    expect(pool.tryAllocate()).toBeUndefined();
  });

  it('asks the budget before the device, and claims nothing that is refused', () => {
    const { textures, budget, pool, pass } = openTiles({}, {}, 4 * TILE_BYTES);
    const tile = pool.allocate(4);
    const error = outOfMemory(() => pool.allocate());
    expect([error.code, error.remedy]).toEqual(['over-budget', 'raise-budget']);
    expect(error.figures).toMatchObject({ budgetBytes: 4 * TILE_BYTES, reservedBytes: 4 * TILE_BYTES });
    expect(error.cause).toBeInstanceOf(OutOfMemoryError);
    expect(textures.textures.size).toBe(1);
    pool.free(tile);
    pass();
    pool.trim();
    expect(budget.claimedBytes).toBe(0);
    textures.refuseNext('now', 2);
    expect(pool.tryAllocate()).toBeUndefined();
    expect(outOfMemory(() => pool.allocate())).toMatchObject({ code: 'refused-by-device', remedy: 'free' });
    expect(budget.claimedBytes).toBe(0);
    expect(pool.allocate().layer).toBe(0);
  });
});

describe('late refusals and loss', () => {
  it('lets tiles throw the refusal, serves nothing from that chunk, and destroys it when it is empty', async () => {
    const { textures, budget, pool, pass } = openTiles();
    textures.refuseNext('late');
    const lost = pool.allocate(2);
    const texture = lost.texture;
    await nextTurn();
    expect(lost.isLive).toBe(true);
    expect(codeOf(() => lost.texture)).toBe('refused-by-device');
    expect(codeOf(() => lost.layer)).toBe('refused-by-device');
    expect(pool.statistics()).toMatchObject({ liveCount: 2, freeCount: 0, chunkCount: 1 });
    const good = pool.allocate(2);
    expect(good.texture).not.toBe(texture);
    expect(pool.statistics()).toMatchObject({ liveCount: 4, freeCount: 2, chunkCount: 2 });
    pool.free(lost);
    expect(textures.textures.has(texture)).toBe(true);
    pass();
    expect(textures.textures.has(texture)).toBe(false);
    expect(pool.statistics()).toMatchObject({ liveCount: 2, freeCount: 2, chunkCount: 1 });
    expect(budget.claimedBytes).toBe(4 * TILE_BYTES);
  });

  it('destroys at once a chunk that is refused when it is empty again', async () => {
    const { textures, budget, pool, pass } = openTiles({}, { settleWhen: 'manual' });
    textures.refuseNext('late');
    pool.free(pool.allocate());
    pass();
    expect(pool.statistics()).toMatchObject({ freeCount: 4, chunkCount: 1 });
    textures.settle();
    await nextTurn();
    expect(pool.statistics()).toMatchObject({ freeCount: 0, chunkCount: 0, heldBytes: 0 });
    expect([textures.textures.size, budget.claimedBytes]).toEqual([0, 0]);
    expect(pool.allocate().layer).toBe(0);
  });

  it('keeps one empty chunk that can serve, whatever was refused', async () => {
    const { textures, pool, pass } = openTiles({ idleBoundaries: 0 }, { settleWhen: 'manual' });
    textures.refuseNext('late');
    pool.free(pool.allocate());
    pass();
    textures.settle();
    await nextTurn();
    pool.free(pool.allocate());
    pass();
    pass();
    expect(pool.statistics()).toMatchObject({ chunkCount: 1, freeCount: 4 });
  });

  it('does not count what a refused chunk has left', async () => {
    const { textures, pool } = openTiles({ maxChunks: 1 });
    textures.refuseNext('late');
    const tile = pool.allocate();
    await nextTurn();
    expect(pool.tryAllocate()).toBeUndefined();
    const error = outOfMemory(() => pool.allocate());
    expect(error.figures).toMatchObject({ freeBytes: 0, largestFreeBytes: 0, reservedBytes: 4 * TILE_BYTES });
    pool.free(tile);
    expect(outOfMemory(() => pool.allocate()).remedy).toBe('raise-pool-limit');
  });

  it('outlives a refusal that comes after the chunk has gone, and one after its own end', async () => {
    const { textures, pool, pass } = openTiles({}, { settleWhen: 'manual' });
    textures.refuseNext('late', 2);
    pool.free(pool.allocate());
    pass();
    pool.trim();
    pool.allocate();
    pool.dispose();
    textures.settle();
    await nextTurn();
    expect(pool.statistics()).toMatchObject({ freeCount: 0, chunkCount: 0, heldBytes: 0 });
  });

  it('passes a loss on', async () => {
    const { textures, pool } = openTiles({}, { settleWhen: 'manual' });
    const tile = pool.allocate();
    textures.lose();
    await nextTurn();
    expect(codeOf(() => tile.texture)).toBe('device-lost');
    expect(codeOf(() => pool.allocate())).toBe('device-lost');
    expect(codeOf(() => pool.tryAllocate())).toBe('device-lost');
    pool.dispose();
    expect(textures.textures.size).toBe(0);
  });

  it('lets a backend go before it', async () => {
    const { textures, pool, pass } = openTiles({}, { settleWhen: 'manual' });
    pool.free(pool.allocate());
    pass();
    textures.dispose();
    await nextTurn();
    expect(codeOf(() => pool.allocate())).toBe('disposed');
  });
});

describe('the end', () => {
  it('destroys every chunk, ends every tile, and refuses what comes after', () => {
    const { textures, budget, pool } = openTiles();
    const live = pool.allocate(4);
    const pending = pool.allocate(2);
    pool.free(pending);
    pool.dispose();
    pool.dispose();
    expect([textures.textures.size, budget.claimedBytes]).toEqual([0, 0]);
    expect(live.isLive).toBe(false);
    expect(codeOf(() => live.texture)).toBe('dead-allocation');
    expect(pool.statistics()).toMatchObject({ liveCount: 0, pendingCount: 0, freeCount: 0, chunkCount: 0 });
    for (const act of [
      () => pool.allocate(),
      () => pool.tryAllocate(),
      () => pool.free(live),
      () => pool.boundary(9),
      () => pool.reclaim(9),
      () => pool.trim(),
      () => pool.setMaxBytes(1),
    ]) {
      expect(codeOf(act)).toBe('disposed');
    }
  });

  it('fills a record of the caller', () => {
    const { pool } = openTiles();
    pool.free(pool.allocate(3));
    const into = pool.statistics();
    pool.allocate();
    expect(pool.statistics(into)).toBe(into);
    expect(into).toEqual({
      heldBytes: 4 * TILE_BYTES,
      peakHeldBytes: 4 * TILE_BYTES,
      chunkCount: 1,
      liveCount: 1,
      peakLiveCount: 3,
      pendingCount: 3,
      freeCount: 0,
      allocationCount: 2,
      releaseCount: 1,
      createdChunkCount: 1,
      destroyedChunkCount: 0,
    });
  });
});
