import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextChunkBytes, Watermark } from '../../src/memory/growth.ts';

const MIB = 2 ** 20;
const CHUNK = 16 * MIB;

describe('growth', () => {
  it('starts with a 16th of chunkBytes and grows with the pool, up to chunkBytes', () => {
    const sizes = [0, 10, 64, 128, 300, 600, 5000].map(
      (pool) => nextChunkBytes(1000, pool * MIB, CHUNK, 16) / MIB,
    );
    expect(sizes).toEqual([1, 1, 2, 4, 8, 16, 16]);
  });

  it('gives a request for most of a chunk one of its own size, but for the first', () => {
    const bytes = (size: number, pool: number) => nextChunkBytes(size, pool, CHUNK, 16);
    expect(bytes(0.75 * MIB, 0)).toBe(MIB);
    expect(bytes(0.75 * MIB + 1, 5 * MIB)).toBe(0.75 * MIB + 65_536);
    expect(bytes(0.5 * MIB, 5 * MIB)).toBe(MIB);
    expect(bytes(0.5 * MIB + 1, 5 * MIB)).toBe(0.5 * MIB + 65_536);
    expect(bytes(20 * MIB, 5 * MIB)).toBe(20 * MIB);
  });

  it('always holds the request, in whole steps, with less than 64 KiB to spare when that is the reason for its size', () => {
    const sizes = fc.oneof(fc.integer({ min: 1, max: 2 ** 26 }), fc.integer({ min: 1, max: 2 ** 40 }));
    const pools = fc.integer({ min: 0, max: 2 ** 34 });
    const chunks = fc.integer({ min: 1, max: 512 }).map((count) => count * 65_536);
    fc.assert(
      fc.property(sizes, pools, chunks, fc.constantFrom(16, 64, 256), (size, pool, chunkBytes, step) => {
        const bytes = nextChunkBytes(size, pool, chunkBytes, step);
        expect(bytes % step).toBe(0);
        expect(bytes).toBeGreaterThanOrEqual(size);
        expect(bytes).toBeLessThan(Math.max(chunkBytes, size) + 65_536);
      }),
    );
  });
});

describe('watermark', () => {
  it('remembers the most of the last one to two windows and forgets what is older', () => {
    const watermark = new Watermark();
    watermark.note(1000);
    for (let frame = 0; frame < 200; frame++) watermark.endFrame(10);
    expect(watermark.allowedBytes).toBe(1040);
    for (let frame = 0; frame < 200; frame++) watermark.endFrame(10);
    expect(watermark.allowedBytes).toBeCloseTo(10.4);
    watermark.note(20);
    expect(watermark.allowedBytes).toBeCloseTo(20.8);
  });
});
