import { describe, expect, it } from 'vitest';
import { type Allocation, BufferUsage, OutOfMemoryError, type Pressure } from '../../src/index.ts';
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

/** Fills the budget with allocations of `size`. */
function fill(heap: ReturnType<typeof openHeap>['heap'], size: number): Allocation<unknown>[] {
  const live: Allocation<unknown>[] = [];
  for (;;) {
    const next = heap.tryAllocate({ size, usage: VERTEX });
    if (next === undefined) return live;
    live.push(next);
  }
}

describe('remedies: each is named, and the same request then succeeds', () => {
  const request = { size: 10 * KIB, usage: VERTEX };
  const options = { budgetBytes: 300 * KIB, chunkBytes: 256 * KIB };

  it('end-frame', () => {
    const { heap } = openHeap(options, { reuseAfter: 'submitted' });
    fill(heap, 10 * KIB)
      .pop()
      ?.free();
    expect(failureOf(() => heap.allocate(request)).remedy).toBe('end-frame');
    heap.endFrame();
    expect(heap.allocate(request).isLive).toBe(true);
  });

  it('wait', async () => {
    const { gpu, heap } = openHeap(options, { reuseAfter: 'completed' });
    fill(heap, 10 * KIB)
      .pop()
      ?.free();
    expect(failureOf(() => heap.allocate(request)).remedy).toBe('end-frame');
    heap.endFrame();
    expect(failureOf(() => heap.allocate(request)).remedy).toBe('wait');
    const waiting = heap.allocateAsync(request);
    gpu.completeAll();
    expect((await waiting).isLive).toBe(true);
  });

  it('raise-budget, by raising it and by freeing something', () => {
    const { heap } = openHeap(options, { reuseAfter: 'submitted' });
    const live = fill(heap, 10 * KIB);
    const failure = failureOf(() => heap.allocate(request));
    expect(failure).toMatchObject({ remedy: 'raise-budget', code: 'over-budget' });
    heap.setBudget(failure.figures.reservedBytes + 10 * KIB);
    expect(heap.allocate(request).isLive).toBe(true);
    expect(failureOf(() => heap.allocate(request)).remedy).toBe('raise-budget');
    live.pop()?.free();
    heap.endFrame();
    expect(heap.allocate(request).isLive).toBe(true);
  });

  it('free, when it is the device that has no more', () => {
    const { gpu, heap } = openHeap({ chunkBytes: 64 * KIB }, { reuseAfter: 'submitted' });
    const live = [1, 2, 3, 4, 5, 6].map(() => heap.allocate(request));
    gpu.faults.refuseCreation({ every: true, when: 'now' });
    const failure = failureOf(() => heap.allocate(request));
    expect(failure).toMatchObject({ remedy: 'free', code: 'refused-by-device' });
    live.pop()?.free();
    heap.submitted();
    expect(heap.allocate(request).isLive).toBe(true);
  });

  it('raise-pool-limit, by freeing something of the pool', () => {
    const { heap } = openHeap({}, { reuseAfter: 'submitted' });
    const pool = heap.createPool({ name: 'small', maxChunks: 1, chunkBytes: 16 * KIB });
    const first = heap.allocate({ ...request, pool });
    expect(failureOf(() => heap.allocate({ ...request, pool })).remedy).toBe('raise-pool-limit');
    first.free();
    expect(failureOf(() => heap.allocate({ ...request, pool })).remedy).toBe('end-frame');
    heap.submitted();
    expect(heap.allocate({ ...request, pool }).isLive).toBe(true);
  });

  it('end-frame, when a large buffer waits for it', () => {
    const { heap } = openHeap({ budgetBytes: 300 * KIB, chunkBytes: 64 * KIB }, { reuseAfter: 'submitted' });
    const large = { size: 200 * KIB, usage: STORAGE };
    heap.allocate(large).free();
    expect(failureOf(() => heap.allocate(large)).remedy).toBe('end-frame');
    heap.submitted();
    expect(heap.allocate(large).isLive).toBe(true);
  });
});

