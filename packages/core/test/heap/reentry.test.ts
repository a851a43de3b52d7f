import { describe, expect, it } from 'vitest';
import { type MockBuffer, MockGpu } from '../../../mock/src/index.ts';
import { type Allocation, BufferUsage, MirroredArray } from '../../src/index.ts';
import { codeOf } from '../code-of.ts';
import { firstDifference, openHeap, patternOf } from './open-heap.ts';

const { VERTEX } = BufferUsage;

const KIB = 1024;
const AT_ONCE = { reuseAfter: 'submitted', autoComplete: true } as const;

type Mock = Allocation<MockBuffer>;

describe('a callback that fills bytes in place', () => {
  it('may rebuild the heap: that write is refused, and the batch goes on', async () => {
    const { gpu, heap } = openHeap({}, AT_ONCE);
    const { uploads } = heap;
    const mesh = heap.allocate({ size: 1024, usage: VERTEX, hostCopy: true });
    mesh.write(patternOf(1, 1024));
    expect(await uploads.whenRoom(1024)).toBe(true);
    const fill = (): void => {
      gpu.lose();
      heap.rebuild(new MockGpu(AT_ONCE).backend());
    };
    expect(codeOf(() => uploads.writeInPlace(mesh, 1024, fill))).toBe('device-lost');
    heap.endFrame();
    expect(firstDifference(await mesh.read(), patternOf(1, 1024))).toBe(-1);
    expect(await uploads.whenRoom(1024)).toBe(true);
    const { batchedCount } = uploads.statistics();
    uploads.writeInPlace(mesh, 1024, (bytes) => bytes.set(patternOf(2, 1024)));
    expect(uploads.statistics().batchedCount).toBe(batchedCount + 1);
    heap.endFrame();
    expect(firstDifference(await mesh.read(), patternOf(2, 1024))).toBe(-1);
  });

  it('is told when the device is lost in it', async () => {
    const { gpu, heap } = openHeap({}, AT_ONCE);
    const mesh = heap.allocate({ size: 1024, usage: VERTEX });
    await heap.uploads.whenRoom(1024);
    expect(codeOf(() => heap.uploads.writeInPlace(mesh, 1024, () => gpu.lose()))).toBe('device-lost');
    heap.rebuild(new MockGpu(AT_ONCE).backend());
    expect(codeOf(() => heap.endFrame())).toBe('none');
  });
});

describe('a batch of uploads', () => {
  it('drops what goes to a buffer that somebody has destroyed, and nothing else', async () => {
    const { backend, heap } = openHeap({}, AT_ONCE);
    const { uploads } = heap;
    const gone = heap.allocate({ size: 1024, usage: VERTEX, dedicated: true });
    const meshes: Mock[] = [1, 2].map(() => heap.allocate({ size: 1024, usage: VERTEX }));
    expect(await uploads.whenRoom(4096)).toBe(true);
    uploads.write(meshes[0] as Mock, patternOf(1, 1024));
    uploads.write(gone, patternOf(5, 1024));
    uploads.write(meshes[1] as Mock, patternOf(2, 1024));
    expect(uploads.statistics().batchedCount).toBe(3);
    backend.destroyBuffer(gone.buffer);
    expect(codeOf(() => heap.endFrame())).toBe('dead-buffer');
    expect(codeOf(() => heap.endFrame())).toBe('none');
    for (const [k, mesh] of meshes.entries()) {
      expect(firstDifference(await mesh.read(), patternOf(k + 1, 1024))).toBe(-1);
    }
  });
});

describe('a resize in place whose guard can not be written', () => {
  it.each([
    ['shorter', 2000, 1000, false],
    ['longer', 2000, 3000, false],
    ['shorter in a whole buffer', 2000, 1990, true],
    ['longer in a whole buffer', 1990, 2000, true],
  ] as const)('leaves size, figures, bytes and guard as they were: %s', async (_, size, next, dedicated) => {
    const { gpu, heap } = openHeap({ guardBytes: 16 }, AT_ONCE);
    const mesh = heap.allocate({ size: dedicated ? 2000 : size, usage: VERTEX, owner: 'mesh', dedicated });
    if (size !== mesh.size) mesh.resize(size);
    mesh.write(patternOf(1, size));
    heap.endFrame();
    const figures = () => {
      const { usedBytes, requestedBytes, allocationCount } = heap.statistics();
      return { usedBytes, requestedBytes, allocationCount, owner: heap.owners.statistics('mesh')?.usedBytes };
    };
    const before = figures();
    gpu.faults.failAtCall(gpu.counts.write + 1, { kind: 'write' });
    expect(codeOf(() => mesh.resize(next))).toBe('backend-failed');
    heap.endFrame();
    expect([mesh.size, mesh.version]).toEqual([size, 0]);
    expect(figures()).toEqual(before);
    expect(firstDifference(await mesh.read(), patternOf(1, size))).toBe(-1);
    expect(await heap.checkGuards()).toEqual([]);
    mesh.resize(next);
    expect([mesh.size, mesh.version, heap.statistics().requestedBytes]).toEqual([next, 0, next]);
    expect(await heap.checkGuards()).toEqual([]);
    mesh.free();
    heap.endFrame();
    expect(figures()).toEqual({ usedBytes: 0, requestedBytes: 0, allocationCount: 0, owner: 0 });
  });
});

