import { describe, expect, it } from 'vitest';
import { countSlabs, packParent, unpackParent } from '../../src/ranges/slab-state.ts';
import { Tlsf } from '../../src/ranges/tlsf.ts';

// As in slabs.ts and slab-bins.ts.
const [NAME, SIZE, OFFSET, LINK, PLACE] = [0, 1, 2, 3, 4];
const [OUT, NEXT, BACK, FREE, COUNT] = [1, 2, 3, 4, 5];
const [LOOSE_COUNT, LOOSE, ALL_OUT, PARTLY_FREE, EMPTY, SLOTS] = [1, 2, 3, 4, 5, 7];
/** Records: slots of the slabs A to D, a range of its own, and one that is not used. */
const [A0, A1, A2, B0, B1, C0, C1, C2, D0, D1, OWN, SPARE] = Array.from(
  { length: 12 },
  (_, k) => 5 * (k + 1),
);
const [A, B, C, D] = [6, 12, 18, 24];
const [FOURS, TWELVES] = [0, 8];
const LIVE = 1;
const DEAD = -1;

type Record = readonly [at: number, name: number, size: number, offset: number, link: number, place: number];

/**
 * A and B have slots of 12, of which some are back; C has slots of 4, all of them back; D has slots of 4, all
 * of them live. A2 is loose.
 */
function makeScene() {
  const parent = new Tlsf({ capacity: 200 });
  const ranges = [36, 24, 12, 8, 30].map((size) => parent.allocate(size));
  const indices = ranges.map((handle) => parent.indexOf(handle));
  const held = new Float64Array(40);
  for (const [k, handle] of ranges.entries()) held[indices[k]] = handle;
  const place = (range: number) => -1 - indices[range];
  const records: Record[] = [
    [A0, LIVE, 12, 0, 0, A],
    [A1, DEAD, 12, 12, 0, A],
    [A2, DEAD, 12, 24, 0, A],
    [B0, DEAD, 12, 36, 0, B],
    [B1, LIVE, 12, 48, 0, B],
    [C0, DEAD, 4, 60, C1, C],
    [C1, DEAD, 4, 64, C2, C],
    [C2, DEAD, 4, 68, 0, C],
    [D0, LIVE, 4, 72, 0, D],
    [D1, LIVE, 4, 76, 0, D],
    [OWN, LIVE, 30, 80, 0, place(4)],
    [SPARE, 0, 0, 0, 0, 0],
  ];
  const cells = new Int32Array(5 * 14);
  for (const [at, ...values] of records) cells.set(values, at);
  const slabs = new Int32Array(36);
  slabs.set([indices[0], 2, B, 0, A1, 3], A);
  slabs.set([indices[1], 1, 0, A, B0, 2], B);
  slabs.set([indices[2], 0, 0, 0, C0, 3], C);
  slabs.set([indices[3], 2, 0, 0, 0, 2], D);
  const bins = new Int32Array(16);
  bins.set([0, 0, 0, 2, 0, C, 4, 1], FOURS);
  bins.set([0, 1, A2, 3, A, 0, 12, 3], TWELVES);
  return { cells, bins, slabs, held, parent, indices };
}

type Scene = ReturnType<typeof makeScene>;

function set(table: Int32Array, at: number, value: number): void {
  table[at] = value;
}

function add(table: Int32Array, at: number, value: number): void {
  table[at] += value;
}

