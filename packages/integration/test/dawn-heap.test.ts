import { BufferUsage, OutOfMemoryError } from '@gpuheap/core';
import { type DawnDevice, openDawn, openDawnHeap } from '@gpuheap/dawn-node';
import { afterEach, describe, expect, it } from 'vitest';
import { smokeHeap } from '../src/heap-smoke.ts';
import { smokeLoss } from '../src/loss-smoke.ts';
import { ALL_REJECTED } from './all-rejected.ts';

const MEBI = 1024 * 1024;

describe('a heap on Dawn', () => {
  it('keeps every byte on the software device', async () => {
    const heap = await openDawnHeap({ device: 'software', chunkBytes: MEBI });
    const report = await smokeHeap(heap);
    expect(report.mismatches).toBe(0);
    expect(report.verifiedBytes).toBeGreaterThan(100_000);
    expect(report.bufferCount).toBeLessThan(report.allocated / 10);
    heap.dispose();
  });
});

describe('a backend on Dawn', () => {
  it('rejects what waits when the device is destroyed', async () => {
    const dawn = await openDawn({ device: 'software' });
    const { serials, ...outcomes } = await smokeLoss(dawn.backend(), () => dawn.close());
    expect(outcomes).toEqual(ALL_REJECTED);
    expect(serials[1]).toBe(serials[0]);
  });
});

describe('out of memory on the null device', () => {
  const uncaptured: string[] = [];
  let dawn: DawnDevice | undefined;

  afterEach(() => dawn?.close());

  it('is refused late, without an uncaptured error, and ends when memory is given back', async () => {
    dawn = await openDawn({ device: 'null' });
    dawn.device.addEventListener('uncapturederror', (event) => uncaptured.push(event.error.message));
    const backend = dawn.backend();
    const usage = BufferUsage.COPY_SRC | BufferUsage.COPY_DST;
    const make = () => backend.createBuffer({ size: 64 * MEBI, usage, memoryType: 0 });
    const made = Array.from({ length: 16 }, make);
    // Used before the device has answered: those refused must swallow it.
    for (const { buffer } of made) backend.write(buffer, 0, new Uint8Array(64));
    const answers = await Promise.allSettled(made.map(({ settled }) => settled));
    const refusals = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []));
    expect(refusals.length).toBeGreaterThanOrEqual(8);
    expect(refusals.length).toBeLessThan(16);
    for (const refusal of refusals) {
      expect(refusal).toBeInstanceOf(OutOfMemoryError);
      expect(refusal.code).toBe('refused-by-device');
      expect(refusal.figures.requestedBytes).toBe(64 * MEBI);
    }
    for (const { buffer } of made) backend.destroyBuffer(buffer);
    const { buffer, settled } = make();
    await expect(settled).resolves.toBeUndefined();
    backend.write(buffer, 0, new Uint8Array(4));
    await backend.whenCompleted(backend.signal());
    backend.dispose();
    expect(uncaptured).toEqual([]);
  });
});
