import { describe, expect, it } from 'vitest';
import { type Allocation, BufferUsage, OutOfMemoryError } from '../../src/index.ts';
import { codeOf } from '../code-of.ts';
import { openHeap } from './open-heap.ts';

const { STORAGE, VERTEX } = BufferUsage;
const KIB = 1024;

function failureOf(act: () => unknown): OutOfMemoryError {
  try {
    act();
  } catch (error) {
    if (error instanceof OutOfMemoryError) return error;
    throw error;
  }
  throw new Error('nothing failed');
}

describe('budget and the out-of-memory ladder', () => {
  it('never holds more than the budget, and says what would help', () => {
    const { gpu, heap } = openHeap({ budgetBytes: 300 * KIB, chunkBytes: 256 * KIB });
    const live: Allocation<unknown>[] = [];
    const failure = failureOf(() => {
      for (;;) {
        live.push(heap.allocate({ size: 10 * KIB, usage: VERTEX }));
        expect(gpu.heldBytes).toBeLessThanOrEqual(300 * KIB);
      }
    });
    expect(live.length).toBeGreaterThanOrEqual(25);
    expect(failure.code).toBe('over-budget');
    expect(failure.figures).toMatchObject({
      requestedBytes: 10 * KIB,
      budgetBytes: 300 * KIB,
      pendingBytes: 0,
    });
    expect(failure.figures.largestFreeBytes).toBeLessThan(10 * KIB);
    expect(failure.message).toMatch(/free something or raise budgetBytes/);
    expect(heap.tryAllocate({ size: 10 * KIB, usage: VERTEX })).toBeUndefined();
    // The remedy, and the same request.
    live.pop()?.free();
    expect(failureOf(() => heap.allocate({ size: 10 * KIB, usage: VERTEX })).message).toMatch(
      /call endFrame\(\)/,
    );
    gpu.completeUpTo(heap.endFrame());
    expect(heap.allocate({ size: 10 * KIB, usage: VERTEX }).isLive).toBe(true);
  });

  it('gives empty chunks of other pools back before it fails', () => {
    const { gpu, heap } = openHeap(
      { budgetBytes: 128 * KIB, chunkBytes: 64 * KIB },
      { reuseAfter: 'submitted' },
    );
    const reads = Array.from({ length: 2 }, () => heap.allocate({ size: 60 * KIB, usage: VERTEX }));
    for (const allocation of reads) allocation.free();
    heap.submitted();
    const write = heap.allocate({ size: 120 * KIB, usage: STORAGE });
    expect(write.isLive).toBe(true);
    expect(gpu.heldBytes).toBeLessThanOrEqual(128 * KIB);
  });

  it('makes do with a smaller chunk when the device has no room for the usual one', async () => {
    const { gpu, heap } = openHeap({ chunkBytes: 4096 * KIB });
    gpu.faults.refuseCreation({ sizeAbove: 100 * KIB, when: 'now' });
    const allocation = heap.allocate({ size: 50 * KIB, usage: VERTEX });
    expect(gpu.heldBytes).toBeLessThanOrEqual(100 * KIB);
    expect(allocation.isLive).toBe(true);
    const failure = failureOf(() => heap.allocate({ size: 200 * KIB, usage: VERTEX }));
    expect(failure.code).toBe('refused-by-device');
    expect(failure.cause).toBeInstanceOf(OutOfMemoryError);
    gpu.faults.clear();
    expect(heap.allocate({ size: 200 * KIB, usage: VERTEX }).isLive).toBe(true);
  });

  it('tells of a late refusal at the next use, uses the chunk no more and recovers', async () => {
    const { gpu, heap } = openHeap({}, { autoComplete: true });
    gpu.faults.refuseCreation({ atCall: 1, when: 'late' });
    const refused = [1, 2, 3].map(() => heap.allocate({ size: 100, usage: VERTEX }));
    await Promise.resolve();
    await Promise.resolve();
    for (const allocation of refused) {
      expect(codeOf(() => allocation.binding())).toBe('refused-by-device');
      expect(codeOf(() => allocation.write(new Uint8Array(4)))).toBe('refused-by-device');
      expect(codeOf(() => allocation.buffer)).toBe('refused-by-device');
    }
    const next = heap.allocate({ size: 100, usage: VERTEX });
    next.write(new Uint8Array(100).fill(7));
    expect(await next.read()).toEqual(new Uint8Array(100).fill(7));
    for (const allocation of refused) allocation.free();
    heap.endFrame();
    expect(heap.statistics()).toMatchObject({ allocationCount: 1, pendingBytes: 0 });
    expect([...gpu.buffers].filter((buffer) => buffer.isRefused)).toEqual([]);
  });

  it('refuses what no buffer can hold as a mistake, whatever the budget', () => {
    const { heap } = openHeap({}, { maxBufferSize: 2 ** 20 });
    expect(codeOf(() => heap.allocate({ size: 2 ** 20 + 1, usage: VERTEX }))).toBe('too-large');
    expect(codeOf(() => heap.tryAllocate({ size: 2 ** 53 - 1, usage: VERTEX }))).toBe('too-large');
    expect(heap.allocate({ size: 2 ** 20, usage: VERTEX }).isLive).toBe(true);
  });

  it('works with sizes and offsets beyond 2^32', async () => {
    const { heap } = openHeap({ dedicatedBytes: 2 ** 42 }, { autoComplete: true, maxBufferSize: 2 ** 45 });
    const huge = heap.allocate({ size: 2 ** 34, usage: VERTEX });
    huge.write(Uint8Array.of(1, 2, 3, 4), 2 ** 33 + 4);
    expect(await huge.read(2 ** 33 + 2, 8)).toEqual(Uint8Array.of(0, 0, 1, 2, 3, 4, 0, 0));
    const dedicated = heap.allocate({ size: 2 ** 44 + 1, usage: VERTEX });
    dedicated.write(Uint8Array.of(9), 2 ** 44);
    expect(await dedicated.read(2 ** 44 - 1)).toEqual(Uint8Array.of(0, 9));
    expect(heap.statistics().requestedBytes).toBe(2 ** 44 + 1 + 2 ** 34);
  });
});
