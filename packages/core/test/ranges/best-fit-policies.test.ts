import {
  BestFit,
  type BestFitOptions,
  type FitPolicy,
  type Handle,
  NO_SPACE,
  type RangeView,
} from '@gpuheap/core/ranges';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scale } from '../../../testing/src/scale.ts';
import { describeSuballocatorContract } from '../../../testing/src/vitest.ts';
import { withMore } from './more-options.ts';

for (const policy of ['first', 'next'] as const) {
  describeSuballocatorContract(
    `best-fit, policy ${policy}`,
    (options) => new BestFit(withMore<BestFitOptions>(options, { policy })),
    // The tree and the neighbours are best fit's own, which is tried longer and deeper.
    { seeds: scale(15, 60), randomOperations: scale(15_000, 60_000), shorterBy: 2 },
  );
}

/** Where a request fits in a range, or -1. */
function placeIn({ offset, size: room, handle }: RangeView, size: number, alignment: number): number {
  const at = Math.ceil(offset / alignment) * alignment;
  return handle === NO_SPACE && at + size <= offset + room ? at : -1;
}

/** The oracle of both policies: the first place at `from` or behind it, then from the start on; or -1. */
function nextPlace(ranges: Iterable<RangeView>, from: number, size: number, alignment: number): number {
  const places = [...ranges].map((range) => placeIn(range, size, alignment)).filter((at) => at >= 0);
  return places.find((at) => at >= from) ?? places[0] ?? -1;
}

/** A policy over a span, and where its search begins by the book. */
class Scene {
  readonly subject: BestFit;
  readonly live: Handle[] = [];
  private rover: Handle = NO_SPACE;
  /** Where the search begins once the range given out last has ended. */
  private from = 0;

  constructor(capacity: number, policy: FitPolicy) {
    this.subject = new BestFit({ capacity, policy });
  }

  allocate(size: number, alignment: number): void {
    const { subject } = this;
    const from = subject.policy === 'next' ? this.from : 0;
    const expected = nextPlace(subject.ranges(), from, size, alignment);
    const handle = subject.allocate(size, alignment);
    expect(handle === NO_SPACE ? -1 : subject.offsetOf(handle)).toBe(expected);
    if (handle === NO_SPACE) return;
    this.live.push(handle);
    this.rover = handle;
    this.from = expected + size;
  }

  free(pick: number): void {
    const [handle] = this.live.splice(pick % this.live.length, 1);
    if (handle === undefined) return;
    if (handle === this.rover) this.retreat(handle);
    this.subject.free(handle);
  }

  /** The range that the search began behind ends: it begins behind the live one before it. */
  private retreat(handle: Handle): void {
    const at = this.subject.offsetOf(handle);
    const before = this.live.filter((other) => this.subject.offsetOf(other) < at);
    this.rover = before.reduce(
      (last, other) =>
        last !== NO_SPACE && this.subject.offsetOf(last) > this.subject.offsetOf(other) ? last : other,
      NO_SPACE,
    );
    this.from =
      this.rover === NO_SPACE ? 0 : this.subject.offsetOf(this.rover) + this.subject.sizeOf(this.rover);
  }
}

const step = fc.record({
  size: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 200 })),
  alignment: fc.constantFrom(1, 1, 1, 2, 3, 8, 36),
  pick: fc.nat(),
  isFree: fc.boolean(),
});

describe('best fit: policies', () => {
  it.each(['first', 'next'] as const)('%s places as a walk over every range says', (policy) => {
    const check = (steps: { size: number; alignment: number; pick: number; isFree: boolean }[]): void => {
      const scene = new Scene(1000, policy);
      for (const { size, alignment, pick, isFree } of steps) {
        if (isFree) scene.free(pick);
        else scene.allocate(size, alignment);
      }
    };
    const plan = fc.array(step, { minLength: 20, maxLength: 200 });
    fc.assert(fc.property(plan, check), { numRuns: scale(150, 2000) });
  });

  it('begins behind the range given out last, in a twin too, and at the start after a reset', () => {
    const subject = new BestFit({ capacity: 100, policy: 'next' });
    const handles = Array.from({ length: 10 }, () => subject.allocate(10));
    for (const index of [1, 4, 8]) subject.free(handles[index] as Handle);
    expect(subject.offsetOf(subject.allocate(5))).toBe(10);
    const twin = BestFit.restore(subject.serialize());
    expect(twin.policy).toBe('next');
    for (const each of [subject, twin]) {
      expect(each.offsetOf(each.allocate(10))).toBe(40);
      expect(each.offsetOf(each.allocate(4))).toBe(80);
      expect(each.offsetOf(each.allocate(4))).toBe(84);
      expect(each.offsetOf(each.allocate(4))).toBe(15);
      each.reset();
      expect(each.offsetOf(each.allocate(4))).toBe(0);
    }
  });

  it('forgets a place that is no longer managed', () => {
    const subject = new BestFit({ capacity: 16, policy: 'next' });
    subject.track(32, 16);
    const handles = [subject.allocate(16), subject.allocate(8)];
    expect(subject.offsetOf(handles[1] as Handle)).toBe(32);
    subject.free(handles[1] as Handle);
    subject.free(handles[0] as Handle);
    expect([subject.untrack(32), subject.untrack(0)]).toEqual([true, true]);
    subject.track(64, 16);
    expect(subject.offsetOf(subject.allocate(8))).toBe(64);
  });

  it('refuses a policy that there is not, and a state of none', () => {
    expect(() => new BestFit({ capacity: 8, policy: 'worst' as FitPolicy })).toThrow(/policy/);
    const state = new BestFit({ capacity: 8, policy: 'first' }).serialize();
    for (const more of [[3, 0], [-1, 0], [0.5, 0], [1], [1, 0, 0], [1, 5], [1, 6], [1, -6]]) {
      const parts = { ...state.parts, more: Float64Array.from(more) };
      expect(() => BestFit.restore({ ...state, parts })).toThrow(/contradict/);
    }
  });
});