describe('pressure', () => {
  it('asks the application once before it fails, when everything is as it should be', () => {
    const asked: Pressure[] = [];
    const spare: Allocation<unknown>[] = [];
    const { heap } = openHeap(
      {
        budgetBytes: 300 * KIB,
        chunkBytes: 64 * KIB,
        onPressure: (pressure) => {
          asked.push(pressure);
          // It may use the heap, and is not asked again meanwhile.
          expect(heap.tryAllocate({ size: 250 * KIB, usage: VERTEX })).toBeUndefined();
          spare.pop()?.free();
          heap.submitted();
        },
      },
      { reuseAfter: 'submitted' },
    );
    spare.push(heap.allocate({ size: 100 * KIB, usage: VERTEX }));
    heap.allocate({ size: 100 * KIB, usage: VERTEX });
    expect(heap.allocate({ size: 150 * KIB, usage: VERTEX }).isLive).toBe(true);
    expect(asked).toEqual([
      {
        reason: 'over-budget',
        requestedBytes: 150 * KIB,
        reservedBytes: 200 * KIB,
        budgetBytes: 300 * KIB,
      },
    ]);
    expect(codeOf(() => heap.allocate({ size: 150 * KIB, usage: VERTEX }))).toBe('over-budget');
    expect(asked.length).toBe(2);
  });

  it('passes on what the application throws, and changes nothing', () => {
    const { heap } = openHeap({
      budgetBytes: 64 * KIB,
      onPressure: () => {
        throw new RangeError('mine');
      },
    });
    expect(() => heap.allocate({ size: 100 * KIB, usage: VERTEX })).toThrow(RangeError);
    expect(() => heap.tryAllocate({ size: 100 * KIB, usage: VERTEX })).toThrow(RangeError);
    expect(heap.allocate({ size: 10 * KIB, usage: VERTEX }).isLive).toBe(true);
  });
});

describe('asking first', () => {
  it('agrees with what allocate does, to the byte', () => {
    for (const reuseAfter of ['submitted', 'completed'] as const) {
      const { gpu, heap } = openHeap({ budgetBytes: 700 * KIB, chunkBytes: 64 * KIB }, { reuseAfter });
      const live: Allocation<unknown>[] = [];
      for (let step = 0; step < 300; step++) {
        const request = {
          usage: step % 3 === 0 ? STORAGE : VERTEX,
          size: 1,
          alignment: [1, 36, 256][step % 3] as number,
        };
        let largest = heap.largestAllocatable(request);
        if (step % 7 === 0 && largest > 0) {
          expect(heap.canAllocate({ ...request, size: largest })).toBe(true);
          const taken = heap.allocate({ ...request, size: largest });
          expect(taken.size).toBe(largest);
          taken.free();
          heap.submitted();
          gpu.completeAll();
          largest = heap.largestAllocatable(request);
        }
        expect(heap.canAllocate({ ...request, size: largest + 1 })).toBe(false);
        expect(heap.tryAllocate({ ...request, size: largest + 1 })).toBeUndefined();
        const size = 1 + ((step * 7919) % 20_000);
        const can = heap.canAllocate({ ...request, size });
        const next = heap.tryAllocate({ ...request, size });
        expect(next !== undefined).toBe(can);
        if (next !== undefined) live.push(next);
        if (step % 2 === 1) live.splice((step * 31) % live.length, 1)[0]?.free();
        if (step % 5 === 0) gpu.completeUpTo(heap.endFrame());
      }
    }
  });
});

describe('trim', () => {
  it('gives empty chunks back at once when told to, and old ones when told how old', () => {
    const { gpu, heap } = openHeap({ chunkBytes: 64 * KIB }, { reuseAfter: 'submitted' });
    const live = Array.from({ length: 20 }, () => heap.allocate({ size: 30 * KIB, usage: VERTEX }));
    for (const each of live) each.free();
    heap.endFrame();
    const held = gpu.heldBytes;
    expect(held).toBeGreaterThan(0);
    expect(heap.trim({ idleFrames: 2 })).toBe(0);
    heap.endFrame();
    heap.endFrame();
    expect(heap.trim({ idleFrames: 2 })).toBe(held);
    expect(gpu.heldBytes).toBe(0);
    for (const bad of [null, 1, { idleFrames: -1 }, { idleFrames: 0.5 }, { frames: 1 }]) {
      expect(codeOf(() => heap.trim(bad as never))).toMatch(/bad-argument|unknown-option/);
    }
  });
});

