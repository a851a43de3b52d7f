import { type LifetimeItem, type LifetimeOptions, planLifetimes } from '@gpuheap/core/planning';
import { describe, expect, it } from 'vitest';
import { faultsOfPlan } from '../../../testing/src/oracles/lifetime-oracle.ts';
import { codeOf } from '../code-of.ts';

const SOME: readonly LifetimeItem[] = [{ size: 100, firstUse: 0, lastUse: 3 }];

/** Items that no greedy order packs best: sizes and steps from a fixed sequence. */
function hardItems(count: number): LifetimeItem[] {
  let state = 7;
  const draw = (below: number): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
  return Array.from({ length: count }, (_, index) => {
    const firstUse = draw(100);
    const lastUse = firstUse + draw(40);
    return { size: 1 + draw(2 ** (4 + draw(14))), firstUse, lastUse, label: `item ${index}` };
  });
}

/** A clock on which every look takes a while. */
function slowClock(stepMs: number): { clock: () => number; looks: number } {
  const slow = {
    looks: 0,
    clock: (): number => {
      slow.looks++;
      return slow.looks * stepMs;
    },
  };
  return slow;
}

describe('the limit of a search', () => {
  const items = hardItems(400);
  const greedy = planLifetimes(items, { granularity: 4 });

  it('in time is not passed', () => {
    const slow = slowClock(1);
    const plan = planLifetimes(items, { granularity: 4, timeLimitMs: 50, clock: slow.clock });
    expect(greedy.reason).toBe('no-search');
    expect(plan.reason).toBe('time');
    expect(slow.looks).toBe(51);
    expect(plan.peakBytes).toBeLessThanOrEqual(greedy.peakBytes);
    expect(faultsOfPlan(items, plan, { granularity: 4 })).toEqual([]);
  });

  it('in time makes the same plan when the clock says the same', () => {
    const plans = [1, 2].map(() =>
      planLifetimes(items, { granularity: 4, timeLimitMs: 200, clock: slowClock(1).clock, seed: 5 }),
    );
    expect(plans[0]).toEqual(plans[1]);
  });

  it('in steps makes the same plan always, and a smaller one with more', () => {
    const plan = planLifetimes(items, { granularity: 4, stepLimit: 300 });
    expect(plan).toEqual(planLifetimes(items, { granularity: 4, stepLimit: 300 }));
    expect(plan.peakBytes).toBeLessThan(greedy.peakBytes);
    expect(['steps', 'optimal']).toContain(plan.reason);
    expect(faultsOfPlan(items, plan, { granularity: 4 })).toEqual([]);
  });

  it('ends the search also when the clock is broken', () => {
    for (const now of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const options = { granularity: 4, timeLimitMs: 1, clock: () => now };
      expect(planLifetimes(items, options).reason).toBe('time');
    }
  });

  it('of nothing is no search, and the clock is not asked', () => {
    const slow = slowClock(1);
    const plan = planLifetimes(items, { granularity: 4, timeLimitMs: 0, clock: slow.clock });
    expect(plan).toEqual(greedy);
    expect(slow.looks).toBe(0);
    expect(planLifetimes(items, { granularity: 4, stepLimit: 0 })).toEqual(greedy);
  });

  it('is not used up where the greedy plan is the best', () => {
    const slow = slowClock(1);
    expect(planLifetimes(SOME, { timeLimitMs: 9, clock: slow.clock }).reason).toBe('optimal');
    expect(slow.looks).toBe(0);
  });
});

