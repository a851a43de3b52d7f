import { NO_SPACE, type Suballocator, type SuballocatorState } from '@gpuheap/core/ranges';
import { describe, expect, it } from 'vitest';
import { scale } from '../../../testing/src/scale.ts';
import { XorShift32 } from '../../../testing/src/workloads/random.ts';
import { KINDS, makeScene, tryRestore, useUp, withPart } from './damaged-states.ts';

const TRIES = scale(5000, 30_000, 800);
const STEPS = [1, 1, 2, 3, 4, 5, 6, 8] as const;

type Numbers = Int32Array | Float64Array;

/** Few ranges and holes, so that two wrong numbers often have to do with one another. */
function makeSmall(make: (typeof KINDS)[number][1]): Suballocator {
  const subject = make({ capacity: 128, granularity: 4 });
  const live = [12, 4, 4, 20, 8, 4].map((size) => subject.allocate(size));
  for (const k of [0, 3]) if (live[k] !== NO_SPACE) subject.free(live[k] as number);
  return subject;
}

/** A state in which two numbers are others, and what was done to them. */
function damageTwice(state: SuballocatorState, random: XorShift32): [string, SuballocatorState] {
  const names = Object.keys(state.parts).filter((name) => typeof state.parts[name] !== 'number');
  const pick = (): [string, number] => {
    const name = names[random.below(names.length)] as string;
    return [name, random.below(Math.max(1, (state.parts[name] as Numbers).length))];
  };
  const [firstName, firstAt] = pick();
  const [secondName, secondAt] = random.below(4) === 0 ? pick() : [firstName, pick()[1]];
  const first = (state.parts[firstName] as Numbers)[firstAt] ?? 0;
  const at = secondAt % Math.max(1, (state.parts[secondName] as Numbers).length);
  const second = (state.parts[secondName] as Numbers)[at] ?? 0;
  const step = STEPS[random.below(STEPS.length)] as number;
  const ways: readonly (readonly [number, number])[] = [
    [second, first],
    [first + step, second - step],
    [first - step, second + step],
    [first + step, second + step],
    [-first, -second],
    [second, 0],
    [0, first],
    [second, second + step],
  ];
  const [one, other] = ways[random.below(ways.length)] as readonly [number, number];
  const once = put(state, firstName, firstAt, one);
  const what = `${firstName}[${firstAt}] = ${one}, was ${first}; ${secondName}[${at}] = ${other}, was ${second}`;
  return [what, put(once, secondName, at, other)];
}

function put(state: SuballocatorState, name: string, at: number, value: number): SuballocatorState {
  const part = state.parts[name] as Numbers;
  return at < part.length ? withPart(state, name, part.with(at, value) as Numbers) : state;
}

describe('a state in which two numbers are wrong', () => {
  it.each(KINDS)('is refused, or does no harm: %s', (_name, make, restore) => {
    const random = new XorShift32(77);
    const states = [makeSmall(make).serialize(), makeScene(make).serialize()];
    let refused = 0;
    for (let k = 0; k < TRIES; k++) {
      const [what, damaged] = damageTwice(states[k % 4 === 3 ? 1 : 0] as SuballocatorState, random);
      const made = tryRestore(restore, damaged);
      if (made === undefined) refused++;
      else expect(useUp(made), what).toEqual([]);
    }
    expect(refused).toBeGreaterThan(TRIES / 4);
  });
});

describe('a state of which it was once not noticed', () => {
  const stateOf = (make: (typeof KINDS)[number][1]) => makeSmall(make).serialize();

  it.each(KINDS)('that a record is dead and has the name of another: %s', (_name, make, restore) => {
    const state = stateOf(make);
    const cells = state.parts['cells'] as Int32Array;
    // Names carry a generation above 21 bits; nothing else in so small a state is so large.
    const names = [...cells.keys()].filter((at) => (cells[at] as number) > 2 ** 21);
    expect(names.length).toBeGreaterThan(3);
    for (const at of names) {
      const damaged = put(state, 'cells', at, -((cells[at] as number) ^ 1));
      expect(tryRestore(restore, damaged)).toBe(undefined);
    }
  });

  it.each(KINDS)('that the record which stands for none is live: %s', (_name, make, restore) => {
    const state = stateOf(make);
    const name = Math.abs((state.parts['cells'] as Int32Array)[0] as number);
    const { veil } = state.parts;
    const own = 2 ** 21 + (veil as number);
    expect(tryRestore(restore, put(state, 'cells', 0, own))).toBe(undefined);
    expect([own, own ^ 1]).toContain(name);
  });

  it.each(KINDS.filter(([name]) => /tlsf|best-fit/.test(name)))(
    'that the span begins with a gap of less than nothing, or elsewhere: %s',
    (_name, make, restore) => {
      const state = stateOf(make);
      for (const gap of [3, -3]) {
        const damaged = put(put(state, 'cells', 1, gap), 'cells', 2, -gap);
        expect(tryRestore(restore, damaged)).toBe(undefined);
      }
    },
  );
});
