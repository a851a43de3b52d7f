/** Lifetimes that ask for the rarer turns of a plan; always the same ones. */
import { describe, expect, it } from 'vitest';
import { faultsOfPlan } from '../../../testing/src/oracles/index.ts';
import { XorShift32 } from '../../../testing/src/workloads/index.ts';
import { type LifetimeItem, planLifetimes } from '../../src/planning/index.ts';

/** More items than are searched exactly. */
function drawItems(random: XorShift32, count: number, conflicts = 0): LifetimeItem[] {
  return Array.from({ length: count }, (_, item) => {
    const firstUse = random.below(20);
    const conflictsWith = Array.from({ length: conflicts }, () => random.below(count)).filter(
      (other) => other !== item,
    );
    const size = 256 * (1 + random.below(40));
    return { size, firstUse, lastUse: firstUse + random.below(8), conflictsWith };
  });
}

describe('the search', () => {
  it('finds smaller plans by repairs and by passes, each of them sound', () => {
    const random = new XorShift32();
    const found = new Set<string>();
    for (let seed = 1; seed <= 60; seed++) {
      const items = drawItems(random, 40);
      const greedy = planLifetimes(items);
      const plan = planLifetimes(items, { stepLimit: 300, seed });
      expect(faultsOfPlan(items, plan)).toEqual([]);
      expect(plan.peakBytes).toBeLessThanOrEqual(greedy.peakBytes);
      if (plan.peakBytes < greedy.peakBytes) found.add(plan.strategy);
    }
    expect([...found].sort()).toEqual(['blame-search', 'repair-search']);
  });

  it('stops within a pass when the time is over, and keeps what it has', () => {
    const items = drawItems(new XorShift32(), 1500);
    const greedy = planLifetimes(items);
    for (const timeLimitMs of [40, 80, 160, 320, 640, 1280]) {
      let now = 0;
      const plan = planLifetimes(items, { timeLimitMs, clock: () => now++ });
      expect(faultsOfPlan(items, plan)).toEqual([]);
      expect(plan.peakBytes).toBeLessThanOrEqual(greedy.peakBytes);
      // Each look at the clock is a millisecond: a step and a pass look now and then.
      expect(now).toBeLessThan(timeLimitMs + 20);
    }
  });

  it('keeps to buffers that are few, small and apart', () => {
    const random = new XorShift32();
    let plans = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const items = drawItems(random, 40, seed % 3);
      const wide = planLifetimes(items, { maxBufferBytes: 14_000 });
      const maxBuffers = wide.buffers.length;
      const plan = planLifetimes(items, { maxBufferBytes: 14_000, maxBuffers, stepLimit: 300, seed });
      expect(faultsOfPlan(items, plan)).toEqual([]);
      expect(plan.buffers.length).toBeLessThanOrEqual(maxBuffers);
      expect(plan.buffers.every(({ size }) => size > 0 && size <= 14_000)).toBe(true);
      plans++;
    }
    expect(plans).toBe(60);
  });

  it('gives leaves of one centre one buffer, and the centre another', () => {
    const leaves = Array.from({ length: 40 }, () => ({
      size: 256,
      firstUse: 0,
      lastUse: 0,
      conflictsWith: [40],
    }));
    const items = [...leaves, { size: 256, firstUse: 0, lastUse: 0 }];
    const plan = planLifetimes(items, { stepLimit: 10 });
    expect(faultsOfPlan(items, plan)).toEqual([]);
    expect(plan.buffers.map(({ size }) => size).sort((a, b) => a - b)).toEqual([256, 10_240]);
  });
});
