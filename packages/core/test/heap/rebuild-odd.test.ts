import { describe, expect, it } from 'vitest';
import { type MockBuffer, MockGpu, MockTextures } from '../../../mock/src/index.ts';
import { MemoryProperty, type MemoryType } from '../../src/backend/port.ts';
import { type Allocation, BufferUsage, FrameRing, TextureUsage } from '../../src/index.ts';
import { codeOf } from '../code-of.ts';
import { firstDifference, openHeap, patternOf } from './open-heap.ts';

const { COPY_DST, UNIFORM, VERTEX } = BufferUsage;
const KIB = 1024;
const texture = {
  width: 64,
  height: 64,
  format: 'rgba8unorm',
  usage: TextureUsage.COPY_DST | TextureUsage.TEXTURE_BINDING,
};

describe('a rebuild', () => {
  it('is not stopped by one allocation whose bytes can not be given again', async () => {
    const { gpu, heap } = openHeap();
    const failing = [
      () => new Uint8Array(104),
      () => {
        throw new RangeError('the file is gone');
      },
      () => new Uint8Array(50),
    ].map((onRestore) => heap.allocate({ size: 100, usage: VERTEX, onRestore }));
    const good = heap.allocate({ size: 100, usage: VERTEX, hostCopy: true });
    good.write(patternOf(3, 100));
    const ring = new FrameRing<MockBuffer>(heap, { usage: UNIFORM });
    ring.push(new Uint8Array(16));
    ring.flush();
    ring.endFrame(heap.endFrame());
    const moved: string[] = [];
    for (const each of [...failing, good]) each.on('moved', () => moved.push(each.label));
    gpu.lose();
    const { failures, emptied, restoredCount } = heap.rebuild(new MockGpu({ autoComplete: true }).backend());
    expect(failures.map(({ allocation }) => allocation)).toEqual(failing);
    expect(failures.map(({ error }) => (error as { code?: string }).code ?? String(error))).toEqual([
      'out-of-bounds',
      'RangeError: the file is gone',
      'misaligned',
    ]);
    // The ring has a copy of its own.
    expect(restoredCount).toBe(2);
    expect(emptied).toEqual(expect.arrayContaining(failing));
    expect(moved).toHaveLength(4);
    expect(firstDifference(await good.read(), patternOf(3, 100))).toBe(-1);
    ring.push(new Uint8Array(16));
    ring.flush();
    expect(codeOf(() => ring.endFrame(heap.endFrame()))).toBe('none');
  });

  it('is known to a ring that grows before it is told of it', async () => {
    for (const growsIn of ['restore', 'moved'] as const) {
      const { gpu, heap } = openHeap();
      const grow = (): undefined => void ring.push(patternOf(2, 5000));
      const options = growsIn === 'restore' ? { onRestore: grow } : {};
      const mesh = heap.allocate({ size: 100, usage: VERTEX, ...options });
      if (growsIn === 'moved') mesh.on('moved', grow);
      const ring = new FrameRing<MockBuffer>(heap, { usage: UNIFORM, bytes: 1024 });
      for (let frame = 0; frame < 3; frame++) {
        ring.push(patternOf(1, 200));
        ring.flush();
        ring.endFrame(heap.endFrame());
      }
      gpu.lose();
      const next = new MockGpu();
      heap.rebuild(next.backend());
      // No frame of the lost device is in flight on this one, and its serials begin anew.
      expect([ring.grownCount, ring.framesInFlight, ring.usedBytes]).toEqual([1, 0, 5120]);
      ring.flush();
      next.completeAll();
      expect(firstDifference(next.peek(ring.buffer, 0, 5000), patternOf(2, 5000))).toBe(-1);
      expect(codeOf(() => ring.endFrame(heap.endFrame()))).toBe('none');
      expect(ring.framesInFlight).toBe(1);
      next.completeAll();
      expect([ring.framesInFlight, ring.usedBytes]).toEqual([0, 0]);
    }
  });

  it('goes on when what restores one allocation frees another', () => {
    const { gpu, heap } = openHeap();
    heap.allocate({
      size: 100,
      usage: VERTEX,
      onRestore: () => {
        other.free();
        return patternOf(1, 100);
      },
    });
    const other = heap.allocate({ size: 100, usage: VERTEX, hostCopy: true });
    gpu.lose();
    const { restoredCount, emptied, failures } = heap.rebuild(new MockGpu().backend());
    expect({ restoredCount, emptied, failures }).toEqual({ restoredCount: 1, emptied: [], failures: [] });
    expect(heap.statistics().allocationCount).toBe(1);
  });

  it('gives the members of a block what was written to the block', async () => {
    const { gpu, heap } = openHeap();
    const block = heap.allocateBlock([
      { size: 13, usage: VERTEX, hostCopy: true },
      { size: 20, usage: VERTEX },
      { size: 16, usage: VERTEX, hostCopy: true },
    ]);
    block.write(patternOf(4, 48));
    block.members[2].write(patternOf(9, 4), 12);
    gpu.lose();
    heap.rebuild(new MockGpu({ autoComplete: true }).backend());
    const [first, , last] = block.members;
    const expected = patternOf(4, 60);
    expected.set(patternOf(9, 4), last.offset - block.offset + 12);
    for (const member of [first, last]) {
      const start = member.offset - block.offset;
      const kept = member === last ? 48 - start : member.size;
      expect(
        firstDifference((await member.read()).subarray(0, kept), expected.slice(start, start + kept)),
      ).toBe(-1);
    }
    expect((await last.read()).slice(12)).toEqual(patternOf(9, 4));
  });

  it('gives a member nothing of what was written beside it', async () => {
    const { gpu, heap } = openHeap();
    const { members } = heap.allocateBlock([
      { size: 16, usage: VERTEX, hostCopy: true },
      { size: 16, usage: VERTEX },
      { size: 16, usage: VERTEX, hostCopy: true },
    ]);
    const [first, second, last] = members;
    first.write(patternOf(1, 16));
    last.write(patternOf(3, 16));
    first.block?.write(patternOf(2, 16), second.offset - first.offset);
    gpu.lose();
    heap.rebuild(new MockGpu({ autoComplete: true }).backend());
    expect(await first.read()).toEqual(patternOf(1, 16));
    expect(await second.read()).toEqual(new Uint8Array(16));
    expect(await last.read()).toEqual(patternOf(3, 16));
  });

  it('refuses a device on which what lies here would be misaligned', () => {
    const { gpu, heap } = openHeap({}, { storageOffsetAlignment: 32, uniformOffsetAlignment: 32 });
    const uniforms = [0, 1].map(() => heap.allocate({ size: 32, usage: UNIFORM }));
    expect(uniforms[1]?.offset).toBe(32);
    gpu.lose();
    expect(codeOf(() => heap.rebuild(new MockGpu().backend()))).toBe('bad-argument');
    expect(uniforms.every(({ version }) => version === 0)).toBe(true);
    const finer = new MockGpu({ storageOffsetAlignment: 32, uniformOffsetAlignment: 16 });
    expect(heap.rebuild(finer.backend()).emptied).toHaveLength(2);
  });

  it('takes no word about a buffer of the lost device for one of the new', async () => {
    const { backend, heap } = openHeap({}, { settleWhen: 'with-completion' });
    const mesh = heap.allocate({ size: 100, usage: VERTEX, hostCopy: true });
    backend.dispose();
    heap.rebuild(new MockGpu({ autoComplete: true }).backend());
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    expect(codeOf(() => mesh.binding())).toBe('none');
    expect(await mesh.read()).toEqual(new Uint8Array(100));
  });

  it('finds the memory types of the new device', () => {
    const { DEVICE_LOCAL, HOST_VISIBLE, HOST_COHERENT, HOST_CACHED } = MemoryProperty;
    const types: MemoryType[] = [DEVICE_LOCAL, HOST_VISIBLE | HOST_COHERENT, HOST_VISIBLE | HOST_CACHED].map(
      (properties) => ({ properties, heapIndex: 0, heapSizeBytes: Number.POSITIVE_INFINITY }),
    );
    const { gpu, heap } = openHeap({}, { memoryTypes: types });
    heap.allocate({ size: 100, usage: COPY_DST, location: 'readback' });
    heap.allocate({ size: 100, usage: VERTEX });
    gpu.lose();
    const other = new MockGpu({ memoryTypes: [...types].reverse() });
    heap.rebuild(other.backend());
    heap.allocate({ size: 100_000, usage: COPY_DST, location: 'readback' });
    heap.allocate({ size: 100, usage: COPY_DST, location: 'upload' });
    heap.allocate({ size: 100, usage: VERTEX, access: 'write' });
    const chunks = heap.snapshot().chunks.map(({ pool, memoryType }) => `${pool} ${memoryType}`);
    expect(new Set(chunks)).toEqual(new Set(['readback 0', 'gpu-read 2', 'upload 1', 'gpu-write 2']));
  });

  it('leaves pools the least that they shall hold', () => {
    const { gpu, heap } = openHeap();
    const bytes = heap.createPool({ name: 'bytes', minBytes: 4096 * KIB });
    const chunks = heap.createPool({ name: 'chunks', minChunks: 3 });
    const before = [bytes.statistics(), chunks.statistics()];
    expect(before).toMatchObject([{ reservedBytes: 4096 * KIB }, { chunkCount: 3 }]);
    gpu.lose();
    const other = new MockGpu();
    heap.rebuild(other.backend());
    expect([bytes.statistics(), chunks.statistics()]).toEqual(before);
    expect(heap.statistics().reservedBytes).toBe(other.heldBytes);
    heap.dispose();
    expect(other.buffers.size).toBe(0);
  });

  it('makes textures of before count nothing, whenever they are disposed of', () => {
    const { gpu, heap } = openHeap({ budgetBytes: 100 * KIB, chunkBytes: 64 * KIB });
    const old = heap.useTextures(new MockTextures());
    for (let k = 0; k < 5; k++) old.create(texture);
    old.createTilePool({ width: 8, height: 8, format: 'rgba8unorm', tilesPerChunk: 4 }).allocate();
    gpu.lose();
    expect(codeOf(() => heap.useTextures(new MockTextures()))).toBe('device-lost');
    heap.rebuild(new MockGpu().backend());
    expect(heap.statistics().textureBytes).toBe(0);
    // They are not of the new device, whoever still makes some.
    expect(old.create(texture).isLive).toBe(true);
    expect(heap.statistics().textureBytes).toBe(0);
    old.dispose();
    expect(heap.statistics()).toMatchObject({ textureBytes: 0, reservedBytes: 0 });
    const fresh = heap.useTextures(new MockTextures());
    for (let k = 0; k < 6; k++) fresh.create(texture);
    expect(codeOf(() => fresh.create(texture))).toBe('over-budget');
  });
});

