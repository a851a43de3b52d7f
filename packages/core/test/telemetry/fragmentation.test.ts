import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scale } from '../../../testing/src/scale.ts';
import { BestFit } from '../../src/ranges/best-fit.ts';
import { NO_SPACE, type Suballocator } from '../../src/ranges/suballocator.ts';
import { Tlsf } from '../../src/ranges/tlsf.ts';
import { collectHistogram, measureFragmentation } from '../../src/telemetry/fragmentation.ts';

/** A chunk of `capacity` bytes with ranges of these sizes, of which those at odd places are freed. */
function chunkOf(capacity: number, sizes: readonly number[], Kind: typeof BestFit | typeof Tlsf = BestFit) {
  const suballocator: Suballocator = new Kind({ capacity });
  const handles = sizes.map((size) => suballocator.allocate(size));
  handles.forEach((handle, i) => {
    if (i % 2 === 1 && handle !== NO_SPACE) suballocator.free(handle);
  });
  return { suballocator };
}

describe('fragmentation over chunks', () => {
  it('is what is free in all, and the longest hole of any one', () => {
    const chunks = [chunkOf(1000, [100, 200, 300]), chunkOf(500, [100, 50, 350]), chunkOf(64, [64])];
    expect(measureFragmentation(chunks)).toEqual({
      capacityBytes: 1564,
      freeBytes: 650,
      freeShare: 650 / 1564,
      largestFreeBytes: 400,
      holeCount: 3,
      fragmentation: 1 - 400 / 650,
    });
  });

  it('is none without chunks, without anything free, and in one hole', () => {
    expect(measureFragmentation([])).toMatchObject({ capacityBytes: 0, freeShare: 0, fragmentation: 0 });
    expect(measureFragmentation([chunkOf(64, [64])])).toMatchObject({ freeShare: 0, fragmentation: 0 });
    const into = measureFragmentation([]);
    expect(measureFragmentation([chunkOf(64, [])], into)).toBe(into);
    expect(into).toMatchObject({ freeBytes: 64, freeShare: 1, largestFreeBytes: 64, fragmentation: 0 });
  });

  it('adds up the bars of all chunks, gaps included', () => {
    const bars = collectHistogram([chunkOf(1000, [100, 200, 300]), chunkOf(500, [100, 50, 350])]);
    expect(bars.map(({ from }) => from)).toEqual([32, 64, 128, 256]);
    expect(bars[0]).toEqual({ from: 32, liveCount: 0, liveBytes: 0, freeCount: 1, freeBytes: 50 });
    expect(bars[1]).toEqual({ from: 64, liveCount: 2, liveBytes: 200, freeCount: 0, freeBytes: 0 });
    expect(bars[3]).toEqual({ from: 256, liveCount: 2, liveBytes: 650, freeCount: 1, freeBytes: 400 });
    expect(collectHistogram([])).toEqual([]);
  });

  it('equals a recount of all ranges', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 20 });
    const check = (plans: number[][], Kind: typeof BestFit | typeof Tlsf): void => {
      const chunks = plans.map((plan) => chunkOf(1000, plan, Kind));
      const views = chunks.flatMap(({ suballocator }) => [...suballocator.ranges()]);
      const holes = views.filter(({ handle }) => handle === NO_SPACE).map(({ size }) => size);
      const found = measureFragmentation(chunks);
      expect(found.freeBytes).toBe(holes.reduce((sum, size) => sum + size, 0));
      const longest = Math.max(0, ...holes);
      if (Kind === BestFit) expect(found.largestFreeBytes).toBe(longest);
      // A bound from below, as the kind's header says.
      expect(found.largestFreeBytes).toBeLessThanOrEqual(longest);
      expect(found.largestFreeBytes > 0).toBe(longest > 0);
      expect(found.holeCount).toBe(holes.length);
      for (const bar of collectHistogram(chunks)) {
        const within = (size: number) => size >= bar.from && size < 2 * bar.from;
        expect(bar.freeCount).toBe(holes.filter(within).length);
        const live = views.filter(({ handle, size }) => handle !== NO_SPACE && within(size));
        expect(bar.liveCount).toBe(live.length);
        expect(bar.liveBytes).toBe(live.reduce((sum, { size }) => sum + size, 0));
      }
    };
    fc.assert(fc.property(fc.array(sizes, { maxLength: 4 }), fc.constantFrom(BestFit, Tlsf), check), {
      numRuns: scale(100, 2000),
    });
  });
});
