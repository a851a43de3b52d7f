import { validate } from '@gpuheap/core/debug';
import { Binned, NO_SPACE, type SuballocatorState } from '@gpuheap/core/ranges';
import { describe, expect, it } from 'vitest';
import { XorShift32 } from '../../../testing/src/workloads/random.ts';
import { codeOf } from '../code-of.ts';
import { put } from './state-scene.ts';

const OPTIONS = { capacity: 1200, granularity: 4, classes: [4, 12, 20] } as const;

/** Takes small ranges until there is no room, and answers where they lie. */
function fill(subject: Binned): { handles: number[]; places: string } {
  const handles: number[] = [];
  for (let k = 0; ; k++) {
    const handle = subject.allocate([4, 12, 20, 7][k % 4] as number);
    if (handle === NO_SPACE) break;
    handles.push(handle);
  }
  const places = handles.map((handle) => `${subject.offsetOf(handle)}+${subject.sizeOf(handle)}`).join();
  return { handles, places };
}

it('a binned suballocator that gave everything back serves as a new one does, however often', () => {
  const subject = new Binned(OPTIONS);
  const { places: expected } = fill(new Binned(OPTIONS));
  for (let round = 0; round < 20; round++) {
    const { handles, places } = fill(subject);
    expect(places).toBe(expected);
    for (const handle of handles) subject.free(handle);
    const whole = subject.allocate(1200);
    expect(whole).not.toBe(NO_SPACE);
    subject.free(whole);
    const { splitCount, mergeCount, holeCount } = subject.statistics();
    expect([splitCount - mergeCount, holeCount]).toEqual([0, 1]);
  }
});

it('the state of a binned suballocator stays as it is, and is refused with another capacity', () => {
  const subject = new Binned(OPTIONS);
  for (const handle of fill(subject).handles.slice(10)) subject.free(handle);
  const state = subject.serialize();
  fill(Binned.restore(state));
  expect(state).toEqual(subject.serialize());
  const capacityUnits = (state.parts['capacityUnits'] as number) + 1;
  const damaged: SuballocatorState = { ...state, parts: { ...state.parts, capacityUnits } };
  expect(codeOf(() => Binned.restore(damaged))).toBe('bad-state');
});

it('slabs that can not be carved take no memory, however often they are asked for', () => {
  const subject = new Binned({ capacity: 1200, classes: [4] });
  const own = Array.from({ length: 120 }, () => subject.allocate(10));
  // Holes of 10 between what is live: no slab fits, one range of 4 does.
  for (let k = 0; k < own.length; k += 2) subject.free(own[k] as number);
  const round = () => subject.free(subject.allocate(4));
  round();
  const before = subject.metadataBytes;
  for (let k = 0; k < 1000; k++) round();
  expect(subject.metadataBytes).toBe(before);
});

/** Serves aligned slots, and shorter spans; answers what is live. */
function wear(subject: Binned, random: XorShift32, steps: number): number[] {
  const live: number[] = [];
  for (let k = 0; k < steps; k++) {
    const what = random.below(10);
    const size = [4, 12, 20, 7, 60][random.below(5)] as number;
    if (what < 3) take(live, subject.allocate(size));
    else if (what < 6) take(live, subject.allocate(size, [8, 24, 40, 36][random.below(4)] as number));
    else if (what < 9 && live.length > 0) {
      const [handle] = live.splice(random.below(live.length), 1);
      subject.free(handle as number);
    } else if (subject.shrinkTo(4 * (200 + random.below(100)))) subject.grow(1200);
    expect(validate(subject)).toEqual([]);
  }
  return live;
}

function take(live: number[], handle: number): void {
  if (handle !== NO_SPACE) live.push(handle);
}

it('a worn binned suballocator serves as what is restored of it, and as a new one when all is free', () => {
  for (let seed = 1; seed <= 60; seed++) {
    const subject = new Binned(OPTIONS);
    const live = wear(subject, new XorShift32(seed), 120);
    const twin = Binned.restore(subject.serialize());
    const { handles, places } = fill(subject);
    expect(fill(twin).places).toBe(places);
    for (const handle of [...live, ...handles]) subject.free(handle);
    const whole = subject.allocate(1200);
    expect(whole).not.toBe(NO_SPACE);
    subject.free(whole);
    expect(fill(subject).places).toBe(fill(new Binned(OPTIONS)).places);
  }
});

