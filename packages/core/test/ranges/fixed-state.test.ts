import { Fixed } from '@gpuheap/core/ranges';
import { describe, expect, it } from 'vitest';
import { codeOf } from '../code-of.ts';
import {
  ADDED,
  add,
  LIVE_COUNT,
  NAME,
  NEXT,
  OFFSET,
  openState,
  PREVIOUS,
  recordAt,
  SIZE,
  SLACK,
  SLACKS,
  type StateScene,
  USED,
} from './state-scene.ts';

const LINK = 3;

/** Pieces: live 1, free 1, live 2, free 1, live 1, and what is free behind them. */
function makeScene(): StateScene<Fixed> {
  const fixed = new Fixed({ capacity: 16 });
  const handles = [1, 1, 2, 1, 1].map((size) => fixed.allocate(size));
  for (const k of [1, 3]) fixed.free(handles[k] as number);
  return openState(fixed);
}

type Scene = StateScene<Fixed>;

const WRONG: readonly (readonly [string, (scene: Scene) => void])[] = [
  ['a piece of no length', (scene) => add(scene.cells, recordAt(scene, 1) + SIZE, -1)],
  ['a piece that lies elsewhere', ({ cells, records: [, second = 0] }) => add(cells, second + OFFSET, 1)],
  [
    'a span that does not begin at 0',
    ({ cells, records }) => {
      for (const n of records) add(cells, n + OFFSET, 1);
    },
  ],
  ['a wall with a length', ({ cells }) => add(cells, SIZE, 1)],
  ['a wall that does not know the last piece', ({ cells }) => add(cells, PREVIOUS, -6)],
  [
    'a piece that does not know the one before it',
    (scene) => add(scene.cells, recordAt(scene, 2) + PREVIOUS, 6),
  ],
  ['another capacity', ({ state }) => Object.assign(state.parts, { capacityUnits: 17 })],
  [
    'a chain that goes on behind the end',
    (scene) => {
      const last = recordAt(scene, scene.records.length - 1);
      add(scene.cells, last + SIZE, 1);
    },
  ],
  [
    'one free piece that serves twice',
    ({ state, cells }) => {
      const [newest = 0] = state.parts['more'] as Float64Array;
      cells[newest + LINK] = newest;
    },
  ],
  [
    'a free piece that serves nobody',
    ({ state, cells }) => {
      const more = state.parts['more'] as Float64Array;
      more[0] = cells[(more[0] as number) + LINK] as number;
    },
  ],
  [
    'a live piece on the stack',
    (scene) => (scene.state.parts['more'] as Float64Array).fill(recordAt(scene, 0)),
  ],
  [
    'two tops',
    ({ state }) =>
      Object.assign(state.parts, { more: Float64Array.of(...(state.parts['more'] as Float64Array), 0) }),
  ],
  ['no top', ({ state }) => Object.assign(state.parts, { more: new Float64Array() })],
  [
    'a live piece that nobody can name',
    ({ cells, figures, records: [first = 0] }) => {
      cells[first + NAME] = (cells[first + NAME] as number) ^ 1;
      add(figures, USED, -1);
      add(figures, SLACKS, -(cells[first + SLACK] as number));
      add(figures, LIVE_COUNT, -1);
      add(figures, ADDED, -1);
    },
  ],
  ['more holes than there are', ({ figures }) => add(figures, ADDED, 1)],
  ['fewer holes than there are', ({ figures }) => add(figures, ADDED, -1)],
  [
    'a chain that leaves a free piece out',
    ({ cells, records: [first = 0, , third = 0] }) => {
      cells[first + NEXT] = third;
      cells[third + PREVIOUS] = first;
    },
  ],
];

describe('a state of fixed slots', () => {
  it.each(WRONG)('is refused with %s', (_what, spoil) => {
    const scene = makeScene();
    expect(Fixed.restore(scene.state).statistics()).toEqual(scene.subject.statistics());
    spoil(scene);
    expect(codeOf(() => Fixed.restore(scene.state))).toBe('bad-state');
  });
});
