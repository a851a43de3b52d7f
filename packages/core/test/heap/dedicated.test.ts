import { describe, expect, it } from 'vitest';
import { BufferUsage, FrameRing, GrowableBuffer, MirroredArray } from '../../src/index.ts';
import { Buddy } from '../../src/ranges/index.ts';
import { codeOf } from '../code-of.ts';
import { openHeap } from './open-heap.ts';

const { COPY_DST, COPY_SRC, MAP_READ, STORAGE, UNIFORM, VERTEX } = BufferUsage;
const KIB = 1024;
const MIB = 1024 * KIB;

describe('a buffer of its own', () => {
  it('stays its own when it moves', () => {
    const { heap } = openHeap();
    const shared = heap.allocate({ size: 64, usage: VERTEX });
    const alone = heap.allocate({ size: 1024, usage: VERTEX, dedicated: true });
    alone.resize(4096);
    expect(alone.version).toBe(1);
    expect(heap.allocate({ size: 64, usage: VERTEX }).buffer).toBe(shared.buffer);
    expect([alone.buffer === shared.buffer, heap.statistics().chunkCount]).toEqual([false, 2 + 1]);
    heap.endFrame();
    expect(heap.statistics().chunkCount).toBe(3);
  });

  it('is what a block has when one of its members asks for it', () => {
    const { heap } = openHeap();
    const shared = heap.allocate({ size: 64, usage: VERTEX });
    const block = heap.allocateBlock([
      { size: 64, usage: VERTEX },
      { size: 64, usage: VERTEX, dedicated: true },
    ]);
    expect(block.members[1].buffer).toBe(block.buffer);
    expect(block.buffer).not.toBe(shared.buffer);
  });

  it('is no room for others, who get theirs in advance', async () => {
    const { heap } = openHeap({ chunkBytes: MIB }, { autoComplete: true });
    const own = heap.allocate({ size: MIB, usage: VERTEX, dedicated: true });
    await heap.warm({ size: 100 * KIB, usage: VERTEX });
    const { createdBufferCount, freeBytes } = heap.statistics();
    expect(createdBufferCount).toBe(2);
    expect(freeBytes).toBeGreaterThanOrEqual(100 * KIB);
    const mesh = heap.allocate({ size: 100 * KIB, usage: VERTEX });
    expect(mesh.buffer).not.toBe(own.buffer);
    expect(heap.statistics().createdBufferCount).toBe(2);
  });

  it('goes with the next trim when it could not be destroyed at once', () => {
    const { gpu, heap } = openHeap({}, { autoComplete: true, reuseAfter: 'submitted' });
    // The least of a pool is none of its business.
    const pool = heap.createPool({ name: 'least', minChunks: 1 });
    heap.allocate({ size: MIB, usage: VERTEX, pool, dedicated: true }).free();
    gpu.faults.failAtCall(gpu.counts.destroyBuffer + 1, { kind: 'destroyBuffer' });
    expect(codeOf(() => heap.endFrame())).toBe('backend-failed');
    expect(gpu.buffers.size).toBe(2);
    heap.trim();
    expect([gpu.buffers.size, pool.statistics().chunkCount]).toEqual([1, 1]);
    expect(heap.statistics().reservedBytes).toBe(gpu.heldBytes);
  });

  it('is not made in advance where every request makes one', async () => {
    const { heap } = openHeap({}, { autoComplete: true });
    const pool = heap.createPool({ name: 'plain', suballocator: 'none' });
    await heap.warm({ size: 1000, usage: VERTEX, pool });
    heap.allocate({ size: 1000, usage: VERTEX, pool });
    expect(heap.statistics().createdBufferCount).toBe(1);
  });
});