describe('a heap whose backend was lost and disposed of', () => {
  it.each(['submitted', 'completed'] as const)('goes on ending frames, reusing when %s', (reuseAfter) => {
    const { backend, heap } = openHeap({}, { reuseAfter });
    const alone: Allocation<MockBuffer> = heap.allocate({ size: 100, usage: VERTEX, dedicated: true });
    const shared = heap.allocate({ size: 100, usage: VERTEX });
    const pool = heap.createPool({ name: 'theirs', minChunks: 1 });
    backend.dispose();
    alone.free();
    for (let frame = 0; frame < 70; frame++) heap.endFrame();
    shared.free();
    for (let frame = 0; frame < 70; frame++) heap.endFrame();
    pool.dispose();
    expect(pool.isLive).toBe(false);
    heap.rebuild(new MockGpu().backend());
    expect(heap.statistics()).toMatchObject({ reservedBytes: 0, pendingBytes: 0, usedBytes: 0 });
  });

  it('ends whole, though its textures ended before it', () => {
    const { gpu, heap } = openHeap();
    const port = new MockTextures();
    const textures = heap.useTextures(port);
    const mesh = heap.allocate({ size: 100, usage: VERTEX });
    textures.free(textures.create(texture));
    textures.create(texture);
    textures.createTilePool({ width: 8, height: 8, format: 'rgba8unorm' }).allocate();
    port.dispose();
    expect(codeOf(() => heap.endFrame())).toBe('none');
    heap.dispose();
    expect([mesh.isLive, gpu.buffers.size]).toEqual([false, 0]);
  });
});
