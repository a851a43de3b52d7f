import { describe, expect, it } from 'vitest';
import { GpuHeap } from '../../src/index.ts';
import {
  DefragmentationPlanner,
  type FragmentChunk,
  type Fragments,
  type PlanOptions,
  planDefragmentation,
} from '../../src/planning/index.ts';
import { openHeap } from '../heap/open-heap.ts';
import { chunkOf, fragmentsOf } from './sample-fragments.ts';

/** The code that a call throws, or 'none'. */
function codeOf(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return 'none';
}

describe('a planner', () => {
  it('ends a pass at each of its limits, and says at which', () => {
    const fragments = fragmentsOf('A.B.C.D.E.F.', 'GH..........', 'IJ..........');
    const stopsOf = (options: PlanOptions) => {
      const planner = new DefragmentationPlanner(fragments, options);
      const stops: string[] = [];
      while (!planner.isDone) stops.push(planner.nextPass().stop);
      return stops;
    };
    expect(stopsOf({})).toEqual(['end']);
    expect(stopsOf({ movesPerPass: 3 })).toEqual(['moves', 'end']);
    expect(stopsOf({ bytesPerPass: 16 })).toEqual(['bytes', 'bytes', 'bytes', 'end']);
    let now = 0;
    const late = stopsOf({ millisecondsPerPass: 1, clock: () => now++ });
    expect(late.slice(0, -1).every((stop) => stop === 'time')).toBe(true);
    expect(late.length).toBeGreaterThan(3);
  });

  it('does not move into what the same pass empties', () => {
    const fragments = fragmentsOf('A.B.', 'C.D.', 'E.F.');
    const { passes } = planDefragmentation(fragments, { strategy: 'full' });
    expect(passes.map(({ stop }) => stop)).toContain('boundary');
    for (const { moves } of passes) {
      const left = new Set(moves.map(({ fromChunk }) => fromChunk));
      expect(moves.some(({ toChunk }) => left.has(toChunk))).toBe(false);
    }
  });

  it('leaves the rest of a chunk where it is when a move out of it was refused', () => {
    const fragments = fragmentsOf('A.B.C.D.E.F.', 'GH..........', 'IJ..........');
    const planner = new DefragmentationPlanner(fragments, { movesPerPass: 1 });
    const [first] = planner.nextPass().moves;
    if (first === undefined) throw new Error('nothing moves');
    planner.refuse(first);
    const rest: number[] = [];
    while (!planner.isDone) rest.push(...planner.nextPass().moves.map(({ fromChunk }) => fromChunk));
    expect(rest).toHaveLength(2);
    expect(rest).not.toContain(first.fromChunk);
  });

  it('asks for a chunk with the pass that first moves into it', () => {
    const { passes } = planDefragmentation(fragmentsOf('AA.BB.CC', 'DD.EE.FF'), { strategy: 'full' });
    const [pass] = passes;
    expect(pass?.spares).toEqual([{ id: -1, pool: 'pool', sizeBytes: 128 }]);
    expect(pass?.moves.every(({ toChunk }) => toChunk === -1)).toBe(true);
  });

  it('plans the same for the same', () => {
    const fragments = fragmentsOf('A.BB.C.D.E.F.', 'GH...II.....', 'IJ..........', 'K.L.M.N.O...');
    for (const strategy of ['fast', 'balanced', 'full'] as const) {
      expect(planDefragmentation(fragments, { strategy })).toEqual(
        planDefragmentation(fragments, { strategy }),
      );
    }
  });

  it('takes a snapshot of a heap as it is', () => {
    const { heap } = openHeap({ chunkBytes: 65_536 }, { reuseAfter: 'submitted' });
    const usage = 0x20;
    const all = Array.from({ length: 48 }, () => heap.allocate({ size: 4096, usage, alignment: 256 }));
    for (const [k, allocation] of all.entries()) if (k % 4 !== 0) allocation.free();
    heap.endFrame();
    all[0]?.pin();
    const snapshot = heap.snapshot();
    expect(heap).toBeInstanceOf(GpuHeap);
    const plan = planDefragmentation(JSON.parse(JSON.stringify(snapshot)) as typeof snapshot);
    expect(plan.before).toMatchObject({ usedChunks: 3, liveBytes: 12 * 4096 });
    expect(plan).toMatchObject({ emptiedChunks: 2, movedBytes: 8 * 4096 });
    const pinned = snapshot.chunks.flatMap(({ ranges }) => ranges.filter((range) => range.pinned));
    expect(pinned).toEqual([{ offset: 0, size: 4096, state: 'live', alignment: 256, pinned: true }]);
    expect(plan.kept).toContainEqual({ chunk: snapshot.chunks[0]?.id, reason: 'pinned' });
  });
});

