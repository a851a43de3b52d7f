import { Ring } from '@gpuheap/core/ranges';
import { describe, expect, it } from 'vitest';
import { codeOf } from '../code-of.ts';
import {
  ALLOCATIONS,
  add,
  LIVE_COUNT,
  NEXT,
  OFFSET,
  openState,
  PREVIOUS,
  recordAt,
  type StateScene,
} from './state-scene.ts';

// As in ring.ts.
const [BIRTH, BIRTH_EPOCH] = [6, 7] as const;
const EPOCH = 2 ** 31;

/** Ranges at 0, 8, 16, 24 and 32; the first is the newest, behind the others round the end. */
function makeScene(): StateScene<Ring> {
  const ring = new Ring({ capacity: 40 });
  const handles = [8, 8, 8, 8, 8].map((size) => ring.allocate(size));
  ring.free(handles[0] as number);
  ring.allocate(8);
  return openState(ring);
}

/** An empty ring that has served. */
function makeEmpty(): StateScene<Ring> {
  const ring = new Ring({ capacity: 40 });
  ring.free(ring.allocate(8));
  return openState(ring);
}

type Scene = StateScene<Ring>;

function front({ state }: Scene): Float64Array {
  return state.parts['more'] as Float64Array;
}

const WRONG: readonly (readonly [string, (scene: Scene) => void])[] = [
  ['a range as old as the one before it', (scene) => add(scene.cells, recordAt(scene, 2) + BIRTH, -1)],
  [
    'a range older than the one before it',
    ({ cells, records: [, second = 0, third = 0] }) => {
      const birth = cells[second + BIRTH] as number;
      cells[second + BIRTH] = cells[third + BIRTH] as number;
      cells[third + BIRTH] = birth;
    },
  ],
  [
    'a range born before the first, whatever its epoch says',
    (scene) => {
      const oldest = recordAt(scene, 1);
      scene.cells[oldest + BIRTH] = -1;
    },
  ],
  [
    'a birth of less than nothing that its epoch makes up for',
    (scene) => {
      const newest = recordAt(scene, 0);
      scene.figures[ALLOCATIONS] = 2 * EPOCH;
      scene.cells[newest + BIRTH] = -5;
      scene.cells[newest + BIRTH_EPOCH] = 1;
    },
  ],
  [
    'a range that is not born yet',
    ({ cells, figures, records: [newest = 0] }) => {
      cells[newest + BIRTH] = figures[ALLOCATIONS] as number;
    },
  ],
  ['an epoch that has not come', (scene) => add(scene.cells, recordAt(scene, 0) + BIRTH_EPOCH, 1)],
  ['another range as the newest', (scene) => front(scene).fill(recordAt(scene, 1))],
  ['the wall as the newest', (scene) => front(scene).fill(0)],
  ['no range as the newest', (scene) => front(scene).fill(recordAt(scene, 0) + 1)],
  ['a wall that does not know the last range', (scene) => add(scene.cells, PREVIOUS, -8)],
  [
    'a range that does not know the one before it',
    (scene) => add(scene.cells, recordAt(scene, 2) + PREVIOUS, 8),
  ],
  ['a range in another', (scene) => add(scene.cells, recordAt(scene, 2) + OFFSET, -1)],
  [
    'a chain that leaves one out',
    ({ cells, records: [first = 0, , third = 0] }) => {
      cells[first + NEXT] = third;
      cells[third + PREVIOUS] = first;
    },
  ],
  ['more live ranges than there are', ({ figures }) => add(figures, LIVE_COUNT, 1)],
];

describe('a state of a ring', () => {
  it.each(WRONG)('is refused with %s', (_what, spoil) => {
    const scene = makeScene();
    expect(Ring.restore(scene.state).statistics()).toEqual(scene.subject.statistics());
    spoil(scene);
    expect(codeOf(() => Ring.restore(scene.state))).toBe('bad-state');
  });

  it('is refused when nothing lives, and something is the newest', () => {
    const scene = makeEmpty();
    expect(Ring.restore(scene.state).largestAllocatable()).toBe(40);
    front(scene).fill(8);
    expect(codeOf(() => Ring.restore(scene.state))).toBe('bad-state');
  });

  it('may have births of any epoch', () => {
    const scene = makeScene();
    scene.figures[ALLOCATIONS] = 5 * EPOCH;
    for (const n of scene.records) scene.cells[n + BIRTH_EPOCH] = 4;
    scene.cells[recordAt(scene, 1) + BIRTH_EPOCH] = 3;
    const twin = Ring.restore(scene.state);
    expect(twin.freeUpTo(twin.mark())).toBe(5);
  });
});
