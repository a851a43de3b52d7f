import { BestFit, type Handle, NO_SPACE, type RangeView, type Strategy, Tlsf } from '@gpuheap/core/ranges';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scale } from '../../../testing/src/scale.ts';

interface Place {
  /** Of the hole. */
  readonly room: number;
  /** The lowest offset in the hole at which the request fits, and the highest. */
  readonly lowest: number;
  readonly highest: number;
}

function placesIn(ranges: Iterable<RangeView>, size: number, alignment: number): Place[] {
  const places: Place[] = [];
  for (const { offset, size: room, handle } of ranges) {
    const lowest = Math.ceil(offset / alignment) * alignment;
    const highest = Math.floor((offset + room - size) / alignment) * alignment;
    if (handle === NO_SPACE && lowest + size <= offset + room) places.push({ room, lowest, highest });
  }
  return places;
}

/** Holes of so many lengths, with a live range between each two. */
function makeHoles<Kind extends Tlsf | BestFit>(subject: Kind, sizes: readonly number[]): Kind {
  const holes: Handle[] = [];
  for (const size of sizes) {
    holes.push(subject.allocate(size));
    subject.allocate(1);
  }
  subject.allocate(subject.largestAllocatable());
  for (const handle of holes) subject.free(handle);
  return subject;
}

// Lengths that share a bin, in any order.
const lengths = fc.array(fc.oneof(fc.integer({ min: 128, max: 140 }), fc.integer({ min: 256, max: 290 })), {
  minLength: 1,
  maxLength: 24,
});
const request = fc.record({
  size: fc.oneof(fc.integer({ min: 126, max: 140 }), fc.integer({ min: 250, max: 290 })),
  alignment: fc.constantFrom(1, 1, 2, 3, 8, 36, 64, 200),
});

describe.each([Tlsf, BestFit])('strategies among holes of about one length', (Kind) => {
  it.each(['min-waste', 'min-offset', 'max-offset', 'min-time'] as const)('%s', (strategy: Strategy) => {
    const check = (sizes: number[], requests: { size: number; alignment: number }[]): void => {
      const subject = makeHoles(new Kind({ capacity: 20_000 }), sizes);
      for (const { size, alignment } of requests) {
        const places = placesIn(subject.ranges(), size, alignment);
        const rooms = new Map(places.map(({ lowest, room }) => [lowest, room]));
        const handle = subject.allocateBy(strategy, size, alignment);
        if (places.length === 0) {
          expect(handle).toBe(NO_SPACE);
          continue;
        }
        const at = subject.offsetOf(handle);
        if (strategy === 'min-offset') expect(at).toBe(Math.min(...rooms.keys()));
        else if (strategy === 'max-offset')
          expect(at).toBe(Math.max(...places.map(({ highest }) => highest)));
        else expect([...rooms.keys()]).toContain(at);
        if (strategy === 'min-waste') expect(rooms.get(at)).toBe(Math.min(...rooms.values()));
      }
    };
    const requests = fc.array(request, { minLength: 1, maxLength: 20 });
    fc.assert(fc.property(lengths, requests, check), { numRuns: scale(200, 5000) });
  });
});

describe('tlsf, aligned', () => {
  /** Nothing is free but these, each by its offset and its length. */
  function holesAt(...holes: readonly (readonly [number, number])[]): Tlsf {
    const tlsf = new Tlsf({ capacity: 1000 });
    const handles = holes.map(([offset, size]) => tlsf.allocateAt(offset, size));
    while (tlsf.allocate(1) !== NO_SPACE);
    for (const handle of handles) tlsf.free(handle);
    return tlsf;
  }

  it('takes the first hole of the next bin where the alignment wastes nothing there', () => {
    // Bins here are two units wide: the first hole stands in the bin of 64, the request's own.
    const tlsf = holesAt([0, 65], [100, 66]);
    expect(tlsf.offsetOf(tlsf.allocate(65, 4))).toBe(100);
    expect(tlsf.offsetOf(tlsf.allocate(65, 4))).toBe(0);
    expect(tlsf.allocate(65, 4)).toBe(NO_SPACE);
  });

  it('takes one that holds the request wherever it begins, before it looks at every hole', () => {
    const tlsf = holesAt([0, 65], [201, 66], [401, 68]);
    expect(tlsf.offsetOf(tlsf.allocate(65, 4))).toBe(404);
    expect(tlsf.offsetOf(tlsf.allocate(65, 4))).toBe(0);
    expect(tlsf.allocate(65, 4)).toBe(NO_SPACE);
    expect(tlsf.offsetOf(tlsf.allocate(63, 4))).toBe(204);
  });
});
