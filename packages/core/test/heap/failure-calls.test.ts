import { describe, expect, it } from 'vitest';
import type { CallKind, MockGpu } from '../../../mock/src/index.ts';
import { scale } from '../../../testing/src/scale.ts';
import { BufferUsage, type GpuHeapOptions } from '../../src/index.ts';
import { FailureDay } from './failure-day.ts';
import { recountHeap } from './heap-recount.ts';
import { openHeap } from './open-heap.ts';

const ACTS = 50;
const HEAP: GpuHeapOptions = { chunkBytes: 65_536, dedicatedBytes: 8192 };
const LATE: readonly CallKind[] = ['createBuffer', 'read', 'whenCompleted'];

/** How often the day of a seed calls the backend when nothing fails: calls of one kind, or of all. */
async function countCalls(seed: number, kind?: CallKind): Promise<number> {
  const { gpu, heap } = openHeap(HEAP, { recordCalls: false });
  await new FailureDay(gpu, heap, seed).run(ACTS);
  return kind === undefined ? gpu.callCount : gpu.counts[kind];
}

/** A day on which one call fails; whatever it is, the heap is as it was, and goes on. */
async function fail(seed: number, where: string, arm: (gpu: MockGpu) => void): Promise<number> {
  const { gpu, heap } = openHeap(HEAP, { recordCalls: false });
  const day = new FailureDay(gpu, heap, seed);
  arm(gpu);
  await day.run(ACTS);
  for (const { code, message } of day.failures) expect(code, `${where}: ${message}`).toBe('backend-failed');
  expect([...day.complaints, ...day.findDamage(), ...recountHeap(heap, gpu)], where).toEqual([]);
  expect(day.promises.filter(({ state }) => state === 'open').length, where).toBe(0);
  gpu.faults.clear();
  await day.end();
  const { usedBytes, pendingBytes, reservedBytes } = heap.statistics();
  expect([usedBytes, pendingBytes, reservedBytes, gpu.buffers.size], where).toEqual([0, 0, 0, 0]);
  expect(heap.allocate({ size: 5000, usage: BufferUsage.VERTEX }).isLive, where).toBe(true);
  heap.dispose();
  expect([gpu.buffers.size, gpu.openPromiseCount], where).toEqual([0, 0]);
  return day.failures.length;
}

describe('a backend that fails', () => {
  const runs = scale(200, 3000);

  it('at any call: typed, nothing leaked, and the heap goes on', async () => {
    let failures = 0;
    let done = 0;
    for (let seed = 1; done < runs; seed++) {
      const calls = await countCalls(seed);
      for (let call = 1; call <= calls && done < runs; call++, done++) {
        failures += await fail(seed, `day ${seed}, call ${call}`, (gpu) => gpu.faults.failAtCall(call));
      }
    }
    // What fails in the dark, such as the end of an empty chunk, is made good later.
    expect(failures).toBeGreaterThan(done / 2);
  });

  it.each(LATE)('in the promise of any %s: typed, nothing leaked, and the heap goes on', async (kind) => {
    let done = 0;
    for (let seed = 1; done < runs / LATE.length; seed++) {
      const calls = await countCalls(seed, kind);
      for (let call = 1; call <= calls && done < runs / LATE.length; call++, done++) {
        const where = `day ${seed}, ${kind} ${call}`;
        await fail(seed, where, (gpu) => gpu.faults.failAtCall(call, { kind, when: 'late' }));
      }
    }
  });
});
