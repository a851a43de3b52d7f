import { type LifetimeItem, type LifetimeOptions, planLifetimes } from '@gpuheap/core/planning';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { faultsOfPlan } from '../../../testing/src/oracles/lifetime-oracle.ts';
import { scale } from '../../../testing/src/scale.ts';
import { itemsOf, peakLoadOf, smallestPeak } from './lifetime-scenes.ts';

/** Items as `[size, firstUse, lastUse, ...conflicts]`. */
function itemsFrom(...rows: readonly (readonly number[])[]): LifetimeItem[] {
  return rows.map(([size = 0, firstUse = 0, lastUse = 0, ...conflictsWith]) => ({
    size,
    firstUse,
    lastUse,
    conflictsWith,
  }));
}

/** What an item takes at the end of a buffer, with all the padding that it may need. */
function aloneBytes({ size, alignment = 1 }: LifetimeItem, granularity: number): number {
  let step = granularity;
  while (step % alignment !== 0) step += granularity;
  return Math.ceil(size / granularity) * granularity + step - granularity;
}

const ANY = { maxCount: 24, maxStep: 12, maxSize: 5000, alignments: [1, 4, 36, 256, 1024], maxConflicts: 1 };
const FEW = { maxCount: 5, maxStep: 4, maxSize: 6, alignments: [1, 2, 3], maxConflicts: 0 };

describe('known lifetimes', () => {
  it('share bytes when they do not meet', () => {
    const plan = planLifetimes(itemsFrom([1000, 0, 1], [2000, 2, 3], [500, 1, 2]));
    expect(plan).toMatchObject({ peakBytes: 2560, lowerBoundBytes: 2560, gap: 0, reason: 'optimal' });
    expect(plan.buffers).toEqual([{ size: 2560 }]);
    expect(plan.placements[1]).toEqual({ buffer: 0, offset: 0 });
  });

  it('meet at a step that both name', () => {
    expect(planLifetimes(itemsFrom([256, 0, 1], [256, 1, 2])).peakBytes).toBe(512);
    expect(planLifetimes(itemsFrom([256, 0, 1], [256, 2, 2])).peakBytes).toBe(256);
  });

  it('may be none', () => {
    const plan = planLifetimes([]);
    expect(plan).toMatchObject({ buffers: [], placements: [], peakBytes: 0, lowerBoundBytes: 0, gap: 0 });
    expect(plan.reason).toBe('optimal');
  });

  it('lie at multiples of the granularity and of their alignment', () => {
    const items = [
      { size: 10, firstUse: 0, lastUse: 0 },
      { size: 10, firstUse: 0, lastUse: 0, alignment: 36 },
      { size: 10, firstUse: 0, lastUse: 0, alignment: 6 },
    ];
    const { placements, peakBytes } = planLifetimes(items, { granularity: 4 });
    const [, second, third] = placements.map(({ offset }) => offset);
    expect([(second as number) % 36, (third as number) % 12]).toEqual([0, 0]);
    expect(peakBytes).toBe(36);
  });

  it('of items in conflict are in different buffers, also when they never meet', () => {
    const plan = planLifetimes(itemsFrom([256, 0, 0, 1], [512, 1, 1], [256, 2, 2]));
    const [first, second] = plan.placements.map(({ buffer }) => buffer);
    expect(first).not.toBe(second);
    expect(plan).toMatchObject({ peakBytes: 768, lowerBoundBytes: 768, reason: 'optimal' });
  });

  it('of a chain of dispatches take two buffers', () => {
    const chain = Array.from({ length: 60 }, (_, index) => ({
      size: 256 * (1 + (index % 5)),
      firstUse: index,
      lastUse: index + 1,
      conflictsWith: index === 0 ? [] : [index - 1],
    }));
    const plan = planLifetimes(chain, { maxBuffers: 2 });
    expect(plan.buffers).toHaveLength(2);
    expect(faultsOfPlan(chain, plan, { maxBuffers: 2 })).toEqual([]);
  });

  it('go to further buffers when one is full', () => {
    const items = itemsFrom([1024, 0, 9], [1024, 0, 9], [1024, 0, 9], [512, 0, 9]);
    const plan = planLifetimes(items, { maxBufferBytes: 2200 });
    expect(plan.buffers.map(({ size }) => size)).toEqual([2048, 1536]);
  });

  it('can be as long and as large as numbers go', () => {
    const most = Number.MAX_SAFE_INTEGER;
    const items = itemsFrom([most, 0, most]);
    expect(planLifetimes(items, { granularity: 1 })).toMatchObject({ peakBytes: most, reason: 'optimal' });
    const half = itemsFrom([2 ** 52, 0, most - 1], [2 ** 52 - 256, most, most]);
    expect(planLifetimes(half).peakBytes).toBe(2 ** 52);
  });
});

