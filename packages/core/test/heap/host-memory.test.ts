import { describe, expect, it } from 'vitest';
import { BufferUsage, FrameRing } from '../../src/index.ts';
import { codeOf } from '../code-of.ts';
import { firstDifference, openHeap, patternOf } from './open-heap.ts';

const { UNIFORM, VERTEX } = BufferUsage;
/** More than any engine makes an array of. */
const HUGE = 2 ** 48;

function open() {
  const { heap, gpu } = openHeap({}, { maxBufferSize: 2 ** 50, autoComplete: true });
  const figures = () => {
    const { usedBytes, requestedBytes, allocationCount } = heap.statistics();
    return { usedBytes, requestedBytes, allocationCount };
  };
  return { heap, gpu, figures };
}

describe('where the CPU has no memory for a copy', () => {
  it.each([
    ['an allocation', (heap) => heap.allocate({ size: HUGE, usage: VERTEX, hostCopy: true })],
    [
      'a block',
      (heap) =>
        heap.allocateBlock([
          { size: 16, usage: VERTEX, hostCopy: true },
          { size: HUGE, usage: VERTEX, hostCopy: true },
        ]),
    ],
    ['a ring', (heap) => new FrameRing(heap, { usage: UNIFORM, bytes: HUGE })],
  ] satisfies [string, (heap: ReturnType<typeof open>['heap']) => unknown][])(
    '%s is refused and leaves nothing',
    (_, make) => {
      const { heap, figures } = open();
      expect(codeOf(() => make(heap))).toBe('too-large');
      expect(figures()).toEqual({ usedBytes: 0, requestedBytes: 0, allocationCount: 0 });
    },
  );

  it.each([false, true])('a resize leaves all as it was, whole buffer: %s', async (dedicated) => {
    const { heap, figures } = open();
    const mesh = heap.allocate({ size: 100, usage: VERTEX, hostCopy: true, dedicated });
    mesh.write(patternOf(1, 100));
    const before = figures();
    expect(codeOf(() => mesh.resize(HUGE))).toBe('too-large');
    expect(figures()).toEqual(before);
    expect([mesh.size, mesh.version]).toEqual([100, 0]);
    mesh.resize(5000);
    expect(firstDifference((await mesh.read()).subarray(0, 100), patternOf(1, 100))).toBe(-1);
    expect(mesh.hostCopy?.byteLength).toBe(5000);
    expect(firstDifference(mesh.hostCopy?.subarray(0, 100) as Uint8Array, patternOf(1, 100))).toBe(-1);
  });

  it('bytes to fill in place are refused', () => {
    const { heap } = open();
    const mesh = heap.allocate({ size: HUGE, usage: VERTEX });
    expect(codeOf(() => heap.uploads.writeInPlace(mesh, HUGE, () => undefined))).toBe('too-large');
  });
});
