import { describe, expect, it } from 'vitest';
import type { MockGpuOptions } from '../src/index.ts';
import { ALL, codeOf, openGpu, outcomeOf } from './open-gpu.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Starts a wait for each of three serials and a read, and notes in which order they settle. */
async function orderOf(options: MockGpuOptions): Promise<string> {
  const { gpu, backend, make } = openGpu(options);
  const settled: string[] = [];
  const buffer = make(4);
  for (const name of ['a', 'b', 'c']) backend.whenCompleted(backend.signal()).then(() => settled.push(name));
  backend.read(buffer, 0, 4).then(() => settled.push('d'));
  gpu.completeAll();
  await turn();
  return settled.join('');
}

describe('promises settle', () => {
  it('in the order that they fall due, backwards, or shuffled by a seed, the same every time', async () => {
    expect(await orderOf({})).toBe('abcd');
    expect(await orderOf({ settleOrder: 'lifo' })).toBe('dcba');
    const shuffles = await Promise.all([1, 2, 3, 4, 5, 6].map((settleOrder) => orderOf({ settleOrder })));
    for (const [index, shuffle] of shuffles.entries()) {
      expect([...shuffle].sort().join('')).toBe('abcd');
      expect(await orderOf({ settleOrder: index + 1 })).toBe(shuffle);
    }
    expect(new Set(shuffles).size).toBeGreaterThan(2);
  });

  it('at once, with the next completion, or by hand', async () => {
    const settledAfter = async (
      options: MockGpuOptions,
      act: (gpu: ReturnType<typeof openGpu>['gpu']) => void,
    ) => {
      const { gpu, backend } = openGpu(options);
      let isSettled = false;
      backend.createBuffer({ size: 4, usage: ALL, memoryType: 0 }).settled.then(() => {
        isSettled = true;
      });
      act(gpu);
      await turn();
      return isSettled;
    };
    expect(await settledAfter({}, () => {})).toBe(true);
    expect(await settledAfter({ settleWhen: 'with-completion' }, () => {})).toBe(false);
    expect(await settledAfter({ settleWhen: 'with-completion' }, (gpu) => gpu.completeAll())).toBe(true);
    expect(await settledAfter({ settleWhen: 'manual' }, (gpu) => gpu.completeAll())).toBe(false);
    expect(await settledAfter({ settleWhen: 'manual' }, (gpu) => gpu.settle())).toBe(true);
  });

  it('by hand one at a time, and never before their outcome is known', async () => {
    const { gpu, backend } = openGpu({ settleWhen: 'manual' });
    const settled: number[] = [];
    const serials = [backend.signal(), backend.signal(), backend.signal()];
    for (const serial of serials) backend.whenCompleted(serial).then(() => settled.push(serial));
    expect([gpu.settle(), gpu.openPromiseCount]).toEqual([0, 3]);
    gpu.completeUpTo(2);
    expect(gpu.settle(1)).toBe(1);
    await turn();
    expect(settled).toEqual([1]);
    expect([gpu.settle(), gpu.openPromiseCount]).toEqual([1, 1]);
    await turn();
    expect(settled).toEqual([1, 2]);
    expect(codeOf(() => gpu.settle(-1))).toBe('bad-argument');
  });

  it('all, at the loss and at the end of their backend, however they are held', async () => {
    for (const end of ['lose', 'dispose'] as const) {
      const { gpu, backend, make } = openGpu({ settleWhen: 'manual' });
      const other = gpu.backend();
      const buffer = make(8);
      const { settled } = backend.createBuffer({ size: 4, usage: ALL, memoryType: 0 });
      const wait = backend.whenCompleted(backend.signal());
      const read = backend.read(buffer, 0, 8);
      gpu.completeAll();
      const lateRead = backend.read(buffer, 0, 8);
      const others = other.whenCompleted(other.signal());
      if (end === 'lose') gpu.lose('gone');
      else backend.dispose();
      for (const promise of [settled, wait, read, lateRead])
        expect(await outcomeOf(promise)).toBe('device-lost');
      expect([gpu.isLost, backend.isLost, other.isLost]).toEqual([end === 'lose', true, end === 'lose']);
      expect(backend.stagingBytes).toBe(0);
      gpu.completeAll();
      gpu.settle();
      expect(await outcomeOf(others)).toBe(end === 'lose' ? 'device-lost' : undefined);
    }
  });
});

describe('the loss', () => {
  it('is told with its reason, once, also to backends that come later', async () => {
    const { gpu, backend } = openGpu();
    gpu.lose('unplugged');
    gpu.lose('again', 'destroyed');
    const late = gpu.backend();
    for (const each of [backend, late]) {
      expect(each.isLost).toBe(true);
      expect(await each.lost).toEqual({ reason: 'unknown', message: 'unplugged' });
    }
    expect(codeOf(() => gpu.lose(7 as never))).toBe('bad-argument');
    expect(codeOf(() => gpu.lose('x', 'bored' as never))).toBe('bad-argument');
  });

  it('ends all work: what is queued is never done, what comes after neither', async () => {
    const { gpu, backend, make } = openGpu();
    const buffer = make(4);
    backend.write(buffer, 0, Uint8Array.of(1, 1, 1, 1));
    const serial = backend.signal();
    gpu.completeUpTo(serial);
    backend.write(buffer, 0, Uint8Array.of(2, 2, 2, 2));
    backend.signal();
    gpu.lose();
    backend.write(buffer, 0, Uint8Array.of(3, 3, 3, 3));
    gpu.completeAll();
    expect(gpu.peek(buffer)).toEqual(Uint8Array.of(1, 1, 1, 1));
    expect([backend.completedSerial, gpu.queuedCount]).toEqual([serial, 0]);
    expect(await outcomeOf(backend.whenCompleted(serial))).toBeUndefined();
    backend.destroyBuffer(buffer);
    expect([gpu.heldBytes, gpu.occupiedBytes]).toEqual([0, 0]);
  });

  it('holds nothing back: what is asked after it is answered at once', async () => {
    const { gpu, backend, make } = openGpu({ settleWhen: 'manual' });
    const buffer = make(4);
    gpu.lose();
    gpu.faults.delayAtCall(1, 5, 'read');
    const late = [backend.read(buffer, 0, 4), backend.whenCompleted(backend.signal())];
    for (const promise of late) expect(await outcomeOf(promise)).toBe('device-lost');
    expect([gpu.openPromiseCount, backend.stagingBytes]).toEqual([0, 0]);
  });
});