describe('what is refused', () => {
  const item = { size: 1, firstUse: 0, lastUse: 0 };
  const badItems: readonly [string, unknown][] = [
    ['bad-argument', undefined],
    ['bad-argument', { length: 1 }],
    ['bad-argument', [null]],
    ['bad-argument', [[]]],
    ['bad-argument', new Array(1)],
    ['unknown-option', [{ ...item, from: 3 }]],
    ['bad-size', [{ ...item, size: 0 }]],
    ['bad-size', [{ ...item, size: -1 }]],
    ['bad-size', [{ ...item, size: 1.5 }]],
    ['bad-size', [{ ...item, size: '1' }]],
    ['bad-size', [{ ...item, size: 2 ** 53 }]],
    ['bad-size', [{ firstUse: 0, lastUse: 0 }]],
    ['bad-argument', [{ ...item, firstUse: 1 }]],
    ['bad-argument', [{ ...item, firstUse: -1 }]],
    ['bad-argument', [{ ...item, firstUse: 0.5, lastUse: 1 }]],
    ['bad-argument', [{ ...item, lastUse: Number.NaN }]],
    ['bad-argument', [{ ...item, lastUse: Number.POSITIVE_INFINITY }]],
    ['bad-alignment', [{ ...item, alignment: 0 }]],
    ['bad-alignment', [{ ...item, alignment: 2 ** 31 }]],
    ['bad-argument', [{ ...item, conflictsWith: 0 }]],
    ['bad-argument', [item, { ...item, conflictsWith: [2] }]],
    ['bad-argument', [item, { ...item, conflictsWith: [-1] }]],
    ['bad-argument', [item, { ...item, conflictsWith: [0.5] }]],
    ['bad-argument', [item, { ...item, conflictsWith: new Array(1) }]],
    ['bad-argument', [item, { ...item, conflictsWith: [1] }]],
    ['bad-argument', [{ ...item, label: 3 }]],
    ['too-large', [{ ...item, size: Number.MAX_SAFE_INTEGER }]],
    [
      'too-large',
      [
        { ...item, size: 2 ** 52 },
        { ...item, size: 2 ** 52 },
      ],
    ],
    ['too-large', Array.from({ length: 5000 }, () => ({ ...item, size: 2 ** 42 }))],
  ];
  for (const [code, items] of badItems) {
    it(`items: ${code} for ${JSON.stringify(items)?.slice(0, 80)}`, () => {
      expect(codeOf(() => planLifetimes(items as LifetimeItem[]))).toBe(code);
    });
  }

  const badOptions: readonly [string, unknown][] = [
    ['bad-argument', null],
    ['bad-argument', []],
    ['unknown-option', { timeLimit: 3 }],
    ['bad-granularity', { granularity: 0 }],
    ['bad-granularity', { granularity: 2 ** 31 }],
    ['bad-size', { maxBufferBytes: 0 }],
    ['bad-size', { maxBufferBytes: 1e300 }],
    ['too-large', { maxBufferBytes: 99 }],
    ['too-large', { maxBufferBytes: 255 }],
    ['bad-argument', { maxBuffers: 0 }],
    ['bad-argument', { maxBuffers: 1.5 }],
    ['bad-argument', { timeLimitMs: 1 }],
    ['bad-argument', { timeLimitMs: -1, clock: () => 0 }],
    ['bad-argument', { timeLimitMs: Number.NaN, clock: () => 0 }],
    ['bad-argument', { timeLimitMs: '1', clock: () => 0 }],
    ['bad-argument', { timeLimitMs: Number.POSITIVE_INFINITY, clock: () => 0 }],
    ['bad-argument', { clock: 3 }],
    ['bad-argument', { stepLimit: -1 }],
    ['bad-argument', { seed: 0 }],
    ['bad-argument', { seed: 2 ** 32 }],
  ];
  for (const [code, options] of badOptions) {
    it(`options: ${code} for ${JSON.stringify(options)}`, () => {
      expect(codeOf(() => planLifetimes(SOME, options as LifetimeOptions))).toBe(code);
    });
  }

  it('an alignment that has no safe multiple in common with the granularity', () => {
    const items = [{ ...item, alignment: 2 ** 31 - 1 }];
    expect(codeOf(() => planLifetimes(items, { granularity: 2 ** 31 - 2 }))).toBe('bad-alignment');
  });

  it('more buffers than there may be', () => {
    const three = [0, 1, 2].map((index) => ({ ...item, conflictsWith: [(index + 1) % 3] }));
    expect(codeOf(() => planLifetimes(three, { maxBuffers: 2 }))).toBe('too-large');
    expect(planLifetimes(three, { maxBuffers: 3 }).buffers).toHaveLength(3);
    const two = [0, 1].map(() => ({ ...item, size: 300 }));
    expect(codeOf(() => planLifetimes(two, { maxBuffers: 1, maxBufferBytes: 1000 }))).toBe('too-large');
  });

  it('by errors that name the item', () => {
    const large = [item, { ...item, size: 300, label: 'weights' }];
    expect(() => planLifetimes(large, { maxBufferBytes: 256 })).toThrow(
      /items\[1\] \(weights\) has 300 bytes/,
    );
    expect(() => planLifetimes([item, { ...item, size: -3 }])).toThrow(/items\[1\]\.size is -3/);
  });
});
