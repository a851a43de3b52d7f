import { describe, expect, it } from 'vitest';
import { MockTextures } from '../../../mock/src/index.ts';
import { BufferUsage, TextureUsage } from '../../src/index.ts';
import { codeOf } from '../code-of.ts';
import { openHeap } from './open-heap.ts';

const { VERTEX } = BufferUsage;
const KIB = 1024;
const AT_ONCE = { reuseAfter: 'submitted', autoComplete: true } as const;
const descriptor = {
  width: 64,
  height: 64,
  format: 'rgba8unorm',
  usage: TextureUsage.COPY_DST | TextureUsage.TEXTURE_BINDING,
};

describe('textures of a heap', () => {
  it('count against its budget, buffers and textures together', () => {
    const { heap } = openHeap({ budgetBytes: 100 * KIB, chunkBytes: 64 * KIB });
    const textures = heap.useTextures(new MockTextures());
    const made = [0, 1, 2].map(() => textures.create(descriptor));
    expect(heap.statistics()).toMatchObject({ textureBytes: 48 * KIB, reservedBytes: 48 * KIB });
    expect(codeOf(() => heap.allocate({ size: 60 * KIB, usage: VERTEX }))).toBe('over-budget');
    heap.allocate({ size: 50 * KIB, usage: VERTEX });
    expect(codeOf(() => textures.create(descriptor))).toBe('over-budget');
    expect(heap.statistics().textureBytes).toBe(48 * KIB);
    heap.setBudget(200 * KIB);
    expect(textures.create(descriptor).isLive).toBe(true);
    expect(made.every(({ isLive }) => isLive)).toBe(true);
  });

  it('are destroyed when the boundary that follows is due, not before', () => {
    for (const reuseAfter of ['submitted', 'completed'] as const) {
      const { gpu, heap } = openHeap({}, { reuseAfter });
      const port = new MockTextures();
      const textures = heap.useTextures(port);
      const texture = textures.create(descriptor);
      textures.free(texture);
      expect(port.textures.size).toBe(1);
      const serial = heap.endFrame();
      expect(port.textures.size).toBe(reuseAfter === 'submitted' ? 0 : 1);
      gpu.completeUpTo(serial);
      heap.submitted();
      expect(port.textures.size).toBe(0);
      expect(heap.statistics().textureBytes).toBe(0);
      expect(codeOf(() => textures.free(texture))).toBe('dead-allocation');
    }
  });

  it('lend empty tile chunks back when a buffer needs the room', () => {
    const { heap } = openHeap({ budgetBytes: 200 * KIB, chunkBytes: 64 * KIB }, { reuseAfter: 'submitted' });
    const textures = heap.useTextures(new MockTextures());
    const tiles = textures.createTilePool({ width: 64, height: 64, format: 'rgba8unorm', tilesPerChunk: 8 });
    const run = tiles.allocate(3);
    expect(heap.statistics().textureBytes).toBe(128 * KIB);
    expect(codeOf(() => heap.allocate({ size: 100 * KIB, usage: VERTEX }))).toBe('over-budget');
    tiles.free(run);
    expect(codeOf(() => heap.allocate({ size: 100 * KIB, usage: VERTEX }))).toBe('over-budget');
    heap.endFrame();
    expect(heap.allocate({ size: 100 * KIB, usage: VERTEX }).isLive).toBe(true);
    expect(heap.statistics().textureBytes).toBe(0);
  });

  it('go with the heap, and with the device', () => {
    const port = new MockTextures();
    const { gpu, heap } = openHeap();
    const textures = heap.useTextures(port);
    textures.create(descriptor);
    textures.createTilePool({ width: 8, height: 8, format: 'rgba8unorm' }).allocate();
    textures.dispose();
    expect(port.textures.size).toBe(0);
    const more = heap.useTextures(port);
    more.create(descriptor);
    heap.endFrame();
    heap.dispose();
    expect(port.textures.size).toBe(0);
    expect(codeOf(() => heap.useTextures(port))).toBe('disposed');
    expect(codeOf(() => openHeap().heap.useTextures({} as never))).toBe('bad-argument');
    gpu.lose();
  });
});