describe('any lifetimes', () => {
  const options = fc.record({
    granularity: fc.constantFrom(1, 4, 256),
    maxBufferBytes: fc.constantFrom(Number.MAX_SAFE_INTEGER, 8192),
    stepLimit: fc.constantFrom(0, 40),
    seed: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
  });

  it('have a plan that the oracle finds right, never worse than no reuse', () => {
    fc.assert(
      fc.property(itemsOf(ANY), options, (items, chosen) => {
        const plan = planLifetimes(items, chosen);
        expect(faultsOfPlan(items, plan, chosen)).toEqual([]);
        const naive = items.reduce((sum, item) => sum + aloneBytes(item, chosen.granularity), 0);
        expect(plan.peakBytes).toBeLessThanOrEqual(naive);
        expect(plan.lowerBoundBytes).toBeGreaterThanOrEqual(peakLoadOf(items, chosen.granularity));
      }),
      { numRuns: scale(300, 20_000) },
    );
  });

  it('of one size without alignments take what is alive at once', () => {
    fc.assert(
      fc.property(
        itemsOf({ ...ANY, maxSize: 1, maxCount: 60, alignments: [1], maxConflicts: 0 }),
        (items) => {
          expect(planLifetimes(items).peakBytes).toBe(peakLoadOf(items, 256));
        },
      ),
      { numRuns: scale(200, 10_000) },
    );
  });

  it('have the same plan again, and leave what was passed alone', () => {
    fc.assert(
      fc.property(itemsOf(ANY), options, (items, chosen) => {
        const before = JSON.stringify(items);
        expect(planLifetimes(items, chosen)).toEqual(planLifetimes(items, chosen));
        expect(JSON.stringify(items)).toBe(before);
      }),
      { numRuns: scale(50, 2000) },
    );
  });
});

describe('all plans of a few items', () => {
  it('are searched: none is smaller, and the bound is below them all', () => {
    const shape = { ...FEW, maxCount: 6 };
    fc.assert(
      fc.property(itemsOf(shape), (items) => {
        const options = { granularity: 1, stepLimit: 100_000 };
        const plan = planLifetimes(items, options);
        expect(plan.peakBytes).toBe(items.length === 0 ? 0 : smallestPeak(items, options, 1));
        expect(['optimal', 'exhausted']).toContain(plan.reason);
      }),
      { numRuns: scale(120, 3000) },
    );
  });

  it.each([0, 2])('are searched with full buffers too, and %i conflicts at most', (maxConflicts) => {
    const limit = fc.constantFrom(7, 9, Number.MAX_SAFE_INTEGER);
    const shape = { ...FEW, maxCount: 4, alignments: [1], maxConflicts };
    fc.assert(
      fc.property(itemsOf(shape), limit, (items, maxBufferBytes) => {
        const options: LifetimeOptions = { granularity: 1, stepLimit: 100_000, maxBufferBytes };
        const plan = planLifetimes(items, options);
        expect(faultsOfPlan(items, plan, options)).toEqual([]);
        expect(plan.peakBytes).toBe(items.length === 0 ? 0 : smallestPeak(items, options, 4));
        expect(['optimal', 'exhausted']).toContain(plan.reason);
      }),
      { numRuns: scale(120, 3000) },
    );
  });

  it('end with the proof that none reaches the bound', () => {
    // No two of three alignments fit together without padding.
    const items = [7, 5, 3].map((size, index) => ({ size, firstUse: 0, lastUse: index, alignment: 4 }));
    const plan = planLifetimes(items, { granularity: 1, stepLimit: 1000 });
    expect(plan).toMatchObject({ lowerBoundBytes: 15, reason: 'exhausted' });
    expect(plan.peakBytes).toBe(smallestPeak(items, { granularity: 1 }, 1));
  });

  it('have more buffers than one only where that is asked for', () => {
    const items = [256, 256].map((size) => ({ size, firstUse: 0, lastUse: 0, alignment: 4096 }));
    expect(planLifetimes(items, { stepLimit: 1000 }).buffers).toEqual([{ size: 4352 }]);
  });
});