it('a binned suballocator needs no more memory however often it is worn', () => {
  const subject = new Binned(OPTIONS);
  let bytes = 0;
  for (let round = 0; round < 60; round++) {
    for (const handle of wear(subject, new XorShift32(round < 5 ? round + 1 : 3), 60)) subject.free(handle);
    if (round === 5) bytes = subject.metadataBytes;
  }
  expect(subject.metadataBytes).toBe(bytes);
});

describe('headers of slabs that are not used', () => {
  const STRIDE = 6;
  const [RANGE, NEXT, COUNT] = [0, 2, 5];

  /** The state of one that has given all of its slabs back, at least three. */
  function makeScene() {
    const subject = new Binned(OPTIONS);
    for (const handle of fill(subject).handles) subject.free(handle);
    subject.free(subject.allocate(1200));
    const used = subject.allocate(4);
    const state = subject.serialize();
    const slabs = state.parts['slabs'] as Int32Array;
    const more = state.parts['more'] as Float64Array;
    const spares: number[] = [];
    for (let slab = more[0] as number; slab !== 0; slab = slabs[slab + NEXT] as number) spares.push(slab);
    expect(spares.length).toBeGreaterThan(2);
    return { subject, used, state, slabs, more, spares: spares as [number, number, number] };
  }

  const WRONG: readonly (readonly [string, (scene: ReturnType<typeof makeScene>) => void])[] = [
    ['are not in the list', ({ more }) => put(more, 0, 0)],
    ['but the first are not in the list', ({ slabs, spares }) => put(slabs, spares[0] + NEXT, 0)],
    ['have a list without end', ({ slabs, spares }) => put(slabs, spares[1] + NEXT, spares[0])],
    [
      'have one in their list that is used',
      ({ slabs, more, spares }) => {
        const used = Array.from({ length: slabs.length / STRIDE }, (_, k) => k * STRIDE).find(
          (slab) => slab > 0 && slabs[slab + COUNT] !== 0,
        );
        put(slabs, (used as number) + NEXT, spares[1]);
        put(more, 0, used as number);
      },
    ],
    [
      'have a list that goes through the middle of one',
      ({ slabs, more, spares }) => {
        // As many steps as there are headers, each to where the count is 0.
        const inside = spares[0] + RANGE + 1;
        slabs.fill(0, inside, spares[0] + STRIDE);
        const behind = inside + COUNT;
        expect(spares).toContain(behind - (behind % STRIDE));
        put(slabs, behind, 0);
        put(slabs, inside + NEXT, spares[1]);
        put(more, 0, inside);
      },
    ],
    ['have a list that begins nowhere', ({ more }) => put(more, 0, Number.NaN)],
  ];

  it('are read back, and used again', () => {
    const { subject, used, state } = makeScene();
    const twin = Binned.restore(state);
    twin.free(used);
    subject.free(used);
    expect(fill(twin).places).toBe(fill(subject).places);
    expect(twin.metadataBytes).toBeLessThanOrEqual(subject.metadataBytes);
  });

  it.each(WRONG)('are refused when they %s', (_what, spoil) => {
    const scene = makeScene();
    spoil(scene);
    expect(codeOf(() => Binned.restore(scene.state))).toBe('bad-state');
  });

  it('are refused beside a parent of another span', () => {
    const { subject, state } = makeScene();
    const smaller = new Binned({ ...OPTIONS, capacity: 1196 });
    smaller.free(smaller.allocate(4));
    const parent = Object.entries(smaller.serialize().parts).filter(([name]) => name.startsWith('parent.'));
    const parts = { ...state.parts, ...Object.fromEntries(parent) };
    expect(codeOf(() => Binned.restore({ ...state, parts }))).toBe('bad-state');
    expect(subject.capacity).toBe(1200);
  });
});
