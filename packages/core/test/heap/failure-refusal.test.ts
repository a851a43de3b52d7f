import { describe, expect, it } from 'vitest';
import type { MockGpu, MockGpuOptions } from '../../../mock/src/index.ts';
import { scale } from '../../../testing/src/scale.ts';
import { XorShift32 } from '../../../testing/src/workloads/random.ts';
import { BackendError, type GpuHeapOptions, OutOfMemoryError } from '../../src/index.ts';
import { FailureDay } from './failure-day.ts';
import { recountHeap } from './heap-recount.ts';
import { openHeap } from './open-heap.ts';

const ACTS = 60;
const KIB = 1024;
const HEAP: GpuHeapOptions = { chunkBytes: 64 * KIB, dedicatedBytes: 8 * KIB };

/** How a device refuses; `from` is the first creation that it does. */
interface Way {
  readonly name: string;
  readonly gpu?: MockGpuOptions;
  arm(gpu: MockGpu, day: FailureDay, from: number): void;
}

const BOTH = ['now', 'late'] as const;

/** More creations than a day has. */
const MANY = 300;

const WAYS: readonly Way[] = [
  ...BOTH.map(
    (when): Way => ({
      name: `once, ${when}`,
      arm: (gpu, _day, from) => gpu.faults.refuseCreation({ atCall: from, when }),
    }),
  ),
  ...BOTH.map(
    (when): Way => ({
      name: `for ever, ${when}`,
      arm: (gpu, _day, from) => {
        for (let k = 0; k < MANY; k++) gpu.faults.refuseCreation({ atCall: from + k, when });
      },
    }),
  ),
  {
    name: 'at random, now and late',
    arm: (gpu, _day, from) => {
      const random = new XorShift32(from + 1);
      for (let k = 0; k < MANY; k++) {
        if (random.below(3) === 0)
          gpu.faults.refuseCreation({ atCall: from + k, when: BOTH[random.below(2)]! });
      }
    },
  },
  ...BOTH.map(
    (when): Way => ({
      name: `during recovery, ${when}`,
      arm: (gpu, day, from) => {
        gpu.faults.refuseCreation({ atCall: from, when: when === 'now' ? 'late' : 'now' });
        let recoveries = 0;
        day.onFailure = () => {
          if (recoveries++ > 6) return;
          gpu.faults.refuseCreation({ atCall: gpu.counts.createBuffer + 1, when });
          // What an application does then: free, end the frame, give back, and ask again.
          day.free();
          day.endFrame();
          day.trim();
          day.allocate();
        };
      },
    }),
  ),
  ...BOTH.map(
    (when): Way => ({
      name: `when it is full, ${when}`,
      gpu: { capacityBytes: 200 * KIB, refuseCapacity: when },
      arm: (gpu, _day, from) => gpu.faults.refuseCreation({ atCall: from, when }),
    }),
  ),
];

/** How many buffers the day of a seed asks for when nothing is refused. */
async function countCreations(seed: number): Promise<number> {
  const { gpu, heap } = openHeap(HEAP, { recordCalls: false });
  const day = new FailureDay(gpu, heap, seed);
  await day.run(ACTS);
  expect(day.failures).toEqual([]);
  expect([...day.complaints, ...day.findDamage()]).toEqual([]);
  heap.dispose();
  return gpu.counts.createBuffer;
}

/** All is given back, and the same heap does another day as if nothing had been. */
async function expectRecovery(gpu: MockGpu, day: FailureDay, isRoomy: boolean, where: string): Promise<void> {
  const { heap } = day;
  expect(recountHeap(heap, gpu), where).toEqual([]);
  expect([...day.complaints, ...day.findDamage()], where).toEqual([]);
  gpu.faults.clear();
  day.onFailure = undefined;
  await day.end();
  const { allocationCount, usedBytes, pendingBytes, reservedBytes } = heap.statistics();
  const left = { allocationCount, usedBytes, pendingBytes, reservedBytes, buffers: gpu.buffers.size };
  expect(left, where).toEqual({
    allocationCount: 0,
    usedBytes: 0,
    pendingBytes: 0,
    reservedBytes: 0,
    buffers: 0,
  });
  expect(day.promises.filter(({ state }) => state === 'open').length, where).toBe(0);
  const after = new FailureDay(gpu, heap, 1);
  await after.run(12);
  if (isRoomy) expect(after.failures, where).toEqual([]);
  expect([...after.complaints, ...after.findDamage(), ...recountHeap(heap, gpu)], where).toEqual([]);
  heap.dispose();
  gpu.completeAll();
  expect([gpu.buffers.size, gpu.occupiedBytes, gpu.openPromiseCount], where).toEqual([0, 0, 0]);
  expect(gpu.errors, where).toEqual([]);
}

async function refuse(way: Way, seed: number, from: number): Promise<number> {
  const where = `${way.name}: day ${seed}, creation ${from}`;
  const { gpu, heap } = openHeap(HEAP, { recordCalls: false, ...way.gpu });
  const day = new FailureDay(gpu, heap, seed);
  way.arm(gpu, day, from);
  await day.run(ACTS);
  for (const failure of day.failures) {
    // A read whose staging is refused late is a read that fails.
    const isTyped = failure instanceof OutOfMemoryError || failure instanceof BackendError;
    expect(isTyped, `${where}: ${failure.message}`).toBe(true);
    expect(['refused-by-device', 'backend-failed'], where).toContain(failure.code);
  }
  await expectRecovery(gpu, day, way.gpu === undefined, where);
  return day.failures.length;
}

describe('a device that refuses memory', () => {
  const runs = scale(630, 10_000, 630);
  it.each(WAYS)('$name: typed, nothing leaked, and everything works afterwards', async (way) => {
    let failures = 0;
    let done = 0;
    for (let seed = 1; done < runs / WAYS.length; seed++) {
      const creations = await countCreations(seed);
      for (let from = 1; from <= creations && done < runs / WAYS.length; from++, done++) {
        failures += await refuse(way, seed, from);
      }
    }
    // A refusal that a smaller chunk makes good is no failure.
    expect(failures).toBeGreaterThan(done / 20);
  });
});
