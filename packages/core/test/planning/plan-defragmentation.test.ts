import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scale } from '../../../testing/src/scale.ts';
import {
  type FragmentChunk,
  type FragmentRange,
  type Fragments,
  type PlanOptions,
  planDefragmentation,
} from '../../src/planning/index.ts';
import { doMoves } from './plan-oracle.ts';
import { chunkOf, drawFragments, fragmentsOf } from './sample-fragments.ts';

const MOVES = ['direct', 'scratch', 'pieces'];
const anyOptions: fc.Arbitrary<PlanOptions> = fc.record(
  {
    strategy: fc.constantFrom('fast', 'balanced', 'full'),
    scope: fc.constantFrom('across', 'within', 'both'),
    bytesPerPass: fc.integer({ min: 16, max: 600 }),
    movesPerPass: fc.integer({ min: 1, max: 5 }),
    spareChunks: fc.integer({ min: 0, max: 2 }),
    copiesWithinBuffer: fc.boolean(),
    scratchBytes: fc.integer({ min: 1, max: 200 }),
    reuseAfter: fc.constantFrom('submitted', 'completed'),
  },
  { requiredKeys: [] },
);

function holesIn(fragments: Fragments): number {
  return doMoves(fragments, []).reduce(
    (sum, { holeCount, liveBytes }) => sum + (liveBytes > 0 ? holeCount : 0),
    0,
  );
}

