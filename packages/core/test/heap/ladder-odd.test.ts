import { describe, expect, it } from 'vitest';
import { MockTextures } from '../../../mock/src/index.ts';
import { BufferUsage, OutOfMemoryError, type Remedy, TextureUsage } from '../../src/index.ts';
import { Buddy } from '../../src/ranges/index.ts';
import { codeOf } from '../code-of.ts';
import { openHeap } from './open-heap.ts';

const { COPY_DST, STORAGE, VERTEX } = BufferUsage;
const KIB = 1024;
const MIB = 1024 * KIB;
const AT_ONCE = { reuseAfter: 'submitted', autoComplete: true } as const;
const SMALL = { budgetBytes: 64 * KIB, chunkBytes: 64 * KIB };
const texture = { width: 64, height: 64, format: 'rgba8unorm', usage: TextureUsage.COPY_DST };

/** The remedy that a request names when it fails. */
function remedyOf(act: () => unknown): Remedy | undefined {
  try {
    act();
  } catch (error) {
    if (error instanceof OutOfMemoryError) return error.remedy;
    throw error;
  }
  return undefined;
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

describe('chunks that were made ahead', () => {
  it('stay when another pool grows, and go when memory is short, for textures too', async () => {
    const { heap } = openHeap({ budgetBytes: 12 * MIB }, AT_ONCE);
    await heap.warm({ size: 8 * MIB, usage: VERTEX });
    const warmed = heap.statistics().reservedBytes;
    heap.allocate({ size: 64, usage: STORAGE });
    expect(heap.statistics().reservedBytes).toBeGreaterThan(warmed);
    const textures = heap.useTextures(new MockTextures());
    expect(codeOf(() => textures.create({ ...texture, width: 2048, height: 2048 }))).toBe('over-budget');
    expect(heap.statistics().reservedBytes).toBeGreaterThan(warmed);
    textures.create({ ...texture, width: 1024, height: 2048 });
    expect(heap.statistics()).toMatchObject({ textureBytes: 8 * MIB });
  });

  it('are as small as budget and pool ask for', async () => {
    const { heap } = openHeap({ budgetBytes: 512 * KIB }, AT_ONCE);
    await heap.warm({ size: 1000, usage: VERTEX });
    expect(heap.statistics().reservedBytes).toBeLessThanOrEqual(512 * KIB);
    const other = openHeap({}, AT_ONCE).heap;
    const pool = other.createPool({ name: 'small', maxBytes: 256 * KIB });
    await other.warm({ size: 1000, usage: VERTEX, pool });
    expect(pool.statistics().reservedBytes).toBeLessThanOrEqual(256 * KIB);
  });
});

describe('what is kept for what was live lately', () => {
  it('is kept whatever textures are held', () => {
    const createdWith = (textureCount: number): number => {
      const { heap } = openHeap({}, AT_ONCE);
      const textures = heap.useTextures(new MockTextures());
      for (let k = 0; k < textureCount; k++) textures.create({ ...texture, width: 2048, height: 2048 });
      const peak = Array.from({ length: 12 }, () => heap.allocate({ size: MIB, usage: VERTEX }));
      for (const each of peak) each.free();
      heap.endFrame();
      for (let frame = 0; frame < 50; frame++) {
        const made = (['transient', 'long'] as const).map((lifetime) =>
          heap.allocate({ size: 900 * KIB, usage: VERTEX, lifetime }),
        );
        for (const each of made) each.free();
        heap.endFrame();
      }
      return heap.statistics().createdBufferCount;
    };
    expect(createdWith(1)).toBe(createdWith(0));
  });
});

describe('allocateMany', () => {
  it('fails when each of its requests ends the frame of another', () => {
    let askedCount = 0;
    const { heap } = openHeap(
      {
        ...SMALL,
        onPressure: () => {
          askedCount++;
          heap.endFrame();
        },
      },
      AT_ONCE,
    );
    const request = { size: 40 * KIB, usage: VERTEX, lifetime: 'frame' } as const;
    expect(codeOf(() => heap.allocateMany([request, request]))).toBe('over-budget');
    expect(askedCount).toBeLessThan(10);
    expect(heap.statistics().allocationCount).toBe(0);
    expect(heap.allocate(request).isLive).toBe(true);
  });
});

describe('a device that refuses late', () => {
  it('gets smaller buffers, until one is small enough', async () => {
    const { heap } = openHeap({}, { ...AT_ONCE, capacityBytes: 256 * KIB, refuseCapacity: 'late' });
    const mesh = await heap.allocateAsync({ size: 64, usage: VERTEX });
    expect(mesh.isLive).toBe(true);
    expect(heap.statistics().reservedBytes).toBeLessThanOrEqual(256 * KIB);
    expect(codeOf(() => mesh.binding())).toBe('none');
  });

  it('gets empty chunks back, and the application is asked before it fails', async () => {
    let askedCount = 0;
    const { heap } = openHeap(
      {
        chunkBytes: MIB,
        onPressure: () => {
          askedCount++;
          if (held.isLive) held.free();
          heap.endFrame();
        },
      },
      { ...AT_ONCE, capacityBytes: 1200 * KIB, refuseCapacity: 'late' },
    );
    const held = await heap.allocateAsync({ size: 600 * KIB, usage: STORAGE, dedicated: true });
    await heap.warm({ size: 400 * KIB, usage: VERTEX, lifetime: 'long' });
    const first = await heap.allocateAsync({ size: 500 * KIB, usage: VERTEX, dedicated: true });
    expect([first.isLive, askedCount]).toEqual([true, 0]);
    const second = await heap.allocateAsync({ size: 650 * KIB, usage: VERTEX, dedicated: true });
    expect([second.isLive, held.isLive, askedCount]).toEqual([true, false, 1]);
    await expect(heap.allocateAsync({ size: 900 * KIB, usage: VERTEX })).rejects.toMatchObject({
      code: 'refused-by-device',
    });
  });
});

describe('a remedy', () => {
  const tight = () => {
    const { gpu, heap } = openHeap(SMALL);
    const live = heap.allocate({ size: 40 * KIB, usage: VERTEX });
    heap.allocate({ size: 23 * KIB, usage: VERTEX }).free();
    return { gpu, heap, live };
  };

  it('is not to wait for bytes that a buffer of its own could not use', () => {
    const { heap, live } = tight();
    const requests = [
      { size: 20 * KIB, usage: VERTEX, dedicated: true },
      { size: 20 * KIB, usage: VERTEX, apartFrom: [live] },
      { size: 20 * KIB, usage: VERTEX, alignment: 48 * KIB },
    ];
    for (const request of requests) expect(remedyOf(() => heap.allocate(request))).toBe('raise-budget');
    expect(remedyOf(() => heap.allocate({ size: 20 * KIB, usage: VERTEX }))).toBe('end-frame');
  });

  it('counts guards and the space between members', () => {
    const guarded = openHeap({ ...SMALL, guardBytes: 4096 }).heap;
    guarded.allocate({ size: 4, usage: VERTEX }).free();
    expect(remedyOf(() => guarded.allocate({ size: 62 * KIB, usage: VERTEX }))).toBe('raise-budget');
    const { heap } = openHeap(SMALL);
    heap.allocate({ size: 4, usage: VERTEX }).free();
    const member = { size: 17 * KIB, usage: VERTEX, alignment: 32 * KIB };
    expect(remedyOf(() => heap.allocateBlock([member, member, member]))).toBe('raise-budget');
  });

  it('knows that buddies need more, and that a refused chunk gives nothing', async () => {
    const { heap } = openHeap({ budgetBytes: 100 * KIB, chunkBytes: 64 * KIB, dedicatedBytes: MIB });
    const pool = heap.createPool({ name: 'buddies', suballocator: (options) => new Buddy(options) });
    heap.allocate({ size: 4, usage: VERTEX, pool }).free();
    expect(remedyOf(() => heap.allocate({ size: 60 * KIB, usage: VERTEX, pool, dedicated: true }))).toBe(
      'end-frame',
    );
    const { gpu, heap: other } = openHeap(SMALL);
    gpu.faults.refuseCreation({ every: true, when: 'late' });
    const refused = other.allocate({ size: 4, usage: VERTEX });
    const held = other.allocate({ size: 4, usage: VERTEX });
    await nextTurn();
    refused.free();
    expect(held.isLive).toBe(true);
    expect(remedyOf(() => other.allocate({ size: 10 * KIB, usage: VERTEX }))).toBe('raise-budget');
  });

  it('is that of the request that failed last, not of one that only tried', async () => {
    const { heap } = tight();
    expect(heap.tryAllocate({ size: 60 * KIB, usage: VERTEX, dedicated: true })).toBe(undefined);
    await expect(heap.warm({ size: 20 * KIB, usage: VERTEX })).rejects.toMatchObject({ remedy: 'end-frame' });
  });

  it('is not to wait for a recording that nobody ends', async () => {
    const { heap } = openHeap(SMALL, AT_ONCE);
    const mesh = heap.allocate({ size: 60 * KIB, usage: VERTEX });
    const token = heap.record().use(mesh);
    mesh.free();
    heap.endFrame();
    const request = { size: 60 * KIB, usage: VERTEX };
    expect(remedyOf(() => heap.allocate(request))).toBe('raise-budget');
    await expect(heap.allocateAsync(request)).rejects.toMatchObject({ remedy: 'raise-budget' });
    token.end();
    heap.endFrame();
    expect((await heap.allocateAsync(request)).isLive).toBe(true);
  });
});

describe('the least that a pool holds', () => {
  it('is held beside buffers for one allocation', () => {
    const { heap } = openHeap({}, AT_ONCE);
    const pool = heap.createPool({ name: 'least', minBytes: 4 * MIB, dedicatedBytes: 8 * MIB });
    const large = heap.allocate({ size: 8 * MIB, usage: VERTEX, pool });
    heap.trim();
    large.free();
    heap.endFrame();
    expect(pool.statistics().reservedBytes).toBe(4 * MIB);
  });

  it('is held after an allocateMany that failed', () => {
    const { heap } = openHeap({ budgetBytes: 5 * MIB, chunkBytes: 4 * MIB }, AT_ONCE);
    const pool = heap.createPool({ name: 'least', minChunks: 1 });
    const own = { size: 3 * MIB, usage: VERTEX, pool };
    const other = { size: 2 * MIB, usage: VERTEX };
    expect(codeOf(() => heap.allocateMany([own, other, other]))).toBe('over-budget');
    expect(pool.statistics().chunkCount).toBe(1);
  });

  it('is what the most allows, and none where every allocation has a buffer of its own', () => {
    const { heap } = openHeap();
    const limits = [
      { minChunks: 2, maxBytes: MIB },
      { minChunks: 4, minBytes: 4 * MIB, maxBytes: 4 * MIB },
      { minChunks: 3, minBytes: 100 * KIB, granularity: 12 },
    ];
    for (const [k, limit] of limits.entries()) {
      const { chunkCount, reservedBytes } = heap.createPool({ name: `pool ${k}`, ...limit }).statistics();
      expect(chunkCount).toBeGreaterThanOrEqual(limit.minChunks);
      expect(reservedBytes).toBeGreaterThanOrEqual(limit.minBytes ?? 0);
      expect(reservedBytes).toBeLessThanOrEqual(limit.maxBytes ?? Number.POSITIVE_INFINITY);
    }
    for (const limit of [{ minChunks: 1 }, { minBytes: 4 }]) {
      const create = () => heap.createPool({ name: 'plain', suballocator: 'none', ...limit });
      expect(codeOf(create)).toBe('bad-argument');
    }
  });
});

describe('what could be allocated', () => {
  it('is what can be, of buddies and where pools keep a least', () => {
    const { heap } = openHeap({ budgetBytes: 3 * MIB }, AT_ONCE);
    const pool = heap.createPool({ name: 'buddies', suballocator: (options) => new Buddy(options) });
    heap.tryAllocate({ size: 2.5 * MIB, usage: VERTEX, pool });
    for (const size of [2.5 * MIB, 2 * MIB, 1.5 * MIB]) {
      const can = heap.canAllocate({ size, usage: VERTEX, pool });
      const made = heap.tryAllocate({ size, usage: VERTEX, pool });
      expect([size, made !== undefined]).toEqual([size, can]);
      made?.free();
      heap.endFrame();
    }
  });

  it('counts the staging of textures that lies idle', () => {
    let stagingBytes = 60 * KIB;
    const port = Object.defineProperties(new MockTextures(), {
      stagingBytes: { get: () => stagingBytes },
      idleStagingBytes: { get: () => stagingBytes },
      trimStaging: {
        value: () => {
          stagingBytes = 0;
        },
      },
    });
    const { heap } = openHeap({ budgetBytes: 100 * KIB, chunkBytes: 64 * KIB });
    heap.useTextures(port);
    expect(heap.canAllocate({ size: 80 * KIB, usage: VERTEX })).toBe(true);
    expect(heap.allocate({ size: 80 * KIB, usage: VERTEX }).isLive).toBe(true);
  });
});

describe('textures that were freed', () => {
  it('make room as soon as the GPU is done with them, also for who waits', async () => {
    const { gpu, heap } = openHeap({ budgetBytes: 20 * KIB, chunkBytes: 64 * KIB });
    const textures = heap.useTextures(new MockTextures());
    textures.free(textures.create(texture));
    heap.endFrame();
    expect(codeOf(() => textures.create(texture))).toBe('over-budget');
    const waiting = heap.allocateAsync({ size: 10 * KIB, usage: VERTEX });
    await nextTurn();
    gpu.completeAll();
    const mesh = await waiting;
    mesh.free();
    heap.endFrame();
    gpu.completeAll();
    heap.endFrame();
    const again = textures.create(texture);
    const tiles = textures.createTilePool({ width: 8, height: 8, format: 'rgba8unorm', tilesPerChunk: 2 });
    tiles.free(tiles.allocate());
    textures.free(again);
    heap.endFrame();
    gpu.completeAll();
    expect(textures.create(texture).isLive).toBe(true);
  });

  it('are waited for, tiles as well', async () => {
    const { gpu, heap } = openHeap({ budgetBytes: 20 * KIB, chunkBytes: 64 * KIB });
    const shape = { width: 64, height: 64, format: 'rgba8unorm', tilesPerChunk: 1 };
    const tiles = heap.useTextures(new MockTextures()).createTilePool(shape);
    tiles.free(tiles.allocate());
    heap.endFrame();
    let isOver = false;
    const waiting = heap.allocateAsync({ size: 10 * KIB, usage: VERTEX }).finally(() => {
      isOver = true;
    });
    await nextTurn();
    expect(isOver).toBe(false);
    gpu.completeAll();
    expect((await waiting).isLive).toBe(true);
    expect(tiles.statistics()).toMatchObject({ chunkCount: 0, pendingCount: 0 });
  });

  it('are made within the limits of a pool, whatever the application does meanwhile', () => {
    const { heap } = openHeap({
      budgetBytes: 8 * KIB,
      onPressure: () => {
        heap.setBudget(MIB);
        tiles.allocate();
      },
    });
    const textures = heap.useTextures(new MockTextures());
    const tiles = textures.createTilePool({
      width: 64,
      height: 64,
      format: 'rgba8unorm',
      tilesPerChunk: 2,
      maxChunks: 1,
    });
    expect(tiles.allocate().count).toBe(1);
    expect(tiles.statistics()).toMatchObject({ chunkCount: 1, liveCount: 2 });
    expect(heap.statistics().textureBytes).toBe(32 * KIB);
  });

  it('are refused when the application takes the last tile meanwhile', () => {
    const { heap } = openHeap({
      budgetBytes: 8 * KIB,
      onPressure: () => {
        heap.setBudget(MIB);
        tiles.allocate();
      },
    });
    const shape = { width: 64, height: 64, format: 'rgba8unorm', tilesPerChunk: 1, maxChunks: 1 };
    const tiles = heap.useTextures(new MockTextures()).createTilePool(shape);
    expect(codeOf(() => tiles.allocate())).toBe('pool-full');
    expect(tiles.statistics()).toMatchObject({ chunkCount: 1, liveCount: 1 });
    expect(heap.statistics().textureBytes).toBe(16 * KIB);
  });

  it('are told apart by who uses the port', () => {
    const port = Object.defineProperty(new MockTextures(), 'stagingBytes', { value: 5000 });
    const { heap } = openHeap();
    const [first] = [heap.useTextures(port), heap.useTextures(port)];
    first.dispose();
    first.dispose();
    expect(heap.statistics().stagingBytes).toBe(5000);
  });
});

describe('what waits when the heap ends', () => {
  it('rejects, though the GPU stands still', async () => {
    const { heap } = openHeap({}, { settleWhen: 'manual' });
    const waiting = [heap.allocateAsync({ size: 4, usage: VERTEX }), heap.warm({ size: 4, usage: STORAGE })];
    heap.dispose();
    for (const each of waiting) await expect(each).rejects.toMatchObject({ code: 'disposed' });
    const { heap: other } = openHeap(SMALL);
    other.allocate({ size: 60 * KIB, usage: VERTEX }).free();
    other.endFrame();
    const stuck = other.allocateAsync({ size: 60 * KIB, usage: VERTEX, access: 'write' });
    await nextTurn();
    other.dispose();
    await expect(stuck).rejects.toMatchObject({ code: 'disposed' });
  });

  it('leaves no live bytes in the accounts', () => {
    const { heap } = openHeap();
    heap.scopes.enter('load');
    heap.allocate({ size: 64, usage: VERTEX, owner: 'library', label: 'mesh' });
    heap.scopes.leave('load');
    expect(heap.scopes.statistics('load')).toMatchObject({ liveCount: 1 });
    heap.dispose();
    expect(heap.scopes.statistics('load')).toMatchObject({ liveCount: 0, allocationCount: 1 });
    expect(heap.owners.statistics('library')).toMatchObject({ liveCount: 0, usedBytes: 0 });
    expect(heap.labels.statistics('mesh')).toMatchObject({ liveCount: 0, requestedBytes: 0 });
  });
});

describe('tryAllocate', () => {
  it('throws no OutOfMemoryError, whatever it shall be apart from', async () => {
    const { gpu, heap } = openHeap();
    gpu.faults.refuseCreation({ every: true, when: 'late' });
    const refused = heap.allocate({ size: 4, usage: COPY_DST, location: 'upload' });
    await nextTurn();
    expect(codeOf(() => refused.binding())).toBe('refused-by-device');
    expect(heap.tryAllocate({ size: 4, usage: VERTEX, apartFrom: [refused] })).toBe(undefined);
  });
});
