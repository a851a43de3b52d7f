/** A submission or the end of a frame, called back between two steps of one call, gives the wrong serial. */
import { describe, expect, it } from 'vitest';
import { type MockBuffer, MockGpu } from '../../../mock/src/index.ts';
import {
  type Allocation,
  BufferUsage,
  FrameRing,
  type GpuHeap,
  type LogLine,
  type Rebuilt,
} from '../../src/index.ts';
import { recountHeap } from '../heap/heap-recount.ts';
import { firstDifference, openHeap, patternOf } from '../heap/open-heap.ts';

const { COPY_DST, UNIFORM, VERTEX } = BufferUsage;
const KIB = 1024;

/** A heap that is asked for memory once, and then has enough. */
function openTight(budgetBytes: number, act: () => void, dedicatedBytes = 64 * KIB) {
  const opened = openHeap({
    ...{ budgetBytes, chunkBytes: 64 * KIB, dedicatedBytes },
    onPressure: () => {
      opened.heap.setBudget(4096 * KIB);
      act();
    },
  });
  return opened;
}

type Mock = Allocation<MockBuffer>;

/** More of one size than chunks have room for, each filled with what is nobody else's. */
function crowd(heap: GpuHeap<MockBuffer>): Mock[] {
  return Array.from({ length: 24 }, () => {
    const each = heap.allocate({ size: 4000, usage: VERTEX });
    each.write(patternOf(9, 4000));
    return each;
  });
}

function isAt([buffer, offset]: readonly [MockBuffer, number]): (each: Mock) => boolean {
  return (each) => each.buffer === buffer && each.offset === offset;
}

describe('a frame that ends while memory is asked for', () => {
  it('does not free the old place of a move before the bytes have left it', () => {
    const others: Mock[] = [];
    const { gpu, heap } = openTight(64 * KIB, () => {
      for (let frame = 0; frame < 3; frame++) {
        gpu.completeUpTo(heap.endFrame());
        others.push(...crowd(heap));
      }
    });
    const mesh = heap.allocate({ size: 4000, usage: VERTEX });
    mesh.write(patternOf(1, 4000));
    heap.allocate({ size: 4000, usage: VERTEX });
    const old = [mesh.buffer, mesh.offset] as const;
    mesh.resize(8000);
    expect([others.length, mesh.version, others.some(isAt(old))]).toEqual([72, 1, false]);
    // It is free only when the copy out of it is known to be done.
    const serial = heap.endFrame();
    expect(crowd(heap).some(isAt(old))).toBe(false);
    gpu.completeUpTo(serial);
    heap.endFrame();
    expect(crowd(heap).some(isAt(old))).toBe(true);
    gpu.completeAll();
    expect(firstDifference(gpu.peek(mesh.buffer, mesh.offset, 4000), patternOf(1, 4000))).toBe(-1);
    expect([gpu.errors, recountHeap(heap, gpu)]).toEqual([[], []]);
  });

  it('does not send a copy to the place that its target has left', () => {
    let others: Mock[] = [];
    const { gpu, heap } = openTight(64 * KIB, () => {
      target.resize(8000);
      gpu.completeUpTo(heap.endFrame());
      heap.endFrame();
      others = crowd(heap);
    });
    const source = heap.allocate({ size: 4000, usage: VERTEX });
    source.write(patternOf(1, 4000));
    const target = heap.allocate({ size: 4000, usage: VERTEX });
    const old = [target.buffer, target.offset] as const;
    heap.allocate({ size: 4000, usage: VERTEX });
    heap.copy(source, 0, target, 0, 4000);
    const other = others.find(isAt(old)) as Mock;
    expect([other.isLive, target.version]).toEqual([true, 1]);
    gpu.completeAll();
    const bytesOf = (each: Mock) => gpu.peek(each.buffer, each.offset, 4000);
    expect(firstDifference(bytesOf(target), patternOf(1, 4000))).toBe(-1);
    expect(firstDifference(bytesOf(other), patternOf(9, 4000))).toBe(-1);
  });

  it('does not give away what is about to be read', async () => {
    const { gpu, heap } = openTight(90 * KIB, () => {
      readback.free();
      for (let frame = 0; frame < 3; frame++) {
        gpu.completeUpTo(heap.endFrame());
        const other = heap.allocate({ size: 1000, usage: COPY_DST, location: 'readback' });
        other.write(patternOf(9, 1000));
      }
    });
    const readback = heap.allocate({ size: 1000, usage: COPY_DST, location: 'readback' });
    readback.write(patternOf(2, 1000));
    const mesh = heap.allocate({ size: 60_000, usage: VERTEX });
    const reading = heap.readMany([{ allocation: mesh }, { allocation: readback }]);
    gpu.completeAll();
    const [, bytes] = await reading;
    expect(readback.isLive).toBe(false);
    expect(firstDifference(bytes as Uint8Array, patternOf(2, 1000))).toBe(-1);
  });

  it('leaves a piece that a ring was asked for to the next frame', () => {
    let serial = -1;
    const { gpu, heap } = openTight(KIB, () => {
      ring.flush();
      serial = endFrame();
    });
    const ring = new FrameRing<MockBuffer>(heap, { usage: UNIFORM, bytes: KIB });
    const endFrame = (): number => {
      const ended = heap.endFrame();
      ring.endFrame(ended);
      return ended;
    };
    const pushed = [700, 900].map((size, k) => {
      const offset = ring.push(patternOf(k, size));
      return { buffer: ring.buffer, offset, size };
    });
    expect(serial).toBeGreaterThan(0);
    ring.flush();
    expect(endFrame()).toBeGreaterThan(serial);
    gpu.completeUpTo(serial);
    // The first frame is over, and the second piece is one of the second frame.
    expect([ring.framesInFlight, ring.grownCount]).toEqual([1, 1]);
    const offset = ring.push(patternOf(2, 1200));
    pushed.push({ buffer: ring.buffer, offset, size: 1200 });
    ring.flush();
    gpu.completeAll();
    for (const [k, { buffer, offset: at, size }] of pushed.entries()) {
      expect(firstDifference(gpu.peek(buffer, at, size), patternOf(k, size))).toBe(-1);
    }
  });
});