const WRONG: readonly (readonly [string, spoil: (scene: Scene) => void])[] = [
  // Records.
  ['a slot of a slab whose slots are all out is dead', ({ cells }) => set(cells, D0 + NAME, DEAD)],
  ['a live record has no place', ({ cells }) => set(cells, OWN + PLACE, 0)],
  ['a range of its own is dead', ({ cells }) => set(cells, OWN + NAME, DEAD)],
  ['a range of its own is shorter than the range of the parent', ({ cells }) => add(cells, OWN + SIZE, -1)],
  ['a range of its own begins elsewhere', ({ cells }) => add(cells, OWN + OFFSET, 1)],
  [
    'a range of its own goes by another index than the range of the parent',
    ({ cells, held, indices }) => {
      cells[OWN + PLACE] = -1 - 39;
      held[39] = held[indices[4]];
    },
  ],
  [
    'the parent has a range of which nobody knows',
    ({ parent }) => {
      parent.allocate(1);
    },
  ],
  ['the parent has not the range of a slab', ({ parent, held, indices }) => parent.free(held[indices[2]])],
  // Classes.
  [
    'a bin is cut off',
    (scene) => {
      scene.bins = scene.bins.slice(0, -1);
    },
  ],
  ['a class has no slots', ({ bins }) => set(bins, TWELVES + SLOTS, 0)],
  [
    'a class has no length',
    (scene) => {
      scene.bins = Int32Array.of(0, 0, 0, 0, 0, 0, 0, 1, ...scene.bins);
    },
  ],
  [
    'two classes are of one length',
    (scene) => {
      scene.bins = Int32Array.of(...scene.bins, 0, 0, 0, 0, 0, 0, 12, 1);
    },
  ],
  [
    'classes descend',
    (scene) => {
      scene.bins = Int32Array.of(...scene.bins, 0, 0, 0, 0, 0, 0, 8, 1);
    },
  ],
  // Counts.
  ['more are out than the slabs say', ({ bins }) => add(bins, FOURS + ALL_OUT, 1)],
  ['fewer are out than the slabs say', ({ bins }) => add(bins, TWELVES + ALL_OUT, -1)],
  ['there are more loose ones than in the stack', ({ bins }) => add(bins, TWELVES + LOOSE_COUNT, 1)],
  [
    'a slab says that fewer are out, and so does its bin',
    ({ slabs, bins }) => {
      slabs[A + OUT]--;
      bins[TWELVES + ALL_OUT]--;
    },
  ],
  [
    'a slab of which none is back is in a list',
    ({ slabs, bins }) => {
      bins[FOURS + PARTLY_FREE] = D;
      slabs[D + BACK] = 0;
    },
  ],
  ['a slab of which none is back says that one is', ({ slabs }) => set(slabs, D + FREE, -3)],
  ['a slab has more slots than it says', ({ slabs }) => add(slabs, D + COUNT, -1)],
  // Lists of slabs.
  ['a slab does not know the one before it', ({ slabs }) => set(slabs, B + BACK, 0)],
  ['the first slab of a list has one before it', ({ slabs }) => set(slabs, A + BACK, B)],
  ['a list has no end', ({ slabs }) => set(slabs, C + NEXT, C)],
  ['a slab with slots back is in no list', ({ slabs }) => set(slabs, A + NEXT, 0)],
  [
    'an empty slab is in the list of those that are not',
    ({ bins }) => {
      bins[FOURS + EMPTY] = 0;
      bins[FOURS + PARTLY_FREE] = C;
    },
  ],
  [
    'a slab is in the list of those that are empty, and is not',
    ({ bins, slabs }) => {
      slabs[A + NEXT] = 0;
      bins[TWELVES + EMPTY] = B;
      slabs[B + BACK] = 0;
    },
  ],
  // Stacks of slots.
  ['a live slot is loose, and a dead one is nowhere', ({ bins }) => set(bins, TWELVES + LOOSE, A0)],
  [
    'a slot is loose in another class',
    ({ bins }) => {
      [bins[FOURS + LOOSE], bins[FOURS + LOOSE_COUNT]] = [A2, 1];
      [bins[TWELVES + LOOSE], bins[TWELVES + LOOSE_COUNT]] = [0, 0];
    },
  ],
  [
    'a record that is no slot is loose',
    ({ bins, cells }) => {
      cells.set([DEAD, 12, 0, 0, 0], SPARE);
      bins[TWELVES + LOOSE] = SPARE;
    },
  ],
  [
    'a loose slot begins within a record',
    ({ bins, cells }) => {
      // From its offset on, and into the next, it looks like a slot.
      cells.set([0, 0, DEAD, 12, 0, 0, 5], SPARE);
      bins[TWELVES + LOOSE] = SPARE + 2;
    },
  ],
  ['a stack has no end', ({ cells }) => set(cells, C2 + LINK, C0)],
  [
    'two slabs have the slots of one another back',
    ({ slabs }) => {
      slabs[A + FREE] = B0;
      slabs[B + FREE] = A1;
    },
  ],
  // Slots of a slab.
  ['the slots of an empty slab do not lie side by side', ({ cells }) => add(cells, C1 + OFFSET, 1)],
  ['a slot of a slab is longer than the first', ({ cells }) => add(cells, D1 + SIZE, 1)],
  [
    'slots are of no class',
    ({ cells, bins }) => {
      cells.set([LIVE, 8, 72], D0);
      cells.set([0, 0, 0, 0, 0], D1);
      bins[FOURS + ALL_OUT] = 0;
    },
  ],
  [
    'slots of the length of no class are as many as their slab says',
    ({ cells, bins, slabs }) => {
      cells.set([LIVE, 8, 72], D0);
      cells.set([0, 0, 0, 0, 0], D1);
      slabs[D + COUNT] = 1;
      slabs[D + OUT] = 1;
      bins[FOURS + ALL_OUT] = 0;
    },
  ],
  [
    'a slab begins within a header',
    ({ cells, slabs }) => {
      slabs.copyWithin(D + 1, D, D + 6);
      cells[D0 + PLACE] = D + 1;
      cells[D1 + PLACE] = D + 1;
    },
  ],
];

describe('tables of slabs', () => {
  it('are counted when they are sound', () => {
    expect(countSlabs(makeScene())).toEqual({
      liveCount: 5,
      ownCount: 1,
      slotCount: 10,
      emptyCount: 1,
      takenUnits: 36 + 24 + 12 + 8 + 30,
    });
  });

  it.each(WRONG)('are refused when %s', (_what, spoil) => {
    const scene = makeScene();
    spoil(scene);
    expect(countSlabs(scene)).toBe(undefined);
  });

  it('carry the state of the parent, and nothing else comes out again', () => {
    const { parent } = makeScene();
    const parts = { capacityUnits: 7, cells: new Int32Array(1) };
    packParent(parts, parent);
    expect(unpackParent(parts, parent)).toEqual(parent.serialize());
  });
});
