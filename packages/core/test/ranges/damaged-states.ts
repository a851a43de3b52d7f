/**
 * Damaged states: scenes of every kind, states of theirs with numbers that are wrong, and what becomes of
 * those.
 */
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

/** A part of a state. */
export type Part = number | Int32Array | Float64Array;
/** Makes a suballocator of a state. */
export type Restore = (state: SuballocatorState) => Suballocator;

/** A kind by its name, how it is made, and how a state becomes one. */
export const KINDS: readonly (readonly [string, (options: SuballocatorOptions) => Suballocator, Restore])[] =
  [
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

/** Lives, holes of many lengths, several of one length, records that are not used any more. */
export function makeScene(make: (options: SuballocatorOptions) => Suballocator): Suballocator {
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
  return subject;
}

/** Takes what is free and frees all; answers what was wrong on the way. */
export function useUp(subject: Suballocator): string[] {
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
export function tryRestore(restore: Restore, state: SuballocatorState): Suballocator | undefined {
  try {
    return restore(state);
  } catch (error) {
    if (error instanceof UsageError && error.code === 'bad-state') return undefined;
    throw error;
  }
}

/** A state with another part. */
export function withPart(state: SuballocatorState, name: string, part: Part): SuballocatorState {
  return { ...state, parts: { ...state.parts, [name]: part } };
}