describe('room for a texture', () => {
  const tile = { width: 64, height: 64, format: 'rgba8unorm', tilesPerChunk: 1 };

  it('is made of empty chunks, the oldest first and no more than it needs', () => {
    const { gpu, heap } = openHeap({ budgetBytes: 256 * KIB, chunkBytes: 64 * KIB }, AT_ONCE);
    const pool = heap.createPool({ name: 'least', minChunks: 1 });
    const places = [{ pool }, { pool }, { lifetime: 'default' }, { lifetime: 'long' }] as const;
    const meshes = places.map((place) => heap.allocate({ size: 40 * KIB, usage: VERTEX, ...place }));
    expect(gpu.buffers.size).toBe(4);
    for (const mesh of meshes) {
      mesh.free();
      heap.endFrame();
    }
    const textures = heap.useTextures(new MockTextures());
    // 80 KiB are two chunks; the one that its pool must keep is passed over.
    textures.create({ ...descriptor, layers: 5 });
    expect([pool.statistics().chunkCount, gpu.buffers.size]).toEqual([1, 2]);
    for (let k = 0; k < 3; k++) textures.create(descriptor);
    expect(gpu.buffers.size).toBe(2);
    for (let k = 0; k < 4; k++) textures.create(descriptor);
    expect([pool.statistics().chunkCount, gpu.buffers.size]).toEqual([1, 1]);
    expect(codeOf(() => textures.create(descriptor))).toBe('over-budget');
  });

  it('is made of empty tile chunks where empty chunks are not enough', () => {
    const { gpu, heap } = openHeap({ budgetBytes: 96 * KIB, chunkBytes: 64 * KIB }, AT_ONCE);
    heap.allocate({ size: 64, usage: VERTEX }).free();
    const textures = heap.useTextures(new MockTextures());
    const tiles = textures.createTilePool(tile);
    tiles.free(tiles.allocate());
    heap.endFrame();
    textures.create(descriptor);
    expect([gpu.buffers.size, tiles.statistics().chunkCount]).toEqual([1, 1]);
    textures.create({ ...descriptor, layers: 5 });
    expect([gpu.buffers.size, tiles.statistics().chunkCount]).toEqual([0, 0]);
    expect(heap.statistics().textureBytes).toBe(96 * KIB);
  });
});

describe('what ends before its heap', () => {
  const tile = { width: 64, height: 64, format: 'rgba8unorm', tilesPerChunk: 1 };

  it('is a tile pool: boundaries and pressure pass it by', () => {
    const { heap } = openHeap({ budgetBytes: 100 * KIB, chunkBytes: 64 * KIB });
    const textures = heap.useTextures(new MockTextures());
    const ended = textures.createTilePool(tile);
    const kept = textures.createTilePool(tile);
    ended.allocate();
    ended.dispose();
    ended.dispose();
    kept.free(kept.allocate());
    heap.endFrame();
    heap.submitted();
    expect(codeOf(() => heap.allocate({ size: 200 * KIB, usage: VERTEX }))).toBe('over-budget');
    expect(heap.statistics().textureBytes).toBe(16 * KIB);
    expect(kept.statistics().pendingCount).toBe(1);
  });

  it('counts the staging of a port once, and gives it back when memory is short', () => {
    let stagingBytes = 30 * KIB;
    let agedCount = 0;
    const port = new MockTextures();
    Object.defineProperty(port, 'stagingBytes', { get: () => stagingBytes });
    Object.assign(port, {
      ageStaging: () => agedCount++,
      trimStaging: () => {
        stagingBytes = 10 * KIB;
      },
    });
    const { heap } = openHeap({ budgetBytes: 100 * KIB, chunkBytes: 64 * KIB });
    const first = heap.useTextures(port);
    const second = heap.useTextures(port);
    expect(heap.statistics()).toMatchObject({ stagingBytes: 30 * KIB, reservedBytes: 30 * KIB });
    heap.endFrame();
    expect(agedCount).toBe(2);
    heap.allocate({ size: 80 * KIB, usage: VERTEX });
    expect(heap.statistics()).toMatchObject({ stagingBytes: 10 * KIB, reservedBytes: 90 * KIB });
    first.dispose();
    expect(heap.statistics().stagingBytes).toBe(10 * KIB);
    second.dispose();
    expect(heap.statistics().stagingBytes).toBe(0);
  });

  it('tells what could be allocated with idle tile chunks in mind', () => {
    const { heap } = openHeap({ budgetBytes: 200 * KIB, chunkBytes: 64 * KIB }, { reuseAfter: 'submitted' });
    const tiles = heap.useTextures(new MockTextures()).createTilePool({ ...tile, tilesPerChunk: 8 });
    tiles.free(tiles.allocate(3));
    heap.endFrame();
    expect(heap.canAllocate({ size: 100 * KIB, usage: VERTEX })).toBe(true);
    expect(heap.largestAllocatable({ size: 1, usage: VERTEX })).toBe(200 * KIB);
    expect(heap.allocate({ size: 200 * KIB, usage: VERTEX }).isLive).toBe(true);
  });

  it('is one of many whose end fails: the others end all the same', () => {
    const port = new MockTextures();
    const { gpu, heap } = openHeap();
    const textures = heap.useTextures(port);
    const made = [0, 1, 2].map(() => textures.create(descriptor));
    const destroy = port.destroyTexture.bind(port);
    port.destroyTexture = (texture) => {
      if (texture === made[0]?.texture) throw new RangeError('the driver said no');
      destroy(texture);
    };
    heap.allocate({ size: 100, usage: VERTEX });
    expect(() => heap.dispose()).toThrow('the driver said no');
    expect([port.textures.size, gpu.buffers.size]).toEqual([1, 0]);
  });
});