describe('asked for memory during a move, the application', () => {
  it('may dispose of the heap: the figures are those of an empty one', () => {
    const { gpu, heap } = openHeap(
      {
        budgetBytes: 64 * KIB,
        chunkBytes: 64 * KIB,
        dedicatedBytes: 64 * KIB,
        onPressure: () => heap.dispose(),
      },
      AT_ONCE,
    );
    const mesh = heap.allocate({ size: 4 * KIB, usage: VERTEX });
    heap.allocate({ size: 4 * KIB, usage: VERTEX });
    expect(codeOf(() => mesh.resize(20 * KIB))).toBe('disposed');
    expect(heap.statistics()).toMatchObject({ usedBytes: 0, pendingBytes: 0, reservedBytes: 0 });
    expect(gpu.buffers.size).toBe(0);
  });
});

describe('a mirrored array', () => {
  it('keeps what a hook pushes beyond the room that is being reserved', () => {
    const { heap } = openHeap({}, AT_ONCE);
    const array = new MirroredArray(heap, { type: Uint32Array, usage: VERTEX, length: 4 });
    const stop = array.on('moved', () => {
      stop();
      array.push(...Array.from({ length: 500 }, (_, k) => k));
    });
    array.reserve(64);
    expect([array.length, array.get(503)]).toEqual([504, 499]);
    expect(array.capacity).toBeGreaterThanOrEqual(504);
  });
});

describe('asked for memory while guards are checked, the application', () => {
  function open(act: () => void, watchLeaks = false) {
    const opened = openHeap(
      {
        ...{ guardBytes: 16, chunkBytes: 64 * KIB, dedicatedBytes: 32 * KIB },
        watchLeaks,
        budgetBytes: 128 * KIB,
        onPressure: () => {
          opened.heap.setBudget(2048 * KIB);
          act();
        },
      },
      AT_ONCE,
    );
    return opened;
  }

  it('may shorten one and use what it leaves: nothing is told of it, and damage of others is', async () => {
    const { heap, backend } = open(() => {
      mesh.resize(1000);
      heap.submitted();
      heap.allocate({ size: 5000, usage: VERTEX }).write(patternOf(5, 5000));
    });
    const victim = heap.allocate({ size: 100, usage: VERTEX, label: 'victim' });
    const mesh = heap.allocate({ size: 4000, usage: VERTEX });
    heap.allocate({ size: 64 * KIB - 16, usage: VERTEX, dedicated: true });
    const { buffer, offset, size } = victim.binding();
    backend.write(buffer, offset + size, Uint8Array.of(0, 0, 0, 0));
    expect((await heap.checkGuards()).map(({ label }) => label)).toEqual(['victim']);
    expect(mesh.size).toBe(1000);
    expect((await heap.checkGuards()).map(({ label }) => label)).toEqual(['victim']);
  });

  it.each([false, true])(
    'may move one and free another with its buffer, leaks watched: %s',
    async (watch) => {
      const { heap, backend } = open(() => {
        large.free();
        mesh.resize(5000);
        heap.endFrame();
        heap.trim();
      }, watch);
      const mesh = heap.allocate({ size: 100, usage: VERTEX });
      const victim = heap.allocate({ size: 100, usage: VERTEX, label: 'victim' });
      const large = heap.allocate({ size: 64 * KIB - 16, usage: VERTEX });
      const { buffer, offset, size } = victim.binding();
      backend.write(buffer, offset + size, Uint8Array.of(0, 0, 0, 0));
      expect((await heap.checkGuards()).map(({ label }) => label)).toEqual(['victim']);
      expect([large.isLive, mesh.size]).toEqual([false, 5000]);
    },
  );

  it('may free all of them: then there is nothing to tell', async () => {
    const { heap } = open(() => {
      large.free();
      heap.endFrame();
      heap.trim();
    });
    const large = heap.allocate({ size: 128 * KIB - 16, usage: VERTEX });
    expect(await heap.checkGuards()).toEqual([]);
    expect(heap.statistics()).toMatchObject({ usedBytes: 0, allocationCount: 0 });
  });
});
