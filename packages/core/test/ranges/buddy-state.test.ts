import { Buddy } from '@gpuheap/core/ranges';
import { describe, expect, it } from 'vitest';
import { codeOf } from '../code-of.ts';
import {
  ADDED,
  LIVE_COUNT,
  NAME,
  OFFSET,
  openState,
  PREVIOUS,
  SIZE,
  SLACK,
  SLACKS,
  USED,
} from './state-scene.ts';

const STRIDE = 6;

/** The state of a buddy that has served these sizes, and of which some were freed. */
function makeScene(capacity: number, sizes: readonly number[], freed: readonly number[] = []) {
  const buddy = new Buddy({ capacity });
  const handles = sizes.map((size) => buddy.allocate(size));
  for (const k of freed) buddy.free(handles[k] as number);
  const scene = openState(buddy);
  return { ...scene, bins: scene.state.parts['bins'] as Int32Array };
}

type Scene = ReturnType<typeof makeScene>;

const WRONG: readonly (readonly [string, Scene, (scene: Scene) => void])[] = [
  [
    'ranges whose lengths are no powers of two',
    makeScene(8, [4, 4]),
    ({ cells, records: [first, second] }) => {
      cells[(first as number) + SIZE] = 3;
      cells[(second as number) + SIZE] = 5;
      cells[(second as number) + OFFSET] = 3;
    },
  ],
  [
    'a range that does not lie at a multiple of its length',
    makeScene(16, [8, 4, 4]),
    ({ cells, records: [first, second] }) => {
      cells[(first as number) + SIZE] = 4;
      cells[(second as number) + SIZE] = 8;
      cells[(second as number) + OFFSET] = 4;
    },
  ],
  [
    'a span that does not begin at 0',
    makeScene(16, [8, 8], [0]),
    ({ cells, bins, records: [hole] }) => {
      cells[(hole as number) + OFFSET] = 4;
      bins[2] = hole as number;
      bins[3] = 0;
    },
  ],
  [
    'a wall that does not know the last range',
    makeScene(16, [8, 8]),
    ({ cells, records: [first] }) => {
      cells[PREVIOUS] = first as number;
    },
  ],
  [
    'a wall elsewhere than at the end of the span',
    makeScene(16, [8, 8]),
    ({ state }) => Object.assign(state.parts, { capacityUnits: 20 }),
  ],
  [
    'a live range that nobody can name',
    makeScene(16, [8, 8]),
    ({ cells, figures, records: [first] }) => {
      const n = first as number;
      cells[n + NAME] = (cells[n + NAME] as number) ^ 1;
      figures[USED] = 8;
      figures[SLACKS] = (figures[SLACKS] as number) - (cells[n + SLACK] as number);
      figures[LIVE_COUNT] = 1;
      figures[ADDED] = (figures[ADDED] as number) - 1;
    },
  ],
  [
    'a full span with a range of another size',
    makeScene(8, [8]),
    ({ cells, records: [first] }) => {
      cells[(first as number) + SIZE] = 4;
    },
  ],
  [
    'one list fewer',
    makeScene(16, [8]),
    ({ state, bins }) => Object.assign(state.parts, { bins: bins.slice(1) }),
  ],
];

describe('a state of a buddy', () => {
  it.each(WRONG)('is refused with %s', (_what, scene, spoil) => {
    expect(Buddy.restore(scene.state).capacity).toBe(scene.subject.capacity);
    spoil(scene);
    expect(codeOf(() => Buddy.restore(scene.state))).toBe('bad-state');
  });

  it('stays as it is, whatever becomes of those that were made of it', () => {
    const { subject, state } = makeScene(64, [8, 2]);
    const again = Buddy.restore(state);
    while (again.allocate(1) !== 0);
    expect(state).toEqual(subject.serialize());
    expect(Buddy.restore(state).statistics()).toEqual(subject.statistics());
  });

  it('is of so many bytes as there are cells and lists, or more', () => {
    const { subject, cells, bins } = makeScene(1024, Array<number>(200).fill(1));
    expect(cells.length).toBeGreaterThan(200 * STRIDE);
    expect(subject.metadataBytes).toBeGreaterThanOrEqual(cells.byteLength + bins.byteLength);
  });
});
