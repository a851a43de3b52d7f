import { validate } from '@gpuheap/core/debug';
import { UsageError } from '@gpuheap/core/errors';
import {
  BestFit,
  Binned,
  Buddy,
  Fixed,
  type Handle,
  Linear,
  NO_SPACE,
  Ring,
  type Suballocator,
  type SuballocatorOptions,
  type SuballocatorState,
  Tlsf,
} from '@gpuheap/core/ranges';
import { describe, expect, it } from 'vitest';
import { scale } from '../../../testing/src/scale.ts';

/** Of so many damages one is tried. */
const EACH = scale(1, 1, 2);

type Part = number | Int32Array | Float64Array;
type Restore = (state: SuballocatorState) => Suballocator;

/** A kind by its name, how it is made, and how a state becomes one. */
const KINDS: readonly (readonly [string, (options: SuballocatorOptions) => Suballocator, Restore])[] = [
  ['linear', (options) => new Linear(options), Linear.restore],
  ['ring', (options) => new Ring(options), Ring.restore],
  ['fixed', (options) => new Fixed(options), Fixed.restore],
  ['buddy', (options) => new Buddy(options), Buddy.restore],
  ['tlsf', (options) => new Tlsf(options), Tlsf.restore],
  ['best-fit', (options) => new BestFit(options), BestFit.restore],
  ['best-fit, policy next', (options) => new BestFit({ ...options, policy: 'next' }), BestFit.restore],
  [
    'binned',
    (options) => new Binned({ ...options, classes: [4, 12, 20, 32] }),
    (state) => Binned.restore(state),
  ],
];

/** Lives, holes of many lengths, several of one length, records and slabs that are not used any more. */
function makeScene(make: (options: SuballocatorOptions) => Suballocator): Suballocator {
  const subject = make({ capacity: 1200, granularity: 4 });
  const live: Handle[] = [];
  for (let i = 0; i < 70; i++) {
    const handle = subject.allocate(1 + ((i * 37) % 29), i % 5 === 0 ? 8 : 1);
    if (handle !== NO_SPACE) live.push(handle);
  }
  for (const [i, handle] of live.entries()) if (i % 3 === 0 || (i > 20 && i < 34)) subject.free(handle);
  if (subject.track !== undefined) {
    subject.track(2000, 400);
    subject.track(2400, 40);
    subject.allocateAt?.(2000, 200);
  }
  expect(validate(subject)).toEqual([]);
  return subject;
}

/** Every state that differs from `state` in one number, by what it is. */
function* damage(state: SuballocatorState): IterableIterator<[string, SuballocatorState]> {
  for (const [name, part] of Object.entries(state.parts)) {
    const withPart = (changed: Part): SuballocatorState => ({
      ...state,
      parts: { ...state.parts, [name]: changed },
    });
    if (typeof part === 'number') {
      for (const value of [part - 1, part + 1, 0]) yield [`${name} ${value}`, withPart(value)];
      continue;
    }
    for (let at = 0; at < part.length; at++) {
      const now = part[at] as number;
      const others = [part[(at * 7 + 5) % part.length] as number, part[(at + 6) % part.length] as number];
      const halves = part instanceof Float64Array ? [now + 0.5, Number.NaN] : [];
      for (const value of new Set([0, -1, -now, now + 1, now - 1, now + 6, ...halves, ...others])) {
        if (value !== now)
          yield [`${name}[${at}] = ${value}, was ${now}`, withPart(part.with(at, value) as Part)];
      }
    }
    yield [`${name} one longer`, withPart(lengthened(part))];
    yield [`${name} one shorter`, withPart(part.slice(0, -1))];
  }
}

function lengthened(part: Int32Array | Float64Array): Int32Array | Float64Array {
  const longer =
    part instanceof Int32Array ? new Int32Array(part.length + 1) : new Float64Array(part.length + 1);
  longer.set(part);
  return longer;
}

/** Takes what is free and frees all; answers what was wrong on the way. */
function useUp(subject: Suballocator): string[] {
  const found = validate(subject);
  for (const size of [4, 8, 12, 20, 32, 100, 4, 4, 8, 4]) subject.allocate(size);
  found.push(...validate(subject));
  const handles = [...subject.ranges()].map(({ handle }) => handle).filter((handle) => handle !== NO_SPACE);
  for (const [i, handle] of handles.entries()) if (i % 2 === 0) subject.free(handle);
  found.push(...validate(subject));
  for (const [i, handle] of handles.entries()) if (i % 2 === 1) subject.free(handle);
  found.push(...validate(subject));
  const { used, requested, liveCount } = subject.statistics();
  if (used !== 0 || requested !== 0 || liveCount !== 0) found.push('Something is left.');
  if (subject.allocate(subject.largestAllocatable()) === NO_SPACE) found.push('The emptied one refuses.');
  return found;
}

/** The damaged state as a suballocator; undefined when it is refused as one. */
function tryRestore(restore: Restore, state: SuballocatorState): Suballocator | undefined {
  try {
    return restore(state);
  } catch (error) {
    if (error instanceof UsageError && error.code === 'bad-state') return undefined;
    throw error;
  }
}

describe('a state in which one number is wrong', () => {
  it.each(KINDS)('is refused, or does no harm: %s', (_name, make, restore) => {
    const state = makeScene(make).serialize();
    expect(useUp(restore(state))).toEqual([]);
    let refused = 0;
    let count = 0;
    for (const [what, damaged] of damage(state)) {
      if (count++ % EACH !== 0) continue;
      const made = tryRestore(restore, damaged);
      if (made === undefined) refused++;
      else expect.soft({ what, found: useUp(made) }).toEqual({ what, found: [] });
    }
    expect(refused).toBeGreaterThan(100 / EACH);
  });
});
