import { NO_SPACE, Ring } from '@gpuheap/core/ranges';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scale } from '../../../testing/src/scale.ts';
import { Model } from './live-ranges-model.ts';

/** A ring by the unit: the head is where the newest ends; `isFree` and the order of age say the rest. */
class RingModel extends Model {
  /** Where `size` must be placed, or -1. */
  place(size: number, alignment: number): number {
    const newest = this.live.at(-1);
    const head = newest === undefined ? 0 : newest.offset + newest.size;
    const offset = Math.ceil(head / alignment) * alignment;
    if (this.isFree(head, offset + size)) return offset;
    // Once round only when nothing lives between the head and the end.
    return this.isFree(head, this.capacity) && this.isFree(0, size) ? 0 : -1;
  }

  largest(alignment: number): number {
    let size = this.capacity;
    while (size > 0 && this.place(size, alignment) < 0) size--;
    return size;
  }
}

const step = fc.record({
  act: fc.constantFrom(
    ...['put', 'put', 'put', 'put', 'put', 'oldest', 'oldest', 'newest', 'any', 'mark', 'up to mark'],
    ...['resize', 'resize', 'resize newest', 'many', 'grow', 'shrink', 'reset', 'restore'],
  ),
  size: fc.oneof(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 40 })),
  alignment: fc.constantFrom(1, 1, 1, 2, 3, 4, 12),
  pick: fc.nat(),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** A ring and its model, which must agree after every step. */
class Pair {
  ring = new Ring({ capacity: 40 });
  readonly model = new RingModel(40);
  readonly bornAt = new Map<number, number>();
  readonly marks: number[] = [0];

  run({ act, size, alignment, pick }: Step): void {
    const { ring, model } = this;
    const live = model.live;
    const index = act === 'newest' || act === 'resize newest' ? live.length - 1 : pick % (live.length || 1);
    const range = act === 'oldest' ? live[0] : live[index];
    if (act === 'put') this.put(size, alignment);
    else if (act === 'mark') this.marks.push(ring.mark());
    else if (act === 'up to mark') this.freeUpTo(this.marks[pick % this.marks.length] as number);
    else if (act === 'many') this.putMany(size, alignment);
    else if (act === 'grow') this.grow(Math.min(80, model.capacity + (size % 5)));
    else if (act === 'shrink') {
      const capacity = Math.max(1, model.capacity - (size % 7));
      expect(ring.shrinkTo(capacity)).toBe(model.shrinkTo(capacity));
    } else if (act === 'reset') {
      if (pick % 4 === 0) {
        ring.reset();
        model.live = [];
      }
    } else if (act === 'restore') this.ring = Ring.restore(structuredClone(ring.serialize()));
    else if (range !== undefined && act.startsWith('resize')) {
      expect(ring.resize(range.handle, size)).toBe(model.resize(range, size));
    } else if (range !== undefined) {
      ring.free(range.handle);
      model.live = live.filter((each) => each !== range);
    }
    this.compare();
  }

  private put(size: number, alignment: number): void {
    const born = this.ring.mark();
    const handle = this.ring.allocate(size, alignment);
    const offset = this.model.place(size, alignment);
    expect(handle === NO_SPACE ? -1 : this.ring.offsetOf(handle)).toBe(offset);
    if (handle === NO_SPACE) return;
    this.bornAt.set(handle, born);
    this.model.live.push({ offset, size, handle });
  }

  private putMany(size: number, alignment: number): void {
    const born = this.ring.mark();
    const requests = [{ size }, { size: 3, alignment }, { size, alignment: 2 }];
    const handles = this.ring.allocateMany(requests);
    const count = this.model.live.length;
    for (const [i, request] of requests.entries()) {
      const offset = this.model.place(request.size, request.alignment ?? 1);
      if (offset < 0) {
        expect(handles).toBeUndefined();
        this.model.live.length = count;
        return;
      }
      const handle = handles?.[i] ?? NO_SPACE;
      this.bornAt.set(handle, born + i);
      this.model.live.push({ offset, size: request.size, handle });
    }
    expect(handles).toHaveLength(3);
  }

  private freeUpTo(mark: number): void {
    const stays = this.model.live.filter(({ handle }) => (this.bornAt.get(handle) as number) >= mark);
    expect(this.ring.freeUpTo(mark)).toBe(this.model.live.length - stays.length);
    this.model.live = stays;
  }

  private grow(capacity: number): void {
    if (capacity < this.model.capacity) return;
    this.ring.grow(capacity);
    this.model.capacity = capacity;
  }

  private compare(): void {
    const { ring, model } = this;
    expect([...ring.ranges()]).toEqual(model.views);
    const { longest, ...figures } = model.figures;
    const statistics = ring.statistics();
    expect(statistics).toMatchObject(figures);
    expect(statistics.largestFree).toBeLessThanOrEqual(longest);
    expect(statistics.largestFree > 0).toBe(longest > 0);
    if (statistics.holeCount === 1) expect(statistics.largestFree).toBe(longest);
    for (const alignment of [1, 4, 12])
      expect(ring.largestAllocatable(alignment)).toBe(model.largest(alignment));
    expect(ring.skipped).toBe(this.countSkipped());
  }

  /** Free units that no request of one unit could reach, were all others taken one by one. */
  private countSkipped(): number {
    const twin = new RingModel(this.model.capacity);
    twin.live = [...this.model.live];
    let free = this.model.figures.free as number;
    for (let offset = twin.place(1, 1); offset >= 0; offset = twin.place(1, 1)) {
      twin.live.push({ offset, size: 1, handle: 1 });
      free--;
    }
    return free;
  }
}

describe('ring, against a model of units', () => {
  it('agrees after every operation', () => {
    const check = (steps: Step[]): void => {
      const pair = new Pair();
      for (const each of steps) pair.run(each);
    };
    const plan = fc.array(step, { minLength: 20, maxLength: 120 });
    fc.assert(fc.property(plan, check), { numRuns: scale(250, 4000) });
  });
});
