import { BestFit } from '@gpuheap/core/ranges';
import { describe, expect, it } from 'vitest';
import { codeOf } from '../code-of.ts';
import { openState, put, recordAt, type StateScene } from './state-scene.ts';

const [LEFT, RIGHT] = [2, 3] as const;

/** Holes of 6, 9, 6, 6 and 70 units, each but the last between live ranges. */
function makeScene(): StateScene<BestFit> {
  const subject = new BestFit({ capacity: 102, policy: 'next' });
  const sizes = [6, 1, 9, 1, 6, 1, 6, 1];
  const handles = sizes.map((size) => subject.allocate(size));
  for (const k of [0, 2, 4, 6]) subject.free(handles[k] as number);
  return openState(subject);
}

type Scene = StateScene<BestFit>;

function bins({ state }: Scene): Int32Array {
  return state.parts['bins'] as Int32Array;
}

/** The place in `bins` whose tree has this root. */
function headOf(scene: Scene, root: number): number {
  return bins(scene).lastIndexOf(root);
}

/** The root of the tree of the holes of 6, and the two below it, in offset order. */
function sixes(scene: Scene): { root: number; others: number[]; head: number } {
  const all = [0, 4, 6].map((place) => recordAt(scene, place));
  const root = all.find((n) => headOf(scene, n) !== -1) as number;
  return { root, others: all.filter((n) => n !== root), head: headOf(scene, root) };
}

const WRONG: readonly (readonly [string, (scene: Scene) => void])[] = [
  ['a hole in no tree', (scene) => put(bins(scene), headOf(scene, recordAt(scene, 2)), 0)],
  [
    'a hole in the tree of another length',
    (scene) => {
      const nine = recordAt(scene, 2);
      const { root, head } = sixes(scene);
      const at = headOf(scene, nine);
      [bins(scene)[head], bins(scene)[at]] = [nine, root];
    },
  ],
  [
    'holes of one length in the wrong order',
    (scene) => {
      const { cells } = scene;
      const { root } = sixes(scene);
      const left = cells[root + LEFT] as number;
      cells[root + LEFT] = cells[root + RIGHT] as number;
      cells[root + RIGHT] = left;
    },
  ],
  [
    'a hole that is in a tree twice, and another that is not',
    (scene) => {
      const { root, others } = sixes(scene);
      scene.cells[root + LEFT] = others[0] as number;
      scene.cells[root + RIGHT] = others[0] as number;
    },
  ],
  [
    'a tree without an end',
    (scene) => {
      const { root } = sixes(scene);
      scene.cells[root + LEFT] = root;
    },
  ],
  [
    'a tree without an end on the other side',
    (scene) => {
      const { root } = sixes(scene);
      scene.cells[root + RIGHT] = root;
    },
  ],
  [
    'a live range in a tree',
    (scene) => put(bins(scene), headOf(scene, recordAt(scene, 2)), recordAt(scene, 1)),
  ],
  ['bins that nothing marks', (scene) => put(bins(scene), 0, 0)],
  ['too few bins', (scene) => Object.assign(scene.state.parts, { bins: bins(scene).slice(0, -1) })],
  [
    'bins of another kind',
    (scene) => Object.assign(scene.state.parts, { bins: Float64Array.from(bins(scene)) }),
  ],
  [
    'a hole as the place to go on from',
    ({ state, records: [first = 0] }) => put(state.parts['more'] as Float64Array, 1, first),
  ],
  [
    'no record as the place to go on from',
    ({ state, records: [, second = 0] }) => put(state.parts['more'] as Float64Array, 1, second + 1),
  ],
  ['no policy', ({ state }) => put(state.parts['more'] as Float64Array, 0, 9)],
  [
    'no place to go on from',
    ({ state }) =>
      Object.assign(state.parts, {
        more: Float64Array.of((state.parts['more'] as Float64Array)[0] as number),
      }),
  ],
];

describe('a state of a best fit', () => {
  it.each(WRONG)('is refused with %s', (_what, spoil) => {
    const scene = makeScene();
    expect(BestFit.restore(scene.state).statistics()).toEqual(scene.subject.statistics());
    spoil(scene);
    expect(codeOf(() => BestFit.restore(scene.state))).toBe('bad-state');
  });

  it('stays as it is, whatever becomes of those that were made of it', () => {
    const { state, subject } = makeScene();
    const twin = BestFit.restore(state);
    while (twin.allocate(1) !== 0);
    expect(state).toEqual(subject.serialize());
  });
});
