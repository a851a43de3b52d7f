import { validate } from '@gpuheap/core/debug';
import { type Handle, NO_SPACE } from '@gpuheap/core/ranges';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scale } from '../../../testing/src/scale.ts';
import { RangePool } from '../../src/memory/range-pool.ts';
import { codeOf } from '../code-of.ts';
import { KINDS, type Make } from './seven-kinds.ts';

const step = fc.record({
  act: fc.constantFrom(
    ...['put', 'put', 'put', 'put', 'put', 'free', 'release', 'release', 'release', 'boundary', 'boundary'],
    ...['reclaim', 'reclaim', 'flush', 'reset', 'track', 'untrack', 'misuse'],
  ),
  size: fc.oneof(fc.integer({ min: 1, max: 24 }), fc.integer({ min: 1, max: 120 })),
  alignment: fc.constantFrom(1, 1, 4, 8, 32),
  pick: fc.nat(),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface Range {
  readonly handle: Handle;
  readonly offset: number;
  readonly size: number;
  /** When it comes back; Infinity while no boundary has followed its release, or it was not released. */
  serial: number;
}

/** A pool and a naive list of its ranges, which must agree after every step. */
class Pair {
  readonly pool: RangePool;
  private readonly granularity = 4;
  private live: Range[] = [];
  private pending: Range[] = [];
  private dead: Handle[] = [];
  private serial = 0;

  constructor(make: Make) {
    this.pool = new RangePool(make({ capacity: 256, granularity: this.granularity }));
  }

  run({ act, size, alignment, pick }: Step): void {
    const { pool, live } = this;
    const range = live[pick % (live.length || 1)];
    if (act === 'put') this.put(size, alignment);
    else if (act === 'boundary') this.boundary(pick % 3);
    else if (act === 'reclaim') this.reclaim(Math.max(0, this.serial - (pick % 4)));
    else if (act === 'flush') {
      expect(pool.flush()).toBe(this.pending.length);
      this.bury(this.pending, () => true);
    } else if (act === 'reset') this.reset(pick);
    else if (act === 'track') this.track(1024 + 64 * (pick % 4), 32);
    else if (act === 'untrack') this.untrack(1024 + 64 * (pick % 4));
    else if (act === 'misuse') this.misuse(pick);
    else if (range !== undefined && act === 'free') {
      pool.free(range.handle);
      this.bury(live, (each) => each === range);
    } else if (range !== undefined && act === 'release') {
      pool.release(range.handle);
      this.live = live.filter((each) => each !== range);
      this.pending.push(range);
    }
    this.compare();
  }

  private put(size: number, alignment: number): void {
    const handle = this.pool.allocate(size, alignment);
    if (handle === NO_SPACE) return;
    const offset = this.pool.offsetOf(handle);
    const range = { handle, offset, size: this.pool.sizeOf(handle), serial: Number.POSITIVE_INFINITY };
    expect(range.size).toBeGreaterThanOrEqual(size);
    expect(offset % alignment).toBe(0);
    for (const other of [...this.live, ...this.pending]) {
      expect(offset + range.size <= other.offset || other.offset + other.size <= offset).toBe(true);
    }
    expect(this.dead).not.toContain(handle);
    this.live.push(range);
  }

  private boundary(further: number): void {
    this.serial += further;
    this.pool.boundary(this.serial);
    for (const range of this.pending) range.serial = Math.min(range.serial, this.serial);
  }

  private reclaim(completed: number): void {
    const due = this.pending.filter(({ serial }) => serial <= completed);
    expect(this.pool.reclaim(completed)).toBe(due.length);
    this.bury(this.pending, (each) => due.includes(each));
  }

  private reset(pick: number): void {
    if (pick % 4 !== 0) return;
    this.pool.reset();
    this.bury(this.live, () => true);
    this.bury(this.pending, () => true);
  }

  private track(offset: number, size: number): void {
    const { capabilities, regions } = this.pool.suballocator;
    const isThere = regions?.call(this.pool.suballocator).some((region) => region.offset === offset);
    const answer = capabilities.track && !isThere ? 'none' : 'bad-region';
    expect(codeOf(() => this.pool.track(offset, size))).toBe(answer);
  }

  private untrack(offset: number): void {
    const region = this.pool.suballocator.regions?.().find((each) => each.offset === offset);
    if (region === undefined) return;
    const isUsed = [...this.live, ...this.pending].some(
      (range) => range.offset >= offset && range.offset < offset + region.size,
    );
    const isGone = this.pool.untrack(offset);
    // A kind may have cut slots out of it that are free, and let go of them.
    expect(isGone).toBe(!isUsed);
  }

  private misuse(pick: number): void {
    const { pool, pending, dead } = this;
    const gone = [...pending.map(({ handle }) => handle), ...dead];
    const handle = gone[pick % (gone.length || 1)];
    if (handle === undefined) return;
    for (const call of [pool.free, pool.release, pool.offsetOf, pool.sizeOf]) {
      expect(codeOf(() => call.call(pool, handle))).toBe('stale-handle');
    }
  }

  /** Takes the ranges that match out of a list and keeps their handles for misuse. */
  private bury(list: Range[], matches: (range: Range) => boolean): void {
    this.dead.push(...list.filter(matches).map(({ handle }) => handle));
    const rest = list.filter((range) => !matches(range));
    if (list === this.live) this.live = rest;
    else this.pending = rest;
  }

  private compare(): void {
    const { pool, live, pending } = this;
    const sumOf = (ranges: readonly Range[]): number => ranges.reduce((sum, { size }) => sum + size, 0);
    const all = [...live, ...pending].sort((a, b) => a.offset - b.offset);
    const held = [...pool.suballocator.ranges()].filter(({ handle }) => handle !== NO_SPACE);
    expect(held).toEqual(all.map(({ handle, offset, size }) => ({ offset, size, handle })));
    const figures = { pendingCount: pending.length, pendingBytes: sumOf(pending) };
    expect({ pendingCount: pool.pendingCount, pendingBytes: pool.pendingBytes }).toEqual(figures);
    expect(pool.statistics()).toMatchObject({ ...figures, liveCount: all.length, used: sumOf(all) });
    expect(validate(pool.suballocator)).toEqual([]);
  }
}

describe.each(KINDS)('range pool over %s, against a naive list', (_kind, make) => {
  it('agrees after every operation', () => {
    const check = (steps: Step[]): void => {
      const pair = new Pair(make);
      for (const each of steps) pair.run(each);
    };
    const plan = fc.array(step, { minLength: 20, maxLength: 120, size: 'max' });
    fc.assert(fc.property(plan, check), { numRuns: scale(60, 400) });
  });
});
