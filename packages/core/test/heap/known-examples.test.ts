import { describe, expect, it } from 'vitest';
import { MockTextures } from '../../../mock/src/index.ts';
import { BufferUsage } from '../../src/index.ts';
import { BestFit, Fixed, NO_SPACE } from '../../src/ranges/index.ts';
import { codeOf } from '../code-of.ts';
import { firstDifference, openHeap, patternOf } from './open-heap.ts';

// What the guides of other systems show first, said with this one.

const { COPY_SRC, UNIFORM, VERTEX } = BufferUsage;
const KIB = 1024;
const MIB = 1024 * KIB;

describe('an example of others can be said:', () => {
  it('chunks of 64 MiB, one range of 1 KiB, used, released, reclaimed, the device let go', () => {
    const { gpu, heap } = openHeap({ chunkBytes: 64 * MIB });
    const constants = heap.allocate({ size: KIB, alignment: 256, usage: UNIFORM });
    constants.write(patternOf(1, KIB));
    gpu.completeUpTo(heap.submitted());
    const { buffer, offset, size } = constants.binding();
    expect([offset % 256, size]).toEqual([0, KIB]);
    expect(firstDifference(gpu.peek(buffer, offset, size), patternOf(1, KIB))).toBe(-1);
    constants.free();
    expect(heap.statistics().pendingBytes).toBe(KIB);
    gpu.completeUpTo(heap.endFrame());
    heap.endFrame();
    expect(heap.statistics()).toMatchObject({ pendingBytes: 0, allocationCount: 0 });
    heap.dispose();
    expect(gpu.buffers.size).toBe(0);
  });

  it('200 KiB of vertices and 100 KiB of indices in 1000 KiB, then 50 KiB of constants behind them', () => {
    const ranges = new BestFit({ capacity: 1000 * KIB });
    const holes = () => [...ranges.ranges()].filter(({ handle }) => handle === NO_SPACE);
    const vertices = ranges.allocate(200 * KIB, 256);
    const indices = ranges.allocate(100 * KIB, 256);
    expect([vertices, indices].map((handle) => ranges.offsetOf(handle))).toEqual([0, 200 * KIB]);
    expect(holes()).toEqual([{ offset: 300 * KIB, size: 700 * KIB, handle: NO_SPACE }]);
    const constants = ranges.allocate(50 * KIB, 256);
    expect(ranges.offsetOf(constants)).toBe(300 * KIB);
    expect(holes()).toEqual([{ offset: 350 * KIB, size: 650 * KIB, handle: NO_SPACE }]);
  });

  it('a pool of memory that the CPU fills, over a best fit, by its defaults', () => {
    const { heap } = openHeap();
    const pool = heap.createPool({
      name: 'upload, best fit',
      location: 'upload',
      suballocator: (options) => new BestFit(options),
    });
    const [first, second] = [100, 200].map((size) => heap.allocate({ size, usage: COPY_SRC, pool }));
    expect(first?.buffer).toBe(second?.buffer);
    expect(pool.kind.location).toBe('upload');
  });

  it('a pool of slots of 64 bytes in chunks of 1 KiB, 1 MiB at most', () => {
    const { gpu, heap } = openHeap();
    const pool = heap.createPool({
      name: 'slots',
      suballocator: (options) => new Fixed(options),
      granularity: 64,
      chunkBytes: KIB,
      maxBytes: MIB,
    });
    for (let k = 0; k < 16; k++) heap.allocate({ size: 64, usage: VERTEX, pool });
    expect(pool.statistics()).toMatchObject({ reservedBytes: KIB, chunkCount: 1, freeBytes: 0 });
    // The rest by eights, which is quicker.
    for (let k = 2; k < MIB / 512; k++) heap.allocate({ size: 512, usage: VERTEX, pool });
    expect(pool.statistics()).toMatchObject({ reservedBytes: MIB, chunkCount: KIB, freeBytes: 0 });
    expect(codeOf(() => heap.allocate({ size: 64, usage: VERTEX, pool }))).toBe('pool-full');
    expect(gpu.heldBytes).toBe(MIB);
  });

  it('a pool of texture tiles of 64 KiB in chunks of 2 MiB, 1 GiB at most', () => {
    const textures = openHeap().heap.useTextures(new MockTextures());
    const tiles = textures.createTilePool({
      width: 128,
      height: 128,
      format: 'rgba8unorm',
      tilesPerChunk: 32,
      maxBytes: KIB * MIB,
    });
    expect(tiles.tileBytes).toBe(64 * KIB);
    for (let k = 0; k < 512; k++) expect(tiles.allocate(32).layer).toBe(0);
    expect(tiles.statistics()).toMatchObject({ heldBytes: KIB * MIB, chunkCount: 512 });
    expect(codeOf(() => tiles.allocate())).toBe('pool-full');
  });
});
