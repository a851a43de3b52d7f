import { describe, expect, it } from 'vitest';
import { type Allocation, BufferUsage, FrameRing, GrowableBuffer } from '../../src/index.ts';
import { codeOf } from '../code-of.ts';
import { firstDifference, openHeap, patternOf } from './open-heap.ts';

const { UNIFORM, VERTEX } = BufferUsage;
const KIB = 1024;
const AT_ONCE = { reuseAfter: 'submitted', autoComplete: true } as const;

/** A heap of `budget` KiB whose application does `act` when it is asked for memory. */
function open(budget: number, act: () => void) {
  return openHeap({ budgetBytes: budget * KIB, chunkBytes: 64 * KIB, onPressure: act }, AT_ONCE);
}

describe('asked for memory while a growable buffer grows, the application', () => {
  it.each([
    ['append to it', (growable: GrowableBuffer<object>) => growable.append(new Uint8Array(100))],
    ['resize it', (growable: GrowableBuffer<object>) => growable.resize(8)],
    ['reserve more', (growable: GrowableBuffer<object>) => growable.reserve(40 * KIB)],
    ['shrink it', (growable: GrowableBuffer<object>) => growable.shrinkToFit()],
  ])('may not %s: nothing is lost by it', async (_, act) => {
    let code = '';
    const { heap } = open(16, () => {
      heap.setBudget(1024 * KIB);
      code = codeOf(() => act(growable as GrowableBuffer<object>));
    });
    const growable = new GrowableBuffer(heap, { usage: VERTEX });
    expect(growable.append(patternOf(1, 20 * KIB))).toBe(0);
    expect(code).toBe('not-movable');
    expect(growable.size).toBe(20 * KIB);
    expect(firstDifference(await growable.read(), patternOf(1, 20 * KIB))).toBe(-1);
    growable.append(patternOf(2, 100));
    expect(heap.statistics().allocationCount).toBe(1);
    growable.free();
    expect(heap.statistics()).toMatchObject({ allocationCount: 0, usedBytes: 0 });
  });

  it('may not give it another allocation', () => {
    let code = '';
    let other: Allocation<object> | undefined;
    const { heap } = open(16, () => {
      heap.setBudget(1024 * KIB);
      other = heap.allocate({ size: 100, usage: VERTEX });
      code = codeOf(() => growable.attach(other as never));
    });
    const growable = new GrowableBuffer(heap, { usage: VERTEX });
    growable.append(new Uint8Array(20 * KIB));
    expect([code, growable.size, other?.isLive]).toEqual(['not-movable', 20 * KIB, true]);
    expect(growable.allocation).not.toBe(other);
  });

  it('may free it while it is empty, which changes nothing', () => {
    const { heap } = open(16, () => {
      heap.setBudget(1024 * KIB);
      growable.free();
    });
    const growable = new GrowableBuffer(heap, { usage: VERTEX });
    growable.append(new Uint8Array(20 * KIB));
    expect(growable.size).toBe(20 * KIB);
  });

  it('may free it, and is told so though there was room in the end', () => {
    let asked = 0;
    const { heap } = open(100, () => {
      asked++;
      if (asked === 1) growable.free();
      else heap.setBudget(1024 * KIB);
    });
    const growable = new GrowableBuffer(heap, { usage: VERTEX, size: 60 * KIB });
    const code = codeOf(() => growable.append(new Uint8Array(10 * KIB)));
    expect(code).not.toBe('none');
    expect([growable.size, growable.capacity]).toEqual([0, 0]);
    expect(heap.statistics().allocationCount).toBe(0);
    heap.setBudget(1024 * KIB);
    growable.append(new Uint8Array(10 * KIB));
    expect(growable.size).toBe(10 * KIB);
  });

  it('may use it again from hooks and after a failure', () => {
    const { heap } = open(64, () => undefined);
    const growable = new GrowableBuffer(heap, { usage: VERTEX });
    expect(codeOf(() => growable.append(new Uint8Array(100 * KIB)))).toBe('over-budget');
    const stop = growable.on('moved', () => {
      stop();
      growable.append(new Uint8Array(4 * KIB));
    });
    growable.append(new Uint8Array(KIB));
    expect(growable.size).toBe(5 * KIB);
  });
});

describe('asked for memory while a frame ring grows, the application', () => {
  it('may push to it, so that it has grown already', () => {
    const inner = patternOf(2, 60 * KIB);
    let at = -1;
    const { gpu, heap } = open(128, () => {
      heap.setBudget(2048 * KIB);
      at = ring.push(inner);
    });
    const ring = new FrameRing(heap, { usage: UNIFORM, bytes: 64 * KIB });
    const offsets = [ring.push(patternOf(1, 32 * KIB)), ring.push(patternOf(3, 40 * KIB))];
    ring.flush();
    const { buffer, capacity } = ring;
    const bytes = gpu.peek(buffer, 0, capacity);
    for (const [offset, expected] of [
      [offsets[0] as number, patternOf(1, 32 * KIB)],
      [offsets[1] as number, patternOf(3, 40 * KIB)],
      [at, inner],
    ] as const) {
      expect(firstDifference(bytes.subarray(offset, offset + expected.length), expected)).toBe(-1);
    }
    expect(heap.statistics().allocationCount).toBe(1);
    ring.endFrame(heap.endFrame());
    heap.endFrame();
    ring.free();
    expect(heap.statistics()).toMatchObject({ allocationCount: 0, usedBytes: 0 });
  });

  it('may free it, and is told so', () => {
    const { heap } = open(128, () => {
      heap.setBudget(2048 * KIB);
      ring.free();
    });
    const ring = new FrameRing(heap, { usage: UNIFORM, bytes: 64 * KIB });
    ring.push(new Uint8Array(32 * KIB));
    expect(codeOf(() => ring.push(new Uint8Array(40 * KIB)))).toBe('disposed');
    expect(heap.statistics()).toMatchObject({ allocationCount: 0, usedBytes: 0 });
  });
});
