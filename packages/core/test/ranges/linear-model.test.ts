import { type Handle, Linear, NO_SPACE } from '@gpuheap/core/ranges';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scale } from '../../../testing/src/scale.ts';
import { Model } from './live-ranges-model.ts';

/** A linear by the unit: the middle is what lies free between the ranges from below and those from above. */
class LinearModel extends Model {
  readonly high = new Set<Handle>();
  highWater = 0;

  private get low(): number {
    const ends = this.live
      .filter(({ handle }) => !this.high.has(handle))
      .map((range) => range.offset + range.size);
    return Math.max(0, ...ends);
  }

  private get top(): number {
    return Math.min(
      this.capacity,
      ...this.live.filter(({ handle }) => this.high.has(handle)).map((r) => r.offset),
    );
  }

  /** Where `size` must be placed, or -1. */
  place(size: number, alignment: number, isHigh: boolean): number {
    const { low, top } = this;
    const offset = isHigh
      ? Math.floor((top - size) / alignment) * alignment
      : Math.ceil(low / alignment) * alignment;
    return offset >= low && offset + size <= top ? offset : -1;
  }

  add(offset: number, size: number, handle: Handle, isHigh: boolean): void {
    this.live.push({ offset, size, handle });
    if (isHigh) this.high.add(handle);
    this.note();
  }

  note(): void {
    this.highWater = Math.max(this.highWater, this.low);
  }
}

const step = fc.record({
  act: fc.constantFrom(
    ...['put', 'put', 'put', 'put high', 'put high', 'put high', 'newest', 'newest', 'newest', 'any', 'many'],
    ...['resize', 'resize newest', 'grow', 'shrink', 'reset', 'restore'],
  ),
  size: fc.oneof(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 40 })),
  alignment: fc.constantFrom(1, 1, 1, 2, 3, 4, 12),
  pick: fc.nat(),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** A linear and its model, which must agree after every step. */
class Pair {
  linear = new Linear({ capacity: 40 });
  readonly model = new LinearModel(40);

  run({ act, size, alignment, pick }: Step): void {
    const { linear, model } = this;
    const live = model.live;
    const range = live[act.endsWith('newest') ? live.length - 1 : pick % (live.length || 1)];
    if (act.startsWith('put')) this.put(size, alignment, act === 'put high');
    else if (act === 'many') this.putMany(size, alignment);
    else if (act === 'grow') this.grow(Math.min(80, model.capacity + (size % 5)));
    else if (act === 'shrink') {
      const capacity = Math.max(1, model.capacity - (size % 7));
      expect(linear.shrinkTo(capacity)).toBe(model.shrinkTo(capacity));
    } else if (act === 'reset') {
      if (pick % 4 === 0) {
        linear.reset();
        model.live = [];
      }
    } else if (act === 'restore') this.linear = Linear.restore(structuredClone(linear.serialize()));
    else if (range !== undefined && act.startsWith('resize')) {
      expect(linear.resize(range.handle, size)).toBe(model.resize(range, size));
      model.note();
    } else if (range !== undefined) {
      linear.free(range.handle);
      model.live = live.filter((each) => each !== range);
    }
    this.compare();
  }

  private put(size: number, alignment: number, isHigh: boolean): void {
    const handle = isHigh
      ? this.linear.allocateBy('max-offset', size, alignment)
      : this.linear.allocate(size, alignment);
    const offset = this.model.place(size, alignment, isHigh);
    expect(handle === NO_SPACE ? -1 : this.linear.offsetOf(handle)).toBe(offset);
    if (handle !== NO_SPACE) this.model.add(offset, size, handle, isHigh);
  }

  private putMany(size: number, alignment: number): void {
    const requests = [{ size }, { size: 3, alignment }, { size, alignment: 2 }];
    const handles = this.linear.allocateMany(requests);
    const { live, highWater } = this.model;
    const before = [...live];
    for (const [i, request] of requests.entries()) {
      const offset = this.model.place(request.size, request.alignment ?? 1, false);
      if (offset < 0) {
        expect(handles).toBeUndefined();
        this.model.live = before;
        this.model.highWater = highWater;
        return;
      }
      this.model.add(offset, request.size, handles?.[i] ?? NO_SPACE, false);
    }
    expect(handles).toHaveLength(3);
  }

  private grow(capacity: number): void {
    if (capacity < this.model.capacity) return;
    this.linear.grow(capacity);
    this.model.capacity = capacity;
  }

  private compare(): void {
    const { linear, model } = this;
    expect([...linear.ranges()]).toEqual(model.views);
    const { longest, ...figures } = model.figures;
    const statistics = linear.statistics();
    expect(statistics).toMatchObject(figures);
    expect(statistics.largestFree).toBeLessThanOrEqual(longest);
    expect(statistics.largestFree > 0).toBe(longest > 0);
    for (const alignment of [1, 4, 12]) {
      const largest = linear.largestAllocatable(alignment);
      if (largest > 0) expect(model.place(largest, alignment, false)).toBeGreaterThanOrEqual(0);
      expect(model.place(largest + 1, alignment, false)).toBe(-1);
    }
    expect(linear.highWater).toBe(model.highWater);
  }
}

describe('linear, against a model of units', () => {
  it('agrees after every operation', () => {
    const check = (steps: Step[]): void => {
      const pair = new Pair();
      for (const each of steps) pair.run(each);
    };
    const plan = fc.array(step, { minLength: 20, maxLength: 120 });
    fc.assert(fc.property(plan, check), { numRuns: scale(250, 4000) });
  });
});