describe('a pool of buddies', () => {
  it('serves what its suballocator rounds up, in a chunk that is long enough', () => {
    const { heap } = openHeap();
    const pool = heap.createPool({ name: 'buddies', suballocator: (options) => new Buddy(options) });
    for (const size of [3 * MIB, 600 * KIB, 300 * KIB, 5 * MIB, 600 * KIB, 70 * KIB]) {
      expect(heap.canAllocate({ size, usage: VERTEX, pool })).toBe(true);
      expect(heap.allocate({ size, usage: VERTEX, pool }).size).toBe(size);
    }
    const { usedBytes, reservedBytes } = pool.statistics();
    expect(usedBytes).toBe((4 + 1 + 0.5 + 8 + 1 + 0.125) * MIB);
    expect(reservedBytes).toBeLessThan(2 * usedBytes);
  });

  it('tells that it is full as others do', () => {
    const { heap } = openHeap({ budgetBytes: 5 * MIB });
    const pool = heap.createPool({ name: 'buddies', suballocator: (options) => new Buddy(options) });
    expect(codeOf(() => heap.allocate({ size: 4.5 * MIB, usage: VERTEX, pool }))).toBe('over-budget');
    expect(heap.tryAllocate({ size: 4.5 * MIB, usage: VERTEX, pool })).toBe(undefined);
    expect(heap.allocate({ size: 3 * MIB, usage: VERTEX, pool }).isLive).toBe(true);
  });
});

describe('a buffer of the caller', () => {
  it('is read by mapping when that is what it is for', async () => {
    const { gpu, heap } = openHeap({}, { autoComplete: true });
    const usage = MAP_READ | COPY_DST;
    const adopted = heap.adopt({ buffer: gpu.makeBuffer({ size: 64, usage }), size: 64, usage });
    adopted.write(new Uint8Array(64).fill(7));
    expect(await adopted.read(8, 4)).toEqual(new Uint8Array(4).fill(7));
    const [first, second] = await heap.readMany([
      { allocation: adopted, size: 4 },
      { allocation: adopted, at: 4, size: 4 },
    ]);
    expect([first, second]).toEqual([new Uint8Array(4).fill(7), new Uint8Array(4).fill(7)]);
  });

  it('is refused when its size is no multiple of 4', () => {
    const { gpu, heap } = openHeap();
    const usage = COPY_SRC | COPY_DST;
    const buffer = gpu.makeBuffer({ size: 64, usage });
    for (const size of [1, 6, 62]) expect(codeOf(() => heap.adopt({ buffer, size, usage }))).toBe('bad-size');
  });
});

describe('a scope that can not be', () => {
  it('moves nothing when a binding is longer than its member of a block', () => {
    const { heap } = openHeap();
    const member = { size: 64, usage: VERTEX | STORAGE, access: 'read' } as const;
    const block = heap.allocateBlock([member, member]);
    const storage = heap.allocate({ size: 256, usage: STORAGE, access: 'read' });
    expect(
      codeOf(() =>
        heap.resolveScope([
          { allocation: block.members[0], use: 'vertex', size: 100 },
          { allocation: storage, use: 'storage' },
        ]),
      ),
    ).toBe('out-of-bounds');
    expect([block.version, storage.version]).toEqual([0, 0]);
  });
});

describe('data that is odd', () => {
  it('is refused with a typed error where its memory has gone', () => {
    const { heap } = openHeap();
    const ring = new FrameRing(heap, { usage: UNIFORM });
    const view = new DataView(new ArrayBuffer(8));
    structuredClone(view.buffer, { transfer: [view.buffer] });
    expect(codeOf(() => ring.push(view))).toBe('bad-data');
  });

  it('is refused with a typed error where a pool is none', () => {
    const { heap } = openHeap();
    const options = { type: Float32Array, usage: VERTEX, pool: {} as never };
    expect(codeOf(() => new MirroredArray(heap, options))).toBe('foreign-object');
  });

  it('ends where an allocation of an odd size does that was attached', async () => {
    const { heap } = openHeap({}, { autoComplete: true });
    const growable = new GrowableBuffer(heap, { usage: VERTEX });
    growable.attach(heap.allocate({ size: 10, usage: VERTEX }), 4);
    growable.append(Uint8Array.of(1, 2, 3, 4, 5));
    expect([growable.size, growable.capacity]).toEqual([9, 10]);
    growable.write(Uint8Array.of(9, 8, 7, 6), 0);
    growable.write(Uint8Array.of(3), 8);
    expect(await growable.read()).toEqual(Uint8Array.of(9, 8, 7, 6, 1, 2, 3, 4, 3));
  });
});
