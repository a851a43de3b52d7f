import { describe, expect, it } from 'vitest';
import { type Allocation, BufferUsage, OutOfMemoryError } from '../../src/index.ts';
import { BestFit, Fixed } from '../../src/ranges/index.ts';
import { codeOf } from '../code-of.ts';
import { firstDifference, openHeap, patternOf } from './open-heap.ts';

const { COPY_DST, COPY_SRC, MAP_READ, STORAGE, UNIFORM, VERTEX } = BufferUsage;
const KIB = 1024;

describe('pools', () => {
  it('keeps what differs in lifetime, access and location in chunks of its own', () => {
    const { heap } = openHeap();
    const kinds = [
      { usage: VERTEX },
      { usage: VERTEX, lifetime: 'long' },
      { usage: VERTEX, lifetime: 'transient' },
      { usage: VERTEX, lifetime: 'frame' },
      { usage: STORAGE },
      { usage: STORAGE, lifetime: 'long' },
      { usage: COPY_DST, location: 'upload' },
      { usage: COPY_DST, location: 'readback' },
    ] as const;
    const buffers = kinds.map((kind) => heap.allocate({ size: 64, ...kind }).buffer);
    expect(new Set(buffers).size).toBe(kinds.length);
    expect(kinds.map((kind) => heap.allocate({ size: 64, ...kind }).buffer).slice(0, 7)).toEqual(
      buffers.slice(0, 7),
    );
    const names = heap.snapshot().chunks.map(({ pool }) => pool);
    expect(new Set(names)).toEqual(
      new Set([
        'gpu-read',
        'gpu-read-long',
        'gpu-read-transient',
        'gpu-read-frame',
        'gpu-write',
        'gpu-write-long',
        'upload',
        'readback',
      ]),
    );
  });

  it('takes a suballocator, a granularity and limits of its own', async () => {
    const { gpu, heap } = openHeap({}, { autoComplete: true });
    const pool = heap.createPool({
      name: 'particles',
      suballocator: (options) => new Fixed(options),
      granularity: 64,
      chunkBytes: KIB,
      maxBytes: 4 * KIB,
    });
    const items: Allocation<unknown>[] = [];
    for (let k = 0; k < 64; k++) {
      const item = heap.allocate({ size: 64, usage: VERTEX, pool, label: `${k}` });
      item.write(patternOf(k, 64));
      items.push(item);
    }
    expect(pool.statistics()).toEqual({
      reservedBytes: 4 * KIB,
      usedBytes: 4 * KIB,
      pendingBytes: 0,
      freeBytes: 0,
      peakUsedBytes: 4 * KIB,
      allocationCount: 64,
      chunkCount: 4,
    });
    expect(gpu.buffers.size).toBe(4);
    expect(codeOf(() => heap.allocate({ size: 64, usage: VERTEX, pool }))).toBe('pool-full');
    for (const [k, item] of items.entries()) {
      expect(firstDifference(await item.read(), patternOf(k, 64))).toBe(-1);
    }
    // The remedies, and the same request.
    items.pop()?.free();
    heap.endFrame();
    expect(heap.allocate({ size: 64, usage: VERTEX, pool }).isLive).toBe(true);
  });

  it('lies where it is told, with the usages that are possible there', async () => {
    const { backend, heap } = openHeap({}, { autoComplete: true });
    const results = heap.createPool({ name: 'results', location: 'readback', minChunks: 1 });
    const sources = heap.createPool({ name: 'sources', location: 'upload', usage: COPY_SRC });
    expect(results.kind).toMatchObject({ location: 'readback', access: 'read', usage: MAP_READ | COPY_DST });
    expect(sources.kind).toMatchObject({ location: 'upload', access: 'read', usage: COPY_SRC | COPY_DST });
    const request = { size: 64, usage: COPY_DST, location: 'readback', pool: results } as const;
    const [first, second] = [heap.allocate(request), heap.allocate(request)];
    // The CPU maps whole buffers: none is shared.
    expect(second.buffer).not.toBe(first.buffer);
    const source = heap.allocate({ size: 64, usage: COPY_SRC, location: 'upload', pool: sources });
    source.write(patternOf(1, 64));
    heap.copy(source, 0, second, 0, 64);
    expect(await backend.read(second.buffer, second.offset, 64)).toEqual(patternOf(1, 64));
    expect(await first.read()).toEqual(new Uint8Array(64));
    const options = { name: 'drawn', location: 'upload', usage: VERTEX } as const;
    expect(codeOf(() => heap.createPool(options))).toBe('bad-usage');
  });

  it('tells what could be had of whole chunks, whatever the alignment', () => {
    const { heap } = openHeap({ budgetBytes: 64 * KIB, chunkBytes: 64 * KIB });
    const pool = heap.createPool({ name: 'results', location: 'readback', minBytes: 64 * KIB });
    const request = { usage: COPY_DST, location: 'readback', alignment: 48, pool } as const;
    const size = heap.largestAllocatable({ ...request, size: 4 });
    expect(size).toBe(64 * KIB - 1);
    expect(heap.allocate({ ...request, size }).isLive).toBe(true);
    expect(heap.largestAllocatable({ ...request, size: 4 })).toBe(0);
  });

  it('places by vertices, whose stride need not be a power of two', () => {
    const { heap } = openHeap();
    const pool = heap.createPool({ name: 'vertices', granularity: 36 });
    for (let k = 1; k < 100; k++) {
      const mesh = heap.allocate({ size: k * 7, usage: VERTEX, pool });
      expect(mesh.offset % 36).toBe(0);
      expect(mesh.binding().size).toBe(Math.ceil((k * 7) / 4) * 4);
    }
    expect(pool.statistics().usedBytes % 36).toBe(0);
    expect(heap.snapshot().chunks.every(({ sizeBytes }) => sizeBytes % 36 === 0)).toBe(true);
  });

  it('holds its least from the start and through every trim', () => {
    const { gpu, heap } = openHeap({ chunkBytes: 64 * KIB }, { reuseAfter: 'submitted' });
    const pool = heap.createPool({ name: 'ready', minBytes: 150 * KIB, minChunks: 3, chunkBytes: 64 * KIB });
    expect(pool.statistics().reservedBytes).toBeGreaterThanOrEqual(150 * KIB);
    const held = pool.statistics().chunkCount;
    expect(held).toBeGreaterThanOrEqual(3);
    const made = gpu.buffers.size;
    const items = Array.from({ length: 6 }, () => heap.allocate({ size: 60 * KIB, usage: VERTEX, pool }));
    expect(pool.statistics().chunkCount).toBeGreaterThan(held);
    for (const item of items) item.free();
    heap.submitted();
    heap.trim();
    expect(pool.statistics().reservedBytes).toBeGreaterThanOrEqual(150 * KIB);
    expect(pool.statistics().chunkCount).toBeGreaterThanOrEqual(3);
    expect(gpu.buffers.size).toBeLessThanOrEqual(made + 1);
  });

  it('makes nothing when its least can not be had', () => {
    const { gpu, heap } = openHeap({ budgetBytes: 100 * KIB });
    expect(codeOf(() => heap.createPool({ name: 'greedy', minBytes: 200 * KIB, chunkBytes: 64 * KIB }))).toBe(
      'over-budget',
    );
    expect(gpu.buffers.size).toBe(0);
    expect(heap.allocate({ size: 60 * KIB, usage: VERTEX }).isLive).toBe(true);
  });

  it('gives every allocation a buffer of its own when it has no suballocator', () => {
    const { gpu, heap } = openHeap({}, { reuseAfter: 'submitted' });
    const pool = heap.createPool({ name: 'alone', suballocator: 'none', maxChunks: 10 });
    const items = Array.from({ length: 10 }, () => heap.allocate({ size: 100, usage: UNIFORM, pool }));
    expect(new Set(items.map(({ buffer }) => buffer)).size).toBe(10);
    expect(items.every(({ offset }) => offset === 0)).toBe(true);
    expect(heap.tryAllocate({ size: 4, usage: UNIFORM, pool })).toBeUndefined();
    for (const item of items) item.free();
    heap.endFrame();
    expect(gpu.buffers.size).toBe(0);
  });

  it('goes when it is empty, and not before', () => {
    const { gpu, heap } = openHeap();
    const pool = heap.createPool({ name: 'level', suballocator: (options) => new BestFit(options) });
    const item = heap.allocate({ size: 4, usage: VERTEX, pool });
    expect(codeOf(() => pool.dispose())).toBe('pool-in-use');
    item.free();
    expect(codeOf(() => pool.dispose())).toBe('pool-in-use');
    gpu.completeUpTo(heap.endFrame());
    heap.endFrame();
    pool.dispose();
    pool.dispose();
    expect(pool.isLive).toBe(false);
    expect(gpu.buffers.size).toBe(0);
    expect(codeOf(() => heap.allocate({ size: 4, usage: VERTEX, pool }))).toBe('disposed');
    expect(heap.snapshot().chunks).toEqual([]);
  });

  it('refuses a suballocator that is not what was asked for', () => {
    const { gpu, heap } = openHeap();
    const makers = [() => undefined, () => ({}), () => new Fixed({ capacity: 1024 })] as (() => Fixed)[];
    const codes = makers.map((suballocator, k) => {
      const pool = heap.createPool({ name: `${k}`, suballocator });
      return codeOf(() => heap.allocate({ size: 4, usage: VERTEX, pool }));
    });
    expect(codes).toEqual(['bad-argument', 'bad-argument', 'bad-argument']);
    const failing = heap.createPool({
      name: 'failing',
      suballocator: () => {
        throw new RangeError('mine');
      },
    });
    expect(() => heap.allocate({ size: 4, usage: VERTEX, pool: failing })).toThrow(RangeError);
    expect(gpu.buffers.size).toBe(0);
    expect(heap.statistics().allocationCount).toBe(0);
  });

  it('refuses requests that are not of its kind, and pools that can not be', () => {
    const { heap } = openHeap();
    const pool = heap.createPool({ name: 'vertices', usage: VERTEX });
    const bad = (request: object) =>
      codeOf(() => heap.allocate({ size: 4, usage: VERTEX, pool, ...request }));
    expect(bad({})).toBe('none');
    expect(bad({ usage: STORAGE })).toBe('bad-usage');
    expect(bad({ access: 'write' })).toBe('bad-argument');
    expect(bad({ lifetime: 'long' })).toBe('bad-argument');
    expect(bad({ location: 'upload' })).toBe('bad-argument');
    const wrong: [string, unknown][] = [
      ['bad-argument', undefined],
      ['bad-argument', {}],
      ['bad-argument', { name: 1 }],
      ['unknown-option', { name: 'a', chunks: 1 }],
      ['bad-argument', { name: 'a', access: 'both' }],
      ['bad-argument', { name: 'a', location: 'auto' }],
      ['bad-argument', { name: 'a', lifetime: 'frame' }],
      ['bad-argument', { name: 'a', suballocator: 'tlsf' }],
      ['bad-usage', { name: 'a', usage: 0 }],
      ['bad-usage', { name: 'a', usage: VERTEX, location: 'upload' }],
      ...[0, 3, 6, 1.5, 65_540].map((granularity): [string, unknown] => [
        'bad-granularity',
        { name: 'a', granularity },
      ]),
      ['bad-size', { name: 'a', chunkBytes: 8 }],
      ['bad-size', { name: 'a', dedicatedBytes: 0 }],
      ['bad-size', { name: 'a', minBytes: 2, maxBytes: 1 }],
      ['bad-size', { name: 'a', minChunks: 2, maxChunks: 1 }],
      ['bad-size', { name: 'a', maxBytes: -1 }],
      ['bad-size', { name: 'a', maxChunks: 0 }],
    ];
    const before = JSON.stringify(heap.snapshot());
    for (const [code, options] of wrong) {
      expect(
        codeOf(() => heap.createPool(options as never)),
        JSON.stringify(options),
      ).toBe(code);
    }
    expect(JSON.stringify(heap.snapshot())).toBe(before);
    heap.dispose();
    expect(codeOf(() => heap.createPool({ name: 'late' }))).toBe('disposed');
    expect(pool.isLive).toBe(false);
  });

  it('says what would help when its own limits are in the way', () => {
    const { heap } = openHeap();
    const pool = heap.createPool({ name: 'small', maxBytes: 64 * KIB, chunkBytes: 64 * KIB });
    heap.allocate({ size: 40 * KIB, usage: VERTEX, pool });
    let failure: unknown;
    try {
      heap.allocate({ size: 40 * KIB, usage: VERTEX, pool });
    } catch (error) {
      failure = error;
    }
    expect(failure).toBeInstanceOf(OutOfMemoryError);
    expect(failure).toMatchObject({ code: 'pool-full', remedy: 'raise-pool-limit' });
  });
});
