import { describe, expect, it } from 'vitest';
import type { Sighting } from '../../../mock/src/index.ts';
import { BufferUsage } from '../../src/index.ts';
import { firstDifference, openHeap, patternOf } from './open-heap.ts';

const { VERTEX } = BufferUsage;
const MIB: number = 2 ** 20;
const request = { size: 1024, usage: VERTEX };

describe('deferred release', () => {
  it('gives a range away only when the serial after its release has completed', () => {
    const { gpu, heap } = openHeap();
    const first = heap.allocate(request);
    const { offset } = first;
    gpu.completeUpTo(heap.endFrame());
    heap.endFrame();
    // Whatever completed before the release says nothing about work recorded since.
    first.free();
    expect(heap.statistics().pendingBytes).toBe(1024);
    expect(heap.allocate(request).offset).not.toBe(offset);
    const serial = heap.endFrame();
    expect(heap.allocate(request).offset).not.toBe(offset);
    gpu.completeUpTo(serial - 1);
    heap.endFrame();
    expect(heap.allocate(request).offset).not.toBe(offset);
    gpu.completeUpTo(serial);
    heap.endFrame();
    expect(heap.statistics().pendingBytes).toBe(0);
    expect(heap.allocate(request).offset).toBe(offset);
  });

  it('needs no completion where one queue orders everything', () => {
    const { heap } = openHeap({}, { reuseAfter: 'submitted' });
    const first = heap.allocate(request);
    const { offset } = first;
    first.free();
    expect(heap.allocate(request).offset).not.toBe(offset);
    heap.submitted();
    expect(heap.allocate(request).offset).toBe(offset);
  });

  it('protects what an encoder has recorded and not yet submitted', () => {
    for (const reuseAfter of ['submitted', 'completed'] as const) {
      const { gpu, heap } = openHeap({}, { reuseAfter });
      const seen: Sighting[] = [];
      for (let frame = 0; frame < 50; frame++) {
        const mesh = heap.allocate(request);
        mesh.write(patternOf(frame, 1024));
        const encoder = gpu.recordEncoder();
        seen.push(encoder.read(mesh.buffer, mesh.offset, 1024));
        mesh.free();
        const next = heap.allocate(request);
        next.write(patternOf(1000 + frame, 1024));
        expect(encoder.submit()).toBe(true);
        next.free();
        const serial = heap.endFrame();
        if (frame % 3 === 0) gpu.completeUpTo(serial);
      }
      gpu.completeAll();
      expect(seen.length).toBe(50);
      for (const [frame, { bytes }] of seen.entries())
        expect(firstDifference(bytes as Uint8Array, patternOf(frame, 1024))).toBe(-1);
      expect(gpu.errors).toEqual([]);
    }
  });

  it('keeps a dedicated buffer alive until the boundary', () => {
    const { gpu, heap } = openHeap({ dedicatedBytes: 1024 }, { reuseAfter: 'submitted' });
    const mesh = heap.allocate(request);
    const encoder = gpu.recordEncoder();
    encoder.read(mesh.buffer, 0, 4);
    mesh.free();
    heap.allocate(request);
    expect(encoder.submit()).toBe(true);
    heap.endFrame();
    expect(gpu.errors).toEqual([]);
    expect(gpu.buffers.size).toBe(1);
  });

  it('gives back 2,048 ranges at a boundary, and the rest when it is needed or at the next ones', () => {
    const open = () => {
      const { heap } = openHeap({ chunkBytes: 16 * MIB }, { reuseAfter: 'submitted' });
      const live = Array.from({ length: 5000 }, () => heap.allocate({ size: 16, usage: VERTEX }));
      for (const each of live) each.free();
      const pendingCount = () => heap.statistics().pendingBytes / 16;
      heap.endFrame();
      expect(pendingCount()).toBe(5000 - 2048);
      return { heap, pendingCount };
    };
    const idle = open();
    idle.heap.endFrame();
    expect(idle.pendingCount()).toBe(5000 - 2 * 2048);
    idle.heap.submitted();
    expect(idle.pendingCount()).toBe(0);
    const needed = open();
    const { reservedBytes } = needed.heap.statistics();
    // More than what is free without them: nothing grows.
    needed.heap.allocate({ size: reservedBytes, usage: VERTEX });
    expect([needed.pendingCount(), needed.heap.statistics().reservedBytes]).toEqual([0, reservedBytes]);
    const trimmed = open();
    expect([trimmed.heap.trim(), trimmed.pendingCount()]).toEqual([reservedBytes, 0]);
  });

  it('reclaims what has completed before it grows', () => {
    const { gpu, heap } = openHeap({ chunkBytes: 65_536, dedicatedBytes: 2 ** 30 });
    const first = heap.allocate({ size: 40_960, usage: VERTEX });
    first.free();
    const serial = heap.endFrame();
    gpu.completeUpTo(serial);
    expect(heap.allocate({ size: 40_960, usage: VERTEX }).offset).toBe(0);
    expect(heap.statistics().createdBufferCount).toBe(1);
  });

  it('gives chunks back that stayed empty for sixty frames, and those in the way of growth before', () => {
    const { gpu, heap } = openHeap({}, { reuseAfter: 'submitted' });
    const many = Array.from({ length: 64 }, () => heap.allocate({ size: 2 ** 18, usage: VERTEX }));
    expect(gpu.heldBytes).toBeGreaterThanOrEqual(2 ** 24);
    for (const allocation of many) allocation.free();
    heap.endFrame();
    for (let frame = 0; frame < 58; frame++) heap.endFrame();
    expect(gpu.heldBytes).toBeGreaterThanOrEqual(2 ** 24);
    heap.endFrame();
    expect(gpu.heldBytes).toBe(0);
  });
});
