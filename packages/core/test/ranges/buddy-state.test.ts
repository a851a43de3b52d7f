import { Buddy } from '@gpuheap/core/ranges';
import { describe, expect, it } from 'vitest';
import { codeOf } from '../code-of.ts';

// As in power-ranges.ts and figures.ts.
const [NAME, SIZE, OFFSET, SLACK, PREVIOUS, NEXT] = [0, 1, 2, 3, 4, 5];
const [USED, SLACKS, LIVE_COUNT, ADDED] = [0, 1, 2, 9];
const STRIDE = 6;

/** A state, the cells and figures of which may be spoilt, and its records in offset order. */
function makeScene(capacity: number, sizes: readonly number[], freed: readonly number[] = []) {
  const buddy = new Buddy({ capacity });
  const handles = sizes.map((size) => buddy.allocate(size));
  for (const k of freed) buddy.free(handles[k] as number);
  const state = buddy.serialize();
  const cells = state.parts['cells'] as Int32Array;
  const bins = state.parts['bins'] as Int32Array;
  const figures = state.parts['figures'] as Float64Array;
  const records: number[] = [];
  for (let n = cells[NEXT] as number; n !== 0; n = cells[n + NEXT] as number) records.push(n);
  return { buddy, cells, bins, figures, records, state };
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
    expect(Buddy.restore(scene.state).capacity).toBe(scene.buddy.capacity);
    spoil(scene);
    expect(codeOf(() => Buddy.restore(scene.state))).toBe('bad-state');
  });

  it('stays as it is, whatever becomes of those that were made of it', () => {
    const { buddy, state } = makeScene(64, [8, 2]);
    const again = Buddy.restore(state);
    while (again.allocate(1) !== 0);
    expect(state).toEqual(buddy.serialize());
    expect(Buddy.restore(state).statistics()).toEqual(buddy.statistics());
  });

  it('is of so many bytes as there are cells and lists, or more', () => {
    const { buddy, cells, bins } = makeScene(1024, Array<number>(200).fill(1));
    expect(cells.length).toBeGreaterThan(200 * STRIDE);
    expect(buddy.metadataBytes).toBeGreaterThanOrEqual(cells.byteLength + bins.byteLength);
  });
});
