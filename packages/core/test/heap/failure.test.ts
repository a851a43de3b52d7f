import { describe, expect, it } from 'vitest';
import { scale } from '../../../testing/src/scale.ts';
import {
  type Allocation,
  BackendError,
  BufferUsage,
  type GpuHeap,
  GpuMemoryError,
  OutOfMemoryError,
} from '../../src/index.ts';
import { openHeap } from './open-heap.ts';

const { STORAGE, VERTEX } = BufferUsage;

/** A day in the life of a heap; whatever fails is typed and counted, and the day goes on. */
async function live(
  heap: GpuHeap<unknown>,
  complete: () => void,
): Promise<{ failures: GpuMemoryError[]; settled: number }> {
  const failures: GpuMemoryError[] = [];
  const attempt = (act: () => void): void => {
    try {
      act();
    } catch (error) {
      if (!(error instanceof GpuMemoryError)) throw error;
      failures.push(error);
    }
  };
  const held: Allocation<unknown>[] = [];
  const reads: Promise<unknown>[] = [];
  for (let step = 0; step < 40; step++) {
    attempt(() => {
      held.push(heap.allocate({ size: 1000 + step * 700, usage: step % 2 === 0 ? VERTEX : STORAGE }));
    });
    const first = held[step % Math.max(1, held.length)];
    if (first !== undefined) attempt(() => first.write(new Uint8Array(16)));
    if (first !== undefined && step % 5 === 0) attempt(() => reads.push(first.read()));
    if (step % 3 === 0) attempt(() => held.shift()?.free());
    if (step % 4 === 0) attempt(() => void heap.endFrame());
    if (step % 8 === 0) complete();
  }
  complete();
  const outcomes = await Promise.allSettled(reads);
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') failures.push(outcome.reason as GpuMemoryError);
  }
  return { failures, settled: outcomes.length };
}

async function countCalls(): Promise<number> {
  const { gpu, heap } = openHeap({ chunkBytes: 65_536 });
  const { failures } = await live(heap, () => gpu.completeAll());
  expect(failures).toEqual([]);
  return gpu.callCount;
}

describe('heap under failure', () => {
  it('survives a refusal of the k-th buffer, for every k, now and late', async () => {
    for (const when of ['now', 'late'] as const) {
      for (let at = 1; at <= 12; at++) {
        const { gpu, heap } = openHeap({ chunkBytes: 65_536 });
        gpu.faults.refuseCreation({ atCall: at, when });
        const { failures } = await live(heap, () => gpu.completeAll());
        for (const failure of failures) {
          expect(failure instanceof OutOfMemoryError || failure instanceof BackendError).toBe(true);
        }
        expect(heap.statistics().reservedBytes).toBeGreaterThanOrEqual(gpu.heldBytes);
        gpu.faults.clear();
        expect(heap.allocate({ size: 5000, usage: VERTEX }).isLive).toBe(true);
        heap.dispose();
        expect(gpu.buffers.size).toBe(0);
      }
    }
  });

  it('survives the failure of every backend call: typed, nothing leaked, usable afterwards', async () => {
    const calls = await countCalls();
    const stride = scale(3, 1);
    for (let call = 1; call <= calls; call += stride) {
      const { gpu, heap } = openHeap({ chunkBytes: 65_536 });
      gpu.faults.failAtCall(call);
      await live(heap, () => gpu.completeAll());
      gpu.faults.clear();
      const { usedBytes, pendingBytes, freeBytes } = heap.statistics();
      const held = heap.snapshot().chunks.reduce((sum, chunk) => sum + chunk.sizeBytes, 0);
      expect(usedBytes + pendingBytes + freeBytes).toBe(held);
      expect(heap.allocate({ size: 5000, usage: VERTEX }).isLive).toBe(true);
      heap.dispose();
      expect(gpu.buffers.size).toBe(0);
    }
  });

  it('survives the loss of the device at every backend call: everything settles and disposes', async () => {
    const calls = await countCalls();
    const stride = scale(3, 1);
    for (let call = 1; call <= calls; call += stride) {
      const { gpu, heap } = openHeap({ chunkBytes: 65_536 });
      gpu.faults.loseAtCall(call);
      const { failures } = await live(heap, () => gpu.completeAll());
      for (const failure of failures) expect(failure.code).toBe('device-lost');
      expect((await heap.lost).reason).toBe('unknown');
      expect(() => heap.allocate({ size: 2 ** 20, usage: VERTEX })).toThrow(/\[device-lost\]$/);
      expect(heap.endFrame()).toBeGreaterThanOrEqual(0);
      heap.dispose();
      expect(gpu.buffers.size).toBe(0);
    }
  });
});
