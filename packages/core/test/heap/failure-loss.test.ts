import { describe, expect, it } from 'vitest';
import { MockGpu, type SettleOrder, type SettleWhen } from '../../../mock/src/index.ts';
import { watchRejections } from '../../../testing/src/backend-contract/rejection-watch.ts';
import { scale } from '../../../testing/src/scale.ts';
import { BufferUsage, GpuHeap, type GpuHeapOptions } from '../../src/index.ts';
import { codeOf } from '../code-of.ts';
import { FailureDay } from './failure-day.ts';
import { recountHeap } from './heap-recount.ts';
import { openHeap } from './open-heap.ts';
import { drain, Watched } from './watched.ts';

const ACTS = 50;
const HEAP: GpuHeapOptions = { chunkBytes: 65_536, dedicatedBytes: 8192 };
const REQUEST = { size: 100, usage: BufferUsage.VERTEX };

/** Promises settle in the order of their making, in the reverse, or in any. */
const ORDERS: readonly SettleOrder[] = ['fifo', 'lifo', 12_345];
const WHENS: readonly SettleWhen[] = ['at-once', 'with-completion', 'manual'];

/** What an application does after a loss; each has a heap at the end that serves a day like any other. */
const AFTERWARDS: readonly [string, (lost: GpuHeap<never>, gpu: MockGpu) => unknown][] = [
  [
    'a new heap',
    (lost, gpu) => {
      lost.dispose();
      return new GpuHeap(gpu.backend(), HEAP);
    },
  ],
  [
    'the same, rebuilt',
    (lost, gpu) => {
      const gone = lost.backend;
      lost.rebuild(gpu.backend() as never);
      gone.dispose();
      return lost;
    },
  ],
];

/** How many backend calls the day of a seed makes when the device stays. */
async function countCalls(seed: number): Promise<number> {
  const { gpu, heap } = openHeap(HEAP, { recordCalls: false });
  await new FailureDay(gpu, heap, seed).run(ACTS);
  return gpu.callCount;
}

/** Every promise has settled, and every failure says what happened. */
async function expectSettled(gpu: MockGpu, day: FailureDay, where: string): Promise<void> {
  const { heap } = day;
  expect(gpu.isLost, where).toBe(true);
  for (const { code, message } of day.failures) expect(code, `${where}: ${message}`).toBe('device-lost');
  expect(day.complaints, where).toEqual([]);
  expect(day.promises.filter(({ state }) => state === 'open').length, where).toBe(0);
  expect(gpu.openPromiseCount, where).toBe(0);
  const lost = new Watched(heap.lost);
  const waiting = new Watched(heap.allocateAsync({ ...REQUEST, size: 10_000_000 }));
  await drain();
  expect([lost.state, lost.value?.reason, waiting.state], where).toEqual(['resolved', 'unknown', 'rejected']);
  expect(waiting.error, where).toMatchObject({ code: 'device-lost' });
  expect(recountHeap(heap, gpu), where).toEqual([]);
}

function expectEnd(gpu: MockGpu, day: FailureDay, where: string): void {
  const { heap } = day;
  heap.dispose();
  heap.dispose();
  expect(gpu.buffers.size, where).toBe(0);
  expect(day.held.filter(({ allocation }) => allocation.isLive).length, where).toBe(0);
  const acts = [() => heap.allocate(REQUEST), () => heap.endFrame(), () => heap.record(), () => heap.trim()];
  expect(acts.map(codeOf), where).toEqual(acts.map(() => 'disposed'));
  const { usedBytes, pendingBytes, reservedBytes, allocationCount } = heap.statistics();
  expect([usedBytes, pendingBytes, reservedBytes, allocationCount], where).toEqual([0, 0, 0, 0]);
}

async function lose(seed: number, atCall: number, turn: number): Promise<void> {
  const settleOrder = ORDERS[turn % ORDERS.length] as SettleOrder;
  const settleWhen = WHENS[Math.floor(turn / ORDERS.length) % WHENS.length] as SettleWhen;
  const where = `day ${seed}, call ${atCall}, settled ${settleWhen} in order ${settleOrder}`;
  const { gpu, heap } = openHeap(HEAP, { recordCalls: false, settleOrder, settleWhen });
  const day = new FailureDay(gpu, heap, seed);
  gpu.faults.loseAtCall(atCall);
  await day.run(ACTS);
  // Promises that settle later make a day of other calls: it may have been over before.
  gpu.lose();
  await expectSettled(gpu, day, where);
  const [name, goOn] = AFTERWARDS[turn % AFTERWARDS.length]!;
  const fresh = new MockGpu({ recordCalls: false });
  const next = goOn(heap as never, fresh) as typeof heap;
  const after = new FailureDay(fresh, next, seed);
  await after.run(12);
  expect(after.failures, `${where}, then ${name}`).toEqual([]);
  expect([...after.complaints, ...after.findDamage(), ...recountHeap(next, fresh)], where).toEqual([]);
  await after.end();
  if (next === heap) {
    // What the first day held lives on.
    day.gpu = fresh;
    await day.end();
  }
  expect(next.statistics(), `${where}, then ${name}`).toMatchObject({ allocationCount: 0, reservedBytes: 0 });
  expectEnd(gpu, day, where);
  next.dispose();
  fresh.completeAll();
  expect([fresh.buffers.size, fresh.occupiedBytes, fresh.openPromiseCount], where).toEqual([0, 0, 0]);
}

describe('a device that is lost', () => {
  const runs = scale(600, 10_000);

  it('at any call, in any order of settlement: everything settles, ends, and goes on elsewhere', async () => {
    let done = 0;
    const unhandled = await watchRejections(async () => {
      for (let seed = 1; done < runs; seed++) {
        const calls = await countCalls(seed);
        for (let call = 1; call <= calls && done < runs; call++, done++) await lose(seed, call, done);
      }
    });
    expect(unhandled).toEqual([]);
    expect(done).toBe(runs);
  });
});