describe('bad input', () => {
  const good = fragmentsOf('A...', 'B...');
  const of = (chunk: Partial<FragmentChunk>): Fragments => ({
    chunks: [{ ...chunkOf(0, 'A...'), ...chunk }],
  });
  const bad = (value: unknown) => value as never;

  it.each<[string, Fragments, PlanOptions, string]>([
    ['no fragments', bad(undefined), {}, 'bad-argument'],
    ['no chunks', bad({ chunks: 3 }), {}, 'bad-argument'],
    ['no id', of({ id: bad('x') }), {}, 'bad-argument'],
    ['an id below 0', of({ id: -1 }), {}, 'bad-argument'],
    ['an id twice', { chunks: [chunkOf(3, 'A.'), chunkOf(3, 'B.')] }, {}, 'bad-argument'],
    ['a size of 0', of({ sizeBytes: 0 }), {}, 'bad-size'],
    ['no pool', of({ pool: bad(3) }), {}, 'bad-argument'],
    ['no ranges', of({ ranges: bad(undefined) }), {}, 'bad-argument'],
    ['ranges that end early', of({ sizeBytes: 128 }), {}, 'bad-argument'],
    ['ranges out of order', of({ ranges: [...chunkOf(0, 'A...').ranges].reverse() }), {}, 'bad-argument'],
    ['a range of no size', of({ ranges: [{ offset: 0, size: 0, state: 'free' }] }), {}, 'bad-argument'],
    [
      'an alignment that is not true',
      {
        chunks: [
          {
            ...chunkOf(0, '....'),
            ranges: [
              { offset: 0, size: 16, state: 'free' },
              { offset: 16, size: 48, state: 'live', alignment: 32 },
            ],
          },
        ],
      },
      {},
      'bad-argument',
    ],
    ['an unknown option', good, bad({ speed: 3 }), 'unknown-option'],
    ['no options', good, bad(null), 'bad-argument'],
    ['an unknown strategy', good, { strategy: bad('slow') }, 'bad-argument'],
    ['an unknown scope', good, { scope: bad('everywhere') }, 'bad-argument'],
    ['0 bytes', good, { bytesPerPass: 0 }, 'bad-size'],
    ['half a move', good, { movesPerPass: 0.5 }, 'bad-size'],
    ['no time', good, { millisecondsPerPass: 0, clock: () => 0 }, 'bad-argument'],
    ['time without a clock', good, { millisecondsPerPass: 1 }, 'bad-argument'],
    ['a clock that is none', good, { clock: bad(3) }, 'bad-argument'],
    ['spare chunks below 0', good, { spareChunks: -1 }, 'bad-argument'],
    ['an unknown end of reuse', good, { reuseAfter: bad('never') }, 'bad-argument'],
    ['a word for a switch', good, { copiesWithinBuffer: bad('yes') }, 'bad-argument'],
    ['a veto that is none', good, { mayMove: bad(true) }, 'bad-argument'],
    ['a cost that is none', good, { moveCost: bad(1) }, 'bad-argument'],
  ])('%s is refused', (_, fragments, options, code) => {
    expect(codeOf(() => planDefragmentation(fragments, options))).toBe(code);
  });

  it('no limits are limits too', () => {
    const endless = Number.POSITIVE_INFINITY;
    const options = { bytesPerPass: endless, movesPerPass: endless, millisecondsPerPass: endless };
    expect(planDefragmentation(good, options)).toEqual(planDefragmentation(good));
  });
});