describe('a heap that is rebuilt while memory is asked for', () => {
  it('gives what is being moved its bytes once, and moves them', async () => {
    const rebuilt: Rebuilt<MockBuffer>[] = [];
    const { gpu, heap } = openTight(64 * KIB, () => {
      gpu.lose();
      rebuilt.push(heap.rebuild(new MockGpu({ autoComplete: true }).backend()));
    });
    const mesh = heap.allocate({ size: 4000, usage: VERTEX, hostCopy: true });
    mesh.write(patternOf(1, 4000));
    const other = heap.allocate({ size: 4000, usage: VERTEX });
    mesh.resize(8000);
    expect(rebuilt).toMatchObject([{ restoredCount: 1, failures: [], dropped: [] }]);
    expect(rebuilt[0]?.emptied).toEqual([other]);
    expect([mesh.version, other.version]).toEqual([2, 1]);
    expect(firstDifference(await mesh.read(0, 4000), patternOf(1, 4000))).toBe(-1);
  });
});

describe('a frame that ends while a logger is told', () => {
  const debug = { allocations: true, frees: true };

  it.each([true, false])('of an allocation ends what was for it, leaks watched: %s', (watchLeaks) => {
    const logger = ({ event }: LogLine): void => {
      if (event !== 'allocation') return;
      gpu.completeUpTo(heap.endFrame());
      heap.endFrame();
    };
    const { gpu, heap } = openHeap({ chunkBytes: 64 * KIB, debug, logger, watchLeaks });
    const made = [1, 2].map(() => heap.allocate({ size: 1000, usage: VERTEX, lifetime: 'frame' }));
    expect(made.map(({ isLive }) => isLive)).toEqual([false, false]);
    expect(heap.statistics()).toMatchObject({ usedBytes: 0, pendingBytes: 0, allocationCount: 0 });
    const kept = heap.allocate({ size: 1000, usage: VERTEX });
    expect(kept.isLive).toBe(true);
    expect(recountHeap(heap, gpu)).toEqual([]);
  });

  it('of a free releases each range once', () => {
    const logger = ({ event }: LogLine): void => {
      if (event === 'free') heap.endFrame();
    };
    const { gpu, heap } = openHeap({ chunkBytes: 64 * KIB, debug, logger });
    const request = { size: 1000, usage: VERTEX, lifetime: 'frame', owner: 'frame', label: 'part' } as const;
    for (let frame = 0; frame < 3; frame++) {
      for (let k = 0; k < 4; k++) heap.allocate(request);
      gpu.completeUpTo(heap.endFrame());
      gpu.completeUpTo(heap.endFrame());
      heap.endFrame();
      expect(heap.statistics()).toMatchObject({ usedBytes: 0, pendingBytes: 0, allocationCount: 0 });
      expect(recountHeap(heap, gpu)).toEqual([]);
    }
  });

  it('of a free is no second one, though the logger frees the same', () => {
    const logger = ({ event }: LogLine): void => {
      if (event === 'free' && mesh.isLive) mesh.free();
    };
    const { gpu, heap } = openHeap({ chunkBytes: 64 * KIB, debug, logger });
    const mesh = heap.allocate({ size: 1000, usage: VERTEX, owner: 'mesh' });
    mesh.free();
    gpu.completeUpTo(heap.endFrame());
    heap.endFrame();
    expect(heap.statistics()).toMatchObject({ usedBytes: 0, pendingBytes: 0, allocationCount: 0 });
    expect(recountHeap(heap, gpu)).toEqual([]);
  });
});