describe('a plan', () => {
  it('moves a range once at most, to where nothing is, within every limit, and tells what it is good for', () => {
    const shape = { units: 24, pins: true, pending: true };
    fc.assert(
      fc.property(drawFragments(shape, { min: 1, max: 8 }), anyOptions, (fragments, options) => {
        const plan = planDefragmentation(fragments, options);
        const after = doMoves(fragments, plan.passes, options.reuseAfter);
        const moves = plan.passes.flatMap((pass) => pass.moves);
        for (const pass of plan.passes) {
          expect(pass.moves.length).toBeLessThanOrEqual(options.movesPerPass ?? Number.POSITIVE_INFINITY);
          expect(pass.copiedBytes).toBeLessThanOrEqual(options.bytesPerPass ?? Number.POSITIVE_INFINITY);
          expect(pass.copiedBytes).toBe(pass.moves.reduce((sum, move) => sum + move.copiedBytes, 0));
          expect(pass.movedBytes).toBe(pass.moves.reduce((sum, move) => sum + move.size, 0));
        }
        expect(moves.every(({ way }) => MOVES.includes(way))).toBe(true);
        const { scratchBytes = Number.POSITIVE_INFINITY } = options;
        expect(moves.every(({ way, size }) => way !== 'scratch' || size <= scratchBytes)).toBe(true);
        expect(plan.moveCount).toBe(moves.length);
        const used = after.filter(({ liveBytes }) => liveBytes > 0);
        expect(plan.after.usedChunks).toBe(used.length);
        expect(plan.after.usedChunkBytes).toBe(used.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
        expect(plan.after.liveBytes).toBe(plan.before.liveBytes);
        expect(plan.after.holeCount).toBe(used.reduce((sum, { holeCount }) => sum + holeCount, 0));
        expect(plan.before.holeCount).toBe(holesIn(fragments));
        expect(plan.stop === 'done').toBe(moves.length > 0);
        const before = doMoves(fragments, []);
        const emptied = before.filter(({ liveBytes }, k) => liveBytes > 0 && after[k]?.liveBytes === 0);
        expect(plan.emptiedChunks).toBe(emptied.length);
        expect(plan.emptiedBytes).toBe(emptied.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
      }),
      { numRuns: scale(500, 20_000) },
    );
  });

  it('that empties chunks leaves fewer of them where it moves anything', () => {
    const shape = { units: 24, pins: true, pending: false };
    fc.assert(
      fc.property(
        drawFragments(shape, { min: 1, max: 8 }),
        fc.constantFrom('fast', 'balanced'),
        (fragments, strategy) => {
          const { before, after, moveCount } = planDefragmentation(fragments, { strategy });
          if (moveCount > 0) expect(after.usedChunks).toBeLessThan(before.usedChunks);
          else expect(after).toEqual(before);
        },
      ),
      { numRuns: scale(300, 10_000) },
    );
  });

  it('that packs anew, or slides, leaves fewer chunks or fewer holes where it moves anything', () => {
    const shape = { units: 24, pins: true, pending: true };
    const scopes = fc.constantFrom('across', 'within', 'both');
    fc.assert(
      fc.property(drawFragments(shape, { min: 1, max: 8 }), scopes, (fragments, scope) => {
        const plan = planDefragmentation(fragments, { strategy: 'full', scope });
        const { before, after, moveCount } = plan;
        if (moveCount === 0) expect(after).toEqual(before);
        else if (after.usedChunks === before.usedChunks)
          expect(after.holeCount).toBeLessThan(before.holeCount);
        else expect(after.usedChunks).toBeLessThan(before.usedChunks);
      }),
      { numRuns: scale(500, 20_000) },
    );
  });

  it('that packs anew leaves one hole a chunk, in as few chunks as its promise says', () => {
    const shape = { units: 24, pins: false, pending: false };
    fc.assert(
      fc.property(drawFragments(shape, { min: 1, max: 10 }), (fragments) => {
        // Without alignment, which has its own holes.
        const plain = {
          chunks: fragments.chunks.map((chunk) => ({
            ...chunk,
            ranges: [...chunk.ranges].map((range) => ({ ...range, alignment: 1 })),
          })),
        };
        const plan = planDefragmentation(plain, { strategy: 'full' });
        const after = doMoves(plain, plan.passes).filter(({ usedBytes }) => usedBytes > 0);
        for (const { holeCount } of after) expect(holeCount).toBeLessThanOrEqual(1);
        const sizes = plain.chunks.flatMap(({ ranges }) =>
          [...ranges].filter(({ state }) => state === 'live').map(({ size }) => size),
        );
        const live = sizes.reduce((sum, size) => sum + size, 0);
        const bound = Math.ceil(live / (24 * 16 - Math.max(0, ...sizes)));
        expect(after.length).toBeLessThanOrEqual(bound);
      }),
      { numRuns: scale(500, 20_000) },
    );
  });

  it('comes to an end, and further with every pass, when there is no time at all', () => {
    let now = 0;
    const clock = () => now++;
    const fragments = fragmentsOf('A.B.C.D.', 'E.F.G.H.', 'I.J.K.L.', 'M.N.O.P.');
    const plan = planDefragmentation(fragments, { strategy: 'full', millisecondsPerPass: 1e-9, clock });
    expect(plan.after).toMatchObject({ usedChunks: 2, holeCount: 0 });
    doMoves(fragments, plan.passes);
  });
});

describe('the strategies', () => {
  it('empty the cheapest chunks into the holes of the others', () => {
    const fragments = fragmentsOf('AA..BBBB', '.C......', 'DDD.EEEE', 'F...G...');
    const plan = planDefragmentation(fragments);
    expect(plan).toMatchObject({ emptiedChunks: 2, movedBytes: 48, copiedBytes: 48, stop: 'done' });
    expect(doMoves(fragments, plan.passes).map(({ liveBytes }) => liveBytes)).toEqual([128, 0, 128, 0]);
  });

  it('move nothing into chunks that are better emptied', () => {
    const fragments = fragmentsOf('A.......', 'B.......', 'CCCCCC..');
    const plan = planDefragmentation(fragments);
    expect(plan.emptiedChunks).toBe(2);
    expect(plan.passes.flatMap(({ moves }) => moves.map(({ toChunk }) => toChunk))).toEqual([2, 2]);
  });

  it('fill the fullest that was to be emptied when a range finds no hole', () => {
    // Chunks 1 and 2 were to be emptied, but B finds no hole in chunk 0.
    const fragments = fragmentsOf('AA.C.D.E.F', 'BB........', 'G.H.......');
    const plan = planDefragmentation(fragments);
    expect(plan).toMatchObject({ emptiedChunks: 1, movedBytes: 32 });
    expect(doMoves(fragments, plan.passes)[1]?.liveBytes).toBe(0);
  });

  it('leave alone what is more than half full when they shall be fast', () => {
    const fragments = fragmentsOf('AAAAA...', 'BBBBB...', 'CCC.....');
    expect(planDefragmentation(fragments, { strategy: 'fast' })).toMatchObject({ emptiedChunks: 1 });
    const two = fragmentsOf('AAAAA.CCC.', 'BBBBB.DDD.', 'EEEE.FF...');
    expect(planDefragmentation(two, { strategy: 'fast' })).toMatchObject({
      moveCount: 0,
      stop: 'no-benefit',
    });
  });

  it('move what lives long where that empties a chunk, and else not at all', () => {
    const long = { lifetime: 'long' };
    const apart = { chunks: [chunkOf(0, 'A.B.C.D.', long), chunkOf(1, 'E.......', long)] };
    expect(planDefragmentation(apart)).toMatchObject({ emptiedChunks: 1, moveCount: 1 });
    const alone = { chunks: [chunkOf(0, 'A.B.C.D.', long)] };
    for (const scope of ['across', 'within', 'both'] as const) {
      expect(planDefragmentation(alone, { strategy: 'full', scope }).moveCount).toBe(0);
    }
  });

  it('ask what a move costs, and whether it may be', () => {
    const fragments = fragmentsOf('AA......', 'B.......', 'CCCC....');
    const cheap = planDefragmentation(fragments, { moveCost: ({ size }) => 1 / size });
    expect(cheap.passes[0]?.moves[0]?.fromChunk).toBe(2);
    const never = planDefragmentation(fragments, { moveCost: () => Number.POSITIVE_INFINITY });
    expect(never).toMatchObject({ moveCount: 0, stop: 'pinned' });
    const some = planDefragmentation(fragments, { mayMove: ({ size }) => size < 32 });
    expect(some.passes.flatMap(({ moves }) => moves.map(({ fromChunk }) => fromChunk))).toEqual([1]);
  });
});

describe('ranges within a chunk', () => {
  it('slide to its start, up to what is pinned or pending', () => {
    const fragments = fragmentsOf('.A..B!.CC.p.D');
    const plan = planDefragmentation(fragments, { scope: 'within' });
    const [pass] = plan.passes;
    expect(pass?.moves.map(({ fromOffset, toOffset }) => [fromOffset / 16, toOffset / 16])).toEqual(
      [
        [1, 0],
        [6, 5],
        [11, 10],
      ].map(([from = 0, to = 0]) => [from, to]),
    );
  });

  it('go by way of scratch, or in pieces where a buffer may be copied within', () => {
    const fragments = fragmentsOf('.AA...B');
    const ways = (copiesWithinBuffer: boolean) =>
      planDefragmentation(fragments, { scope: 'within', copiesWithinBuffer }).passes.flatMap(({ moves }) =>
        moves.map(({ way, size, copiedBytes }) => [way, copiedBytes / size]),
      );
    expect(ways(false)).toEqual([
      ['scratch', 2],
      ['scratch', 2],
    ]);
    expect(ways(true)).toEqual([
      ['pieces', 1],
      ['direct', 1],
    ]);
  });

  it('go by way of scratch, too, where the pieces would be many', () => {
    const fragments = fragmentsOf(`.${'A'.repeat(17)}..${'B'.repeat(33)}`);
    const { passes } = planDefragmentation(fragments, { scope: 'within', copiesWithinBuffer: true });
    expect(passes.flatMap(({ moves }) => moves.map(({ way }) => way))).toEqual(['scratch', 'pieces']);
  });

  it('go only to where nothing was before the pass, where the GPU must have left a place', () => {
    const fragments = fragmentsOf('.A.B.C.D', '.EE');
    const { passes } = planDefragmentation(fragments, { scope: 'within', reuseAfter: 'completed' });
    expect(passes.map(({ moves, stop }) => [stop, moves.map(({ fromOffset }) => fromOffset / 16)])).toEqual([
      ['boundary', [1]],
      ['boundary', [3, 5]],
      ['end', [7]],
    ]);
    doMoves(fragments, passes, 'completed');
  });

  it('slide together first where others come to their chunk, when the scope is both', () => {
    const fragments = fragmentsOf('A.B.C.D.E', '.FFF.....');
    const across = planDefragmentation(fragments);
    expect(across).toMatchObject({ moveCount: 0, stop: 'no-target' });
    for (const strategy of ['fast', 'balanced'] as const) {
      const plan = planDefragmentation(fragments, { strategy, scope: 'both' });
      expect(plan).toMatchObject({ emptiedChunks: 1, after: { usedChunks: 1, holeCount: 1 } });
      expect(plan.passes.map(({ stop }) => stop)).toEqual(['boundary', 'end']);
      doMoves(fragments, plan.passes);
    }
  });

  it('slide up to what is pinned, too, where the scope is both', () => {
    const fragments = fragmentsOf('.A.B!.C.D.');
    const plan = planDefragmentation(fragments, { strategy: 'full' });
    expect(plan).toMatchObject({ moveCount: 3, before: { holeCount: 5 }, after: { holeCount: 2 } });
  });

  it('stay where no scratch is as long, and the others slide up to them', () => {
    const fragments = fragmentsOf('..AA.BBB.C.D');
    const plan = planDefragmentation(fragments, { scope: 'within', scratchBytes: 32 });
    expect(plan.kept).toEqual([{ chunk: 0, reason: 'no-scratch' }]);
    const moves = plan.passes.flatMap((pass) => pass.moves);
    expect(moves.map(({ fromOffset, toOffset }) => [fromOffset / 16, toOffset / 16])).toEqual([
      [2, 0],
      [9, 8],
      [11, 9],
    ]);
    const none = planDefragmentation(fragmentsOf('.BBB.CCC'), { scope: 'within', scratchBytes: 32 });
    expect([none.stop, none.kept]).toEqual(['no-scratch', [{ chunk: 0, reason: 'no-scratch' }]]);
    // A copy within the buffer needs none.
    const copied = planDefragmentation(fragmentsOf('.BBB.CCC'), {
      ...{ scope: 'within', scratchBytes: 32, copiesWithinBuffer: true },
    });
    expect(copied.moveCount).toBe(2);
    expect(() => planDefragmentation(fragments, { scratchBytes: 0 })).toThrow('bad-size');
  });

  it('stay where their suballocator can not place at will, and what stays says why', () => {
    const reasonOf = (more: Partial<FragmentChunk>, options: PlanOptions) => {
      const fragments = { chunks: [chunkOf(0, '.AA.BB.', more)] };
      const { moveCount, kept } = planDefragmentation(fragments, { scope: 'within', ...options });
      expect(moveCount).toBe(0);
      return kept;
    };
    expect(reasonOf({ canSlide: false }, {})).toEqual([{ chunk: 0, reason: 'no-slide' }]);
    expect(reasonOf({ lifetime: 'long' }, {})).toEqual([{ chunk: 0, reason: 'no-benefit' }]);
    const need = { chunk: 0, reason: 'too-large-for-budget', needBytes: 64 };
    expect(reasonOf({}, { bytesPerPass: 63 })).toEqual([need]);
    expect(reasonOf({}, { bytesPerPass: 31 })).toEqual([need]);
  });

  it('slide where a pool is packed anew and no chunk may be made for it', () => {
    const fragments = fragmentsOf('A.B.C.D.', 'E.F.G.H.');
    const plan = planDefragmentation(fragments, { strategy: 'full', spareChunks: 0 });
    expect(plan).toMatchObject({ emptiedChunks: 1, after: { usedChunks: 1, holeCount: 0 } });
    expect(plan.copiedBytes).toBeGreaterThan(plan.movedBytes);
    expect(plan.passes.flatMap(({ spares }) => spares)).toEqual([]);
    doMoves(fragments, plan.passes);
  });
});

describe('a chunk', () => {
  it('whose holes lie side by side has one, as those of buddies do', () => {
    const halves = { ...chunkOf(0, 'AA......'), ranges: [...chunkOf(0, 'AA......').ranges] };
    halves.ranges.splice(
      1,
      1,
      { offset: 32, size: 32, state: 'free' },
      { offset: 64, size: 64, state: 'free' },
    );
    expect(planDefragmentation({ chunks: [halves] }, { strategy: 'full' }).moveCount).toBe(0);
  });

  it('that no fresh chunk of its size holds in another order stays, or slides where it may', () => {
    // Four that want a multiple of 64 fit as they lie, and not with the larger ones in front.
    const units: [size: number, alignment: number][] = [
      [1, 4],
      [-1, 0],
      [3, 1],
      [3, 1],
      [4, 4],
      [1, 4],
      [-3, 0],
    ];
    let offset = 0;
    const ranges = units.map(([size, alignment]): FragmentRange => {
      const range = { offset, size: Math.abs(size) * 16 };
      offset += range.size;
      // Unaligned ones first: eight units in front would not be free else.
      return size < 0 ? { ...range, state: 'free' } : { ...range, state: 'live', alignment: alignment * 16 };
    });
    const chunks = [{ id: 0, pool: 'pool', sizeBytes: 256, dedicated: false, ranges }];
    const plan = planDefragmentation({ chunks }, { strategy: 'full', scope: 'across' });
    expect(plan).toMatchObject({ moveCount: 0, stop: 'no-target' });
  });
});

describe('a plan that moves nothing', () => {
  const reasonOf = (options: PlanOptions, ...maps: string[]) => {
    const { stop, kept, moveCount } = planDefragmentation(fragmentsOf(...maps), options);
    expect(moveCount).toBe(0);
    return [stop, kept.find(({ reason }) => reason === stop)];
  };

  it('says why', () => {
    expect(reasonOf({}, 'AAAA', 'BBB.')).toEqual(['no-benefit', { chunk: 1, reason: 'no-benefit' }]);
    expect(reasonOf({}, '....')).toEqual(['no-benefit', undefined]);
    expect(reasonOf({}, 'AA!..', 'BBB!.')).toEqual(['pinned', { chunk: 0, reason: 'pinned' }]);
    expect(reasonOf({}, 'A.B.C.', 'DD....')).toEqual(['no-target', { chunk: 1, reason: 'no-target' }]);
    const need = { chunk: 0, reason: 'too-large-for-budget', needBytes: 48 };
    expect(reasonOf({ bytesPerPass: 32 }, 'AAA...', 'BBBB..')).toEqual(['too-large-for-budget', need]);
  });

  it('leaves pools and dedicated chunks to themselves', () => {
    const chunks = [
      chunkOf(0, 'A...'),
      chunkOf(1, 'B...', { pool: 'other' }),
      chunkOf(2, 'C...', { dedicated: true }),
    ];
    expect(planDefragmentation({ chunks }).moveCount).toBe(0);
  });
});
