import { describe, expect, it } from 'vitest';
import { watchRejections } from '../../../testing/src/backend-contract/rejection-watch.ts';
import { type Allocation, BufferUsage, type LeakReport, OutOfMemoryError } from '../../src/index.ts';
import { Buddy } from '../../src/ranges/index.ts';
import { codeOf } from '../code-of.ts';
import { recountHeap } from './heap-recount.ts';
import { firstDifference, openHeap, patternOf } from './open-heap.ts';
import { drain, Watched } from './watched.ts';

const { STORAGE, VERTEX } = BufferUsage;
const KIB = 1024;
const request = { size: 1000, usage: VERTEX };

/** What a promise came to: the code of its error, or `resolved`. */
async function outcomeOf(promise: Promise<unknown>): Promise<string> {
  const watched = new Watched(promise);
  await drain(200);
  if (watched.state !== 'rejected') return watched.state;
  return (watched.error as { code?: string }).code ?? String(watched.error);
}

describe('allocateAsync', () => {
  it('ends when the device refuses late and the next try is refused at once', async () => {
    const { gpu, heap } = openHeap();
    gpu.faults.refuseCreation({ atCall: 1 });
    const waiting = heap.allocateAsync(request);
    heap.setBudget(100);
    expect(await outcomeOf(waiting)).toBe('over-budget');
    expect([gpu.buffers.size, heap.statistics().allocationCount]).toEqual([0, 0]);
  });

  it('answers what lives, when its frame ended before the device gave its word', async () => {
    for (const isRefused of [false, true]) {
      const { gpu, heap } = openHeap({}, { settleWhen: 'manual' });
      if (isRefused) gpu.faults.refuseCreation({ atCall: 1 });
      const waiting = new Watched(heap.allocateAsync({ ...request, lifetime: 'frame' }));
      heap.endFrame();
      for (let turn = 0; turn < 6; turn++) {
        gpu.completeAll();
        gpu.settle();
        await drain();
      }
      expect([waiting.error, waiting.value?.isLive]).toEqual([undefined, true]);
      expect(heap.statistics().allocationCount).toBe(1);
    }
  });
});

describe('a read', () => {
  it('does not answer bytes that were never there', async () => {
    for (const refused of ['where the bytes are', 'the staging']) {
      const { gpu, heap } = openHeap();
      gpu.faults.refuseCreation({ atCall: refused === 'the staging' ? 2 : 1 });
      const mesh = heap.allocate(request);
      mesh.write(patternOf(1, 1000));
      const read = mesh.read();
      gpu.completeAll();
      await expect(read, refused).rejects.toMatchObject({ code: 'refused-by-device' });
    }
  });
});

describe('a readback', () => {
  it('that is freed while it is read, is read to the end and goes to nobody before', async () => {
    for (const dedicatedBytes of [500, 64 * KIB]) {
      const { gpu, heap } = openHeap({ dedicatedBytes }, { reuseAfter: 'submitted' });
      const target = { size: 1000, usage: BufferUsage.COPY_DST, location: 'readback' } as const;
      const first = heap.allocate(target);
      first.write(patternOf(1, 1000));
      const read = first.read();
      first.free();
      heap.submitted();
      const second = heap.allocate(target);
      second.write(patternOf(2, 1000));
      gpu.completeAll();
      expect(firstDifference(await read, patternOf(1, 1000))).toBe(-1);
      heap.submitted();
      expect(heap.statistics()).toMatchObject({ allocationCount: 1, pendingBytes: 0 });
      expect(gpu.errors).toEqual([]);
    }
  });
});

describe('shrinking in place', () => {
  it('keeps the tail for as long as the GPU may read it', () => {
    for (const reuseAfter of ['completed', 'submitted'] as const) {
      const { gpu, heap } = openHeap({}, { reuseAfter });
      const mesh = heap.allocate({ ...request, size: 4096 });
      mesh.write(patternOf(1, 4096));
      const encoder = gpu.recordEncoder();
      const seen = encoder.read(mesh.buffer, mesh.offset, 4096);
      if (reuseAfter === 'completed') encoder.submit();
      mesh.resize(1024);
      const others = [1024, 2048].map((size) => heap.allocate({ ...request, size }));
      for (const other of others) other.write(patternOf(2, other.size));
      if (reuseAfter === 'submitted') encoder.submit();
      gpu.completeAll();
      expect(firstDifference(seen.bytes as Uint8Array, patternOf(1, 4096))).toBe(-1);
      expect(gpu.hazards).toEqual([]);
      heap.endFrame();
      gpu.completeAll();
      heap.endFrame();
      expect(heap.statistics()).toMatchObject({ usedBytes: 4096, pendingBytes: 0 });
    }
  });

  it('keeps the tail for as long as an open recording uses it', () => {
    const { gpu, heap } = openHeap({}, { reuseAfter: 'submitted' });
    const mesh = heap.allocate({ ...request, size: 4096 });
    mesh.write(patternOf(1, 4096));
    const encoder = gpu.recordEncoder();
    const seen = encoder.read(mesh.buffer, mesh.offset, 4096);
    const token = heap.record().use(mesh);
    mesh.resize(1024);
    for (let frame = 0; frame < 3; frame++) {
      heap.endFrame();
      heap.allocate({ ...request, size: 2048 }).write(patternOf(2, 2048));
    }
    encoder.submit();
    token.end();
    gpu.completeAll();
    expect(firstDifference(seen.bytes as Uint8Array, patternOf(1, 4096))).toBe(-1);
    expect(gpu.hazards).toEqual([]);
  });
});

