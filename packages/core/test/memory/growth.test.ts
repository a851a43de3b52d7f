import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextChunkBytes, Watermark, wholeChunkBytes } from '../../src/memory/growth.ts';

const MIB = 2 ** 20;
const CHUNK = 16 * MIB;

const SIZES = { chunkBytes: CHUNK, mostChunkBytes: 256 * MIB };

describe('growth', () => {
  it('starts with a 16th of chunkBytes and grows with the pool', () => {
    const sizes = [0, 10, 16, 31, 32, 64, 128, 136, 600, 2048, 5000].map(
      (pool) => nextChunkBytes(1000, pool * MIB, SIZES, 16) / MIB,
    );
    expect(sizes).toEqual([1, 1, 1, 1, 2, 4, 8, 17, 75, 256, 256]);
  });

  it('stays with chunkBytes where that is the most', () => {
    const sizes = [0, 64, 136, 5000].map(
      (pool) => nextChunkBytes(1000, pool * MIB, { chunkBytes: CHUNK, mostChunkBytes: CHUNK }, 16) / MIB,
    );
    expect(sizes).toEqual([1, 4, 16, 16]);
  });

  it('gives a request for most of a chunk one of its own size, but for the first', () => {
    const bytes = (size: number, pool: number) => nextChunkBytes(size, pool, SIZES, 16);
    expect(bytes(0.75 * MIB, 0)).toBe(MIB);
    expect(bytes(0.75 * MIB + 1, 5 * MIB)).toBe(0.75 * MIB + 65_536);
    expect(bytes(0.5 * MIB, 5 * MIB)).toBe(MIB);
    expect(bytes(0.5 * MIB + 1, 5 * MIB)).toBe(0.5 * MIB + 65_536);
    expect(bytes(20 * MIB, 5 * MIB)).toBe(20 * MIB);
  });

  it('gives it one for several of its size where they make a 12th of the pool', () => {
    const bytes = (size: number, pool: number, most = CHUNK) =>
      nextChunkBytes(size, pool, { chunkBytes: CHUNK, mostChunkBytes: most }, 16);
    expect(bytes(MIB, 12 * MIB)).toBe(MIB);
    expect(bytes(MIB, 24 * MIB)).toBe(2 * MIB);
    expect(bytes(MIB, 31 * MIB)).toBe(3 * MIB);
    expect(bytes(10 * MIB, 240 * MIB)).toBe(10 * MIB);
    expect(bytes(10 * MIB, 120 * MIB, 2 * CHUNK)).toBe(10 * MIB);
    expect(bytes(10 * MIB, 240 * MIB, 2 * CHUNK)).toBe(30 * MIB);
  });

  it('always holds the request, in whole steps, and within its limits unless the request needs more', () => {
    const sizes = fc.oneof(fc.integer({ min: 1, max: 2 ** 26 }), fc.integer({ min: 1, max: 2 ** 40 }));
    const pools = fc.integer({ min: 0, max: 2 ** 34 });
    const chunks = fc.integer({ min: 1, max: 512 }).map((count) => count * 65_536);
    const factors = fc.integer({ min: 1, max: 16 });
    const steps = fc.constantFrom(16, 64, 256);
    fc.assert(
      fc.property(sizes, pools, chunks, factors, steps, (size, pool, chunkBytes, factor, step) => {
        const mostChunkBytes = chunkBytes * factor;
        const bytes = nextChunkBytes(size, pool, { chunkBytes, mostChunkBytes }, step);
        expect(bytes % step).toBe(0);
        expect(bytes).toBeGreaterThanOrEqual(size);
        expect(bytes).toBeLessThan(Math.max(mostChunkBytes, size) + 65_536);
      }),
    );
  });
});

describe('chunks for one allocation at a time', () => {
  it('are powers of two up to some megabytes, and then an eighth larger at most', () => {
    const kib = (size: number) => wholeChunkBytes(size * 1024, 16 * 1024) / 1024;
    expect([1, 17, 100, 128, 129, 256, 257, 5000, 8192].map(kib)).toEqual([
      16, 18, 104, 128, 256, 256, 512, 8192, 8192,
    ]);
    expect([8193, 10_000, 100_000].map(kib)).toEqual([9216, 10_240, 106_496]);
  });
});

describe('watermark', () => {
  it('remembers the most of the last one to two windows and forgets what is older', () => {
    const watermark = new Watermark();
    watermark.note(1000);
    for (let frame = 0; frame < 200; frame++) watermark.endFrame(10);
    expect(watermark.allowedBytes).toBe(1040);
    expect(watermark.spareStagingBytes).toBe(MIB + 20.8);
    for (let frame = 0; frame < 200; frame++) watermark.endFrame(10);
    expect(watermark.allowedBytes).toBeCloseTo(10.4);
    watermark.note(20);
    expect(watermark.allowedBytes).toBeCloseTo(20.8);
  });
});