describe('allocateAsync', () => {
  const request = { size: 10 * KIB, usage: VERTEX };

  it('waits for the word of the device, and tries again when the word is no', async () => {
    const { gpu, heap } = openHeap({}, { autoComplete: true });
    gpu.faults.refuseCreation({ atCall: 1, when: 'late' });
    const allocation = await heap.allocateAsync(request);
    expect(heap.statistics()).toMatchObject({ allocationCount: 1, pendingBytes: 0 });
    allocation.write(new Uint8Array(10 * KIB).fill(3));
    expect(await allocation.read(0, 4)).toEqual(Uint8Array.of(3, 3, 3, 3));
  });

  it('gives up when the device says no for ever, and leaves nothing behind', async () => {
    const { gpu, heap } = openHeap({}, { autoComplete: true });
    gpu.faults.refuseCreation({ every: true, when: 'late' });
    await expect(heap.allocateAsync(request)).rejects.toMatchObject({ code: 'refused-by-device' });
    expect(gpu.buffers.size).toBe(0);
    expect(heap.statistics()).toMatchObject({ allocationCount: 0, usedBytes: 0, pendingBytes: 0 });
  });

  it('rejects at once when waiting can not help, and for bad input', async () => {
    const { heap } = openHeap({ budgetBytes: 64 * KIB });
    await expect(heap.allocateAsync({ size: 100 * KIB, usage: VERTEX })).rejects.toMatchObject({
      remedy: 'raise-budget',
    });
    await expect(heap.allocateAsync({ size: 0, usage: VERTEX })).rejects.toMatchObject({ code: 'bad-size' });
  });

  it('settles when the heap goes or the device is lost while it waits', async () => {
    for (const end of ['dispose', 'lose'] as const) {
      const { gpu, heap } = openHeap({ budgetBytes: 64 * KIB, chunkBytes: 64 * KIB });
      const first = heap.allocate({ size: 60 * KIB, usage: VERTEX });
      first.free();
      heap.endFrame();
      const waiting = heap.allocateAsync({ size: 60 * KIB, usage: VERTEX });
      const caught = expect(waiting).rejects.toMatchObject({
        code: end === 'lose' ? 'device-lost' : 'disposed',
      });
      if (end === 'lose') gpu.lose();
      else {
        heap.dispose();
        gpu.completeAll();
      }
      await caught;
    }
  });

  it('serves several that wait, in turn', async () => {
    const { gpu, heap } = openHeap({ budgetBytes: 128 * KIB, chunkBytes: 64 * KIB });
    const first = [0, 1].map(() => heap.allocate({ size: 60 * KIB, usage: VERTEX }));
    for (const each of first) each.free();
    heap.endFrame();
    const waiting = [0, 1].map(() => heap.allocateAsync({ size: 60 * KIB, usage: VERTEX }));
    const third = heap.allocateAsync({ size: 60 * KIB, usage: VERTEX });
    gpu.completeAll();
    const made = await Promise.all(waiting);
    expect(made.every(({ isLive }) => isLive)).toBe(true);
    await expect(third).rejects.toMatchObject({ code: 'over-budget' });
  });
});

describe('a read under way', () => {
  const options = { budgetBytes: 64 * KIB, chunkBytes: 64 * KIB, dedicatedBytes: KIB };
  const large = { size: 30 * KIB, usage: STORAGE };

  it('is waited for, since its staging is free again afterwards', async () => {
    const { gpu, heap } = openHeap(options);
    const read = heap.allocate(large).read();
    expect(failureOf(() => heap.allocate(large))).toMatchObject({ code: 'over-budget', remedy: 'wait' });
    const waiting = heap.allocateAsync(large);
    gpu.completeAll();
    expect([(await waiting).isLive, (await read).length]).toEqual([true, 30 * KIB]);
  });

  it('is no reason to wait for what would not fit without it', async () => {
    const { gpu, heap } = openHeap(options);
    const read = heap.allocate(large).read();
    const larger = { ...large, size: 40 * KIB };
    expect(failureOf(() => heap.allocate(larger)).remedy).toBe('raise-budget');
    const waiting = heap.allocateAsync(larger);
    gpu.completeAll();
    await expect(waiting).rejects.toMatchObject({ code: 'over-budget' });
    await read;
  });
});

describe('an out-of-memory error', () => {
  it('names the owners that hold the most', () => {
    const { heap } = openHeap({ budgetBytes: 300 * KIB, chunkBytes: 256 * KIB });
    for (const [k, owner] of ['map', 'sky', 'text', 'map', 'sea'].entries()) {
      heap.allocate({ size: (k + 1) * KIB, usage: VERTEX, owner });
    }
    heap.allocate({ size: 100 * KIB, usage: VERTEX, owner: 'gone' }).free();
    const failure = failureOf(() => heap.allocate({ size: 400 * KIB, usage: VERTEX }));
    expect(failure.owners).toEqual([
      { owner: 'map', usedBytes: 5 * KIB },
      { owner: 'sea', usedBytes: 5 * KIB },
      { owner: 'text', usedBytes: 3 * KIB },
    ]);
    expect(failure.message).toContain('most by "map" (5120), "sea" (5120), "text" (3072)');
  });

  it('names none where requests name none', () => {
    const { heap } = openHeap({ budgetBytes: 300 * KIB });
    const failure = failureOf(() => heap.allocate({ size: 400 * KIB, usage: VERTEX }));
    expect([failure.owners, failure.message.includes('most by')]).toEqual([[], false]);
  });
});