describe('several timelines', () => {
  /** A heap with a range that is used on the second timeline, and one that keeps it from growing in place. */
  function open() {
    const opened = openHeap({}, { timelines: 2 });
    const { gpu, heap } = opened;
    const usage = STORAGE | VERTEX;
    const make = (size: number) => heap.allocate({ size, usage, timelines: [1] });
    const mesh = make(1000);
    make(16);
    /** What comes next in its place, written there by a shader on the second timeline. */
    const replace = (seed: number): Allocation<unknown> => {
      heap.submitted(1);
      gpu.completeOn(1);
      heap.trim();
      const next = make(1000);
      const encoder = gpu.recordEncoder();
      encoder.write(next.buffer, next.offset, patternOf(seed, 1000));
      encoder.submit(1);
      gpu.completeOn(1);
      return next;
    };
    return { ...opened, mesh, replace };
  }

  it('give a range away only when the copy out of it is done, which is on the first', () => {
    const { gpu, heap, mesh, replace } = open();
    mesh.write(patternOf(1, 1000));
    gpu.completeAll();
    mesh.resize(5000);
    replace(2);
    gpu.completeAll();
    expect(firstDifference(gpu.peek(mesh.buffer, mesh.offset, 1000), patternOf(1, 1000))).toBe(-1);
    expect(gpu.hazards).toEqual([]);
    heap.dispose();
  });

  it('give a range away only when the write into it is done, which is on the first', () => {
    const { gpu, mesh, replace } = open();
    mesh.write(patternOf(1, 1000));
    mesh.free();
    const next = replace(2);
    gpu.completeAll();
    expect(firstDifference(gpu.peek(next.buffer as never, next.offset, 1000), patternOf(2, 1000))).toBe(-1);
  });
});

describe('an application that frees under pressure', () => {
  it('may free what is being resized', () => {
    for (const isMadeRoom of [false, true]) {
      const spare: Allocation<unknown>[] = [];
      const { gpu, heap } = openHeap(
        {
          budgetBytes: 300 * KIB,
          chunkBytes: 64 * KIB,
          onPressure: () => {
            for (const each of spare.splice(0)) each.free();
            if (isMadeRoom) heap.submitted();
          },
        },
        { reuseAfter: 'submitted' },
      );
      const mesh = heap.allocate({ ...request, size: 50 * KIB });
      spare.push(mesh, heap.allocate({ ...request, size: 200 * KIB }));
      expect(codeOf(() => mesh.resize(190 * KIB))).toBe(isMadeRoom ? 'dead-allocation' : 'over-budget');
      expect(recountHeap(heap, gpu)).toEqual([]);
      heap.submitted();
      heap.submitted();
      expect(heap.statistics()).toMatchObject({ allocationCount: 0, usedBytes: 0, pendingBytes: 0 });
    }
  });

  it('may free what is being copied, and what comes in its place is not touched', () => {
    let next: Allocation<unknown> | undefined;
    const { gpu, heap } = openHeap(
      {
        budgetBytes: 64 * KIB,
        chunkBytes: 64 * KIB,
        onPressure: () => {
          target.free();
          heap.submitted();
          next = heap.allocate(request);
          next.write(patternOf(3, 1000));
          heap.setBudget(200 * KIB);
        },
      },
      { reuseAfter: 'submitted' },
    );
    const source = heap.allocate(request);
    source.write(patternOf(1, 1000));
    const target = heap.allocate(request);
    const { offset } = target;
    heap.allocate({ ...request, size: 62_000 });
    expect(codeOf(() => heap.copy(source, 0, target, 0, 1000))).toBe('dead-allocation');
    expect(next?.offset).toBe(offset);
    gpu.completeAll();
    expect(firstDifference(gpu.peek(next?.buffer as never, offset, 1000), patternOf(3, 1000))).toBe(-1);
    expect(recountHeap(heap, gpu)).toEqual([]);
  });

  it('gets what it has freed, in whatever chunk that is', () => {
    const live: Allocation<unknown>[] = [];
    const { heap } = openHeap(
      {
        budgetBytes: 128 * KIB,
        chunkBytes: 64 * KIB,
        onPressure: () => {
          live.pop()?.free();
          heap.submitted();
        },
      },
      { reuseAfter: 'submitted' },
    );
    const next = { ...request, size: 10_000 };
    for (let k = 0; k < 12; k++) live.push(heap.allocate(next));
    expect(heap.canAllocate(next)).toBe(false);
    expect(heap.allocate(next).isLive).toBe(true);
    expect(live.length).toBe(11);
  });

  it('may end the frame while several are asked for, and gets all of them or none', () => {
    for (const lastBytes of [90 * KIB, 500 * KIB]) {
      const { gpu, heap } = openHeap(
        { budgetBytes: 150 * KIB, chunkBytes: 64 * KIB, onPressure: () => void heap.endFrame() },
        { reuseAfter: 'submitted' },
      );
      const requests = [40 * KIB, lastBytes].map((size): typeof request & { lifetime: 'frame' } => ({
        ...request,
        size,
        lifetime: 'frame',
      }));
      let many: Allocation<unknown>[] = [];
      const code = codeOf(() => {
        many = heap.allocateMany(requests);
      });
      expect(['none', 'over-budget']).toContain(code);
      expect(many.every(({ isLive }) => isLive)).toBe(true);
      expect(heap.statistics().allocationCount).toBe(many.length);
      expect(recountHeap(heap, gpu)).toEqual([]);
    }
  });
});

