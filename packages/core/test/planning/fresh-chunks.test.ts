/** Chunks that a plan which packs anew begins with. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scale } from '../../../testing/src/scale.ts';
import { type FragmentChunk, type FragmentRange, planDefragmentation } from '../../src/planning/index.ts';
import { chunkOf, drawFragments } from './sample-fragments.ts';

describe('a plan', () => {
  it('that packs anew begins one new chunk at most for each that it empties', () => {
    const free = (offset: number, size: number): FragmentRange => ({ offset, size, state: 'free' });
    const live = (offset: number, size: number, alignment = 1): FragmentRange => {
      return { offset, size, state: 'live', alignment };
    };
    const chunk = (id: number, ...ranges: FragmentRange[]): FragmentChunk => {
      const sizeBytes = ranges.reduce((sum, { size }) => sum + size, 0);
      return { id, pool: 'pool', sizeBytes, dedicated: false, ranges };
    };
    // The first source finds no order in which alignment lets it into the empty chunk; the second is longer.
    const aligned = chunk(1, live(0, 48, 64), live(48, 48, 48), free(96, 16), live(112, 64), free(176, 16));
    const long = chunk(3, live(0, 112), free(112, 16), live(128, 96), free(224, 544));
    const plan = planDefragmentation(
      { chunks: [chunk(0, free(0, 192)), aligned, long] },
      { strategy: 'full' },
    );
    expect(plan.before.usedChunks).toBe(2);
    expect(plan.after.usedChunks).toBe(2);
    expect(plan.after.holeCount).toBeLessThan(plan.before.holeCount);
    expect(plan.passes.flatMap(({ spares }) => spares)).toHaveLength(1);
  });

  it('takes no chunk that is larger than all that it tidies up, and asks for none', () => {
    const tidy = chunkOf(0, 'AAAAAAAAAAAABBBBBBBBBBBB');
    const untidy = chunkOf(1, 'C.D.E.F.');
    const empty = chunkOf(2, '................');
    for (const chunks of [
      [tidy, untidy],
      [tidy, untidy, empty],
    ]) {
      const plan = planDefragmentation({ chunks }, { strategy: 'full', scope: 'across' });
      expect(plan.passes.flatMap(({ spares }) => spares.map(({ sizeBytes }) => sizeBytes))).toEqual([128]);
      expect(plan.after.usedChunkBytes).toBe(plan.before.usedChunkBytes);
      expect(plan.after.holeCount).toBe(1);
    }
  });

  it('asks for no chunk into which nothing moves', () => {
    const shape = { units: 24, pins: true, pending: true };
    fc.assert(
      fc.property(drawFragments(shape, { min: 1, max: 8 }), fc.nat({ max: 3 }), (fragments, spareChunks) => {
        const { passes } = planDefragmentation(fragments, { strategy: 'full', spareChunks, movesPerPass: 2 });
        const asked = passes.flatMap(({ spares }) => spares.map(({ id }) => id));
        const used = passes.flatMap(({ moves }) =>
          moves.map(({ toChunk }) => toChunk).filter((id) => id < 0),
        );
        expect(asked).toEqual([...new Set(used)]);
        const pools = passes.flatMap(({ spares }) => spares.map(({ pool }) => pool));
        for (const pool of new Set(pools)) {
          expect(pools.filter((each) => each === pool).length).toBeLessThanOrEqual(spareChunks);
        }
      }),
      { numRuns: scale(500, 20_000) },
    );
  });
});
