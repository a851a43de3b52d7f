import { describe, expect, it } from 'vitest';
import type { MockBuffer } from '../../../mock/src/index.ts';
import { type Allocation, BufferUsage, GpuHeap } from '../../src/index.ts';
import { codeOf } from '../code-of.ts';
import { firstDifference, openHeap, patternOf } from './open-heap.ts';

const { COPY_DST, INDEX, INDIRECT, STORAGE, UNIFORM, VERTEX } = BufferUsage;

describe('heap', () => {
  it('serves many allocations from few buffers, and every byte comes back', async () => {
    const { gpu, heap } = openHeap({}, { autoComplete: true });
    const usages = [VERTEX, INDEX, UNIFORM, STORAGE, INDIRECT, STORAGE | VERTEX];
    const meshes = Array.from({ length: 600 }, (_, k) => {
      const size = 1 + ((k * 7919) % 9000);
      const mesh = heap.allocate({ size, usage: usages[k % usages.length]!, label: `mesh ${k}` });
      mesh.write(patternOf(k, size));
      return mesh;
    });
    expect(gpu.buffers.size).toBeLessThan(10);
    for (const [k, mesh] of meshes.entries()) {
      expect(firstDifference(await mesh.read(), patternOf(k, mesh.size))).toBe(-1);
    }
    expect(gpu.errors).toEqual([]);
  });

  it('places offsets as each use needs them', () => {
    const { heap } = openHeap();
    for (let k = 0; k < 200; k++) {
      const size = 1 + ((k * 37) % 500);
      expect(heap.allocate({ size, usage: UNIFORM }).offset % 256).toBe(0);
      expect(heap.allocate({ size, usage: STORAGE }).offset % 256).toBe(0);
      expect(heap.allocate({ size, usage: VERTEX }).offset % 4).toBe(0);
      expect(heap.allocate({ size, usage: VERTEX, alignment: 36 }).offset % 36).toBe(0);
      expect(heap.allocate({ size, usage: UNIFORM, alignment: 36 }).offset % 2304).toBe(0);
    }
  });

  it('keeps what shaders write apart from what they only read', () => {
    const { gpu, heap } = openHeap();
    const written = heap.allocate({ size: 100, usage: STORAGE });
    const read = heap.allocate({ size: 100, usage: STORAGE, access: 'read' });
    const vertices = heap.allocate({ size: 100, usage: VERTEX });
    const skinned = heap.allocate({ size: 100, usage: VERTEX, access: 'write' });
    expect(read.buffer).toBe(vertices.buffer);
    expect(written.buffer).toBe(skinned.buffer);
    expect(written.buffer).not.toBe(read.buffer);
    const use = ({ buffer, offset }: Allocation<MockBuffer>, access: 'read' | 'write') =>
      ({ buffer, offset, size: 100, access, as: access === 'write' ? 'storage' : 'vertex' }) as const;
    expect(gpu.dispatch([use(written, 'write'), use(read, 'read')])).toBe(true);
    expect(gpu.dispatch([use(written, 'write'), use(skinned, 'read')])).toBe(false);
  });

  it('gives bindings an explicit size in whole words', () => {
    const { heap } = openHeap();
    const allocation = heap.allocate({ size: 10, usage: VERTEX });
    expect(allocation.binding()).toEqual({ buffer: allocation.buffer, offset: allocation.offset, size: 12 });
    expect(allocation.size).toBe(10);
    expect(allocation.version).toBe(0);
  });

  it('writes parts in place and leaves the neighbours alone', async () => {
    const { heap } = openHeap({}, { autoComplete: true });
    const [before, target, after] = [0, 1, 2].map((k) => {
      const allocation = heap.allocate({ size: 30, usage: VERTEX });
      allocation.write(patternOf(k, 30));
      return allocation;
    }) as [Allocation<unknown>, Allocation<unknown>, Allocation<unknown>];
    target.write(Uint8Array.of(1, 2, 3, 4), 8);
    target.write(Uint8Array.of(5, 6), 28);
    target.write(new Uint8Array(0), 4);
    const expected = patternOf(1, 30);
    expected.set([1, 2, 3, 4], 8);
    expected.set([5, 6], 28);
    expect(await target.read()).toEqual(expected);
    expect(await target.read(7, 9)).toEqual(expected.slice(7, 16));
    expect(await target.read(30)).toEqual(new Uint8Array(0));
    expect(await before.read()).toEqual(patternOf(0, 30));
    expect(await after.read()).toEqual(patternOf(2, 30));
  });

  it('takes every kind of data', async () => {
    const { heap } = openHeap({}, { autoComplete: true });
    const shared = new SharedArrayBuffer(8);
    new Uint8Array(shared).set(patternOf(5, 8));
    const bytes = patternOf(5, 8);
    const kinds = [bytes, bytes.buffer, shared, new DataView(bytes.buffer), new Float32Array(bytes.buffer)];
    for (const data of [...kinds, new BigInt64Array(bytes.buffer), new Uint8Array(shared)]) {
      const allocation = heap.allocate({ size: 8, usage: VERTEX });
      allocation.write(data);
      expect(await allocation.read()).toEqual(bytes);
    }
    const part = heap.allocate({ size: 4, usage: VERTEX });
    part.write(new Uint8Array(bytes.buffer, 2, 4));
    expect(await part.read()).toEqual(bytes.slice(2, 6));
  });

  it('copies between allocations, and within one buffer and one allocation too', async () => {
    const { gpu, heap } = openHeap({}, { autoComplete: true });
    const first = heap.allocate({ size: 64, usage: VERTEX });
    const second = heap.allocate({ size: 64, usage: VERTEX });
    const other = heap.allocate({ size: 61, usage: STORAGE });
    first.write(patternOf(1, 64));
    other.write(patternOf(2, 61));
    heap.copy(first, 0, second, 4, 60);
    expect(await second.read(4)).toEqual(patternOf(1, 60));
    heap.copy(first, 0, first, 16, 48);
    expect(await first.read(16)).toEqual(patternOf(1, 48));
    const odd = heap.allocate({ size: 21, usage: VERTEX });
    heap.copy(other, 40, odd, 0, 21);
    expect(await odd.read()).toEqual(patternOf(2, 61).slice(40));
    heap.copy(odd, 0, first, 0, 0);
    expect(gpu.errors).toEqual([]);
    heap.endFrame();
    expect(heap.statistics().allocationCount).toBe(4);
  });

  it('gives large requests a buffer of their own, and back as soon as they are done', () => {
    const { gpu, heap } = openHeap({ dedicatedBytes: 100_000 });
    const large = heap.allocate({ size: 100_001, usage: STORAGE });
    expect(large.offset).toBe(0);
    expect(heap.statistics()).toMatchObject({ dedicatedCount: 1, chunkCount: 1, reservedBytes: 100_016 });
    large.free();
    expect(gpu.buffers.size).toBe(1);
    gpu.completeUpTo(heap.endFrame());
    heap.endFrame();
    expect(gpu.buffers.size).toBe(0);
  });

  it('works with using, and with an early free under it', () => {
    const { heap } = openHeap();
    {
      using scoped = heap.allocate({ size: 4, usage: VERTEX });
      using freed = heap.allocate({ size: 4, usage: VERTEX });
      freed.free();
      expect(scoped.isLive && !freed.isLive).toBe(true);
    }
    expect(heap.statistics().allocationCount).toBe(0);
  });

  it('keeps statistics that equal a recount', () => {
    const { gpu, heap } = openHeap();
    const live: Allocation<unknown>[] = [];
    for (let step = 0; step < 3000; step++) {
      if (step % 3 === 2) live.splice((step * 31) % live.length, 1)[0]?.free();
      else
        live.push(
          heap.allocate({ size: 1 + ((step * 7919) % 5000), usage: step % 2 === 0 ? VERTEX : STORAGE }),
        );
      if (step % 50 === 0) gpu.completeUpTo(heap.endFrame() - 1);
      if (step % 100 !== 0) continue;
      const { statistics, chunks } = heap.snapshot();
      const sum = { live: 0, pending: 0, free: 0 };
      for (const chunk of chunks) {
        let end = 0;
        for (const range of chunk.ranges) {
          expect(range.offset).toBe(end);
          end += range.size;
          sum[range.state] += range.size;
        }
        expect(end).toBe(chunk.sizeBytes);
      }
      expect(statistics).toMatchObject({
        usedBytes: sum.live,
        pendingBytes: sum.pending,
        freeBytes: sum.free,
      });
      expect(statistics.requestedBytes).toBe(live.reduce((bytes, { size }) => bytes + size, 0));
      expect(statistics.allocationCount).toBe(live.length);
      expect(statistics.reservedBytes).toBe(gpu.heldBytes);
      expect(statistics.chunkCount).toBe(gpu.buffers.size);
      expect(statistics.createdBufferCount - statistics.destroyedBufferCount).toBe(gpu.buffers.size);
      expect(JSON.parse(JSON.stringify(chunks))).toEqual(chunks);
    }
  });

  it('leaves nothing behind when it is disposed of', async () => {
    const { gpu, backend, heap } = openHeap();
    const allocation = heap.allocate({ size: 1000, usage: VERTEX });
    const read = allocation.read();
    heap.allocate({ size: 2 ** 25, usage: STORAGE });
    allocation.free();
    const other = heap.allocate({ size: 1000, usage: VERTEX });
    heap.dispose();
    heap.dispose();
    expect(gpu.buffers.size).toBe(0);
    expect(other.isLive).toBe(false);
    expect(codeOf(() => other.buffer)).toBe('dead-allocation');
    for (const call of [
      () => heap.allocate({ size: 1, usage: VERTEX }),
      () => heap.tryAllocate({ size: 1, usage: VERTEX }),
      () => heap.endFrame(),
      () => heap.submitted(),
      () => heap.copy(other, 0, other, 0, 0),
    ]) {
      expect(codeOf(call)).toBe('disposed');
    }
    expect(heap.statistics()).toMatchObject({
      allocationCount: 0,
      reservedBytes: 0,
      usedBytes: 0,
      pendingBytes: 0,
    });
    gpu.completeAll();
    await Promise.allSettled([read]);
    expect(backend.isLost).toBe(false);
    expect(new GpuHeap(backend).allocate({ size: 1, usage: COPY_DST }).isLive).toBe(true);
  });
});