describe('a block', () => {
  it('has zeros where any of its members asks for them', async () => {
    const { heap } = openHeap({}, { autoComplete: true, reuseAfter: 'submitted' });
    const before = heap.allocate({ ...request, size: 4096 });
    before.write(patternOf(1, 4096));
    before.free();
    heap.submitted();
    const { members = [] } = heap.allocateBlock([request, { ...request, zeroed: true }]);
    expect(await members[1]?.read()).toEqual(new Uint8Array(1000));
  });

  it('moves away from those that are kept apart from one of its members', () => {
    const { heap } = openHeap({}, { reuseAfter: 'submitted' });
    const block = heap.allocateBlock([request, request]);
    const member = block.members[0] as Allocation<never>;
    const written = heap.allocate({ size: 256, usage: STORAGE, access: 'read' });
    written.pin();
    const apart = heap.allocate({ ...request, apartFrom: [member] });
    expect(member.buffer).toBe(written.buffer);
    heap.resolveScope([
      { allocation: member, use: 'vertex' },
      { allocation: written, use: 'storage' },
    ]);
    expect(new Set([member.buffer, written.buffer, apart.buffer]).size).toBe(3);
  });
});

describe('a pool whose suballocator does not hold in its chunk what the chunk was made for', () => {
  it('refuses the request, and keeps nothing of it', () => {
    const { gpu, heap } = openHeap({ budgetBytes: 100_000 });
    const pool = heap.createPool({
      name: 'buddies',
      suballocator: (options) => new Buddy(options),
      chunkBytes: 64 * KIB,
      dedicatedBytes: 2 ** 30,
    });
    let failure: unknown;
    try {
      heap.allocate({ ...request, size: 66_000, pool });
    } catch (error) {
      failure = error;
    }
    const isTooLarge = (failure as { code?: string }).code === 'too-large';
    expect(isTooLarge || failure instanceof OutOfMemoryError, String(failure)).toBe(true);
    expect(codeOf(() => heap.allocate({ ...request, alignment: 48, pool }))).toBe('bad-alignment');
    expect(pool.statistics()).toMatchObject({ allocationCount: 0, usedBytes: 0, reservedBytes: 0 });
    expect(recountHeap(heap, gpu)).toEqual([]);
    expect(heap.allocate({ ...request, pool }).isLive).toBe(true);
  });
});

describe('the end', () => {
  it('is an end when the backend ended first, without a rejection that nobody sees', async () => {
    const unhandled = await watchRejections(async () => {
      const { gpu, heap, backend } = openHeap({}, { settleWhen: 'manual' });
      heap.createPool({ name: 'warm', minChunks: 2 });
      const mesh = heap.allocate(request);
      backend.dispose();
      gpu.settle();
      await drain();
      heap.dispose();
      expect(mesh.isLive).toBe(false);
      expect(heap.statistics()).toMatchObject({ allocationCount: 0, usedBytes: 0 });
    });
    expect(unhandled).toEqual([]);
  });

  it('is an end even if a callback throws', () => {
    const told: LeakReport[] = [];
    const { gpu, heap } = openHeap({
      onLeak: (leak) => {
        told.push(leak);
        throw new RangeError('mine');
      },
    });
    const live = [heap.allocate(request), heap.allocate(request)];
    expect(() => heap.dispose()).toThrow(RangeError);
    expect(told.length).toBeGreaterThan(0);
    expect([gpu.buffers.size, ...live.map(({ isLive }) => isLive)]).toEqual([0, false, false]);
    heap.dispose();
  });

  it('takes no chunk of another with it, when a recording outlives a rebuild', () => {
    const { gpu, heap, backend } = openHeap({ chunkBytes: 64 * KIB });
    const mesh = heap.allocate({ ...request, size: 50 * KIB });
    const token = heap.record().use(mesh);
    const other = heap.allocate({ ...request, size: 50 * KIB });
    mesh.free();
    gpu.lose();
    const next = openHeap();
    heap.rebuild(next.backend);
    backend.dispose();
    expect(recountHeap(heap, next.gpu)).toEqual([]);
    token.end();
    heap.endFrame();
    expect(recountHeap(heap, next.gpu)).toEqual([]);
    expect(heap.statistics()).toMatchObject({ allocationCount: 1, pendingBytes: 0 });
    expect(next.gpu.buffers.has(other.buffer)).toBe(true);
  });
});
