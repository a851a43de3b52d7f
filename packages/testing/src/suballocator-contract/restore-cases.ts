/**
 * Restore cases: what `restore` makes of a serialized state is the same suballocator, and it refuses what is
 * no such state.
 */
import { digest, validate } from '@gpuheap/core/debug';
import { UsageError } from '@gpuheap/core/errors';
import { NO_SPACE, type Suballocator, type SuballocatorState } from '@gpuheap/core/ranges';
import { scale } from '../scale.ts';
import { type Checks, shown } from './checks.ts';
import { type Contract, type ContractCase, programCount, type RestoreSuballocator } from './contract-case.ts';
import { perform } from './operations.ts';
import { type Trial, tryPrograms } from './program-trial.ts';
import { makeWitness, type Witness } from './witness.ts';

const group = 'restore';

/** Twins on random states, handles old and new, and bad states. */
export function restoreCases(contract: Contract): ContractCase[] {
  const seeds = programCount(contract, scale(40, 500), 5);
  const judge = judgeTwins(contract);
  return [
    {
      group,
      name: `a twin goes on as the original does, on ${seeds} random states`,
      run: (check) => tryPrograms({ contract, group, seeds, length: 120, judge }, check),
    },
    {
      group,
      name: 'handles live, stale and never given out keep their meaning',
      run: (check) => checkHandles(contract, check),
    },
    { group, name: 'a state is plain data', run: (check) => checkPlainData(contract, check) },
    {
      group,
      name: 'refuses what is no state of this kind',
      run: (check) => checkBadStates(contract, check),
    },
  ];
}

/** Half of the program on one, the rest on both. Operations pick by order, so they mean the same to both. */
function judgeTwins(contract: Contract): Trial['judge'] {
  return ({ capacity, granularity, operations }, check, progress) => {
    const original = makeWitness(contract, { capacity, granularity }, check);
    const half = Math.floor(operations.length / 2);
    for (const operation of operations.slice(0, half)) original.unwatched(() => perform(original, operation));
    const twin = original.fork();
    check.same(digest(twin.subject), digest(original.subject), 'The digest of the twin');
    for (const [i, operation] of operations.slice(half).entries()) {
      progress(half + i);
      perform(original, operation);
      perform(twin, operation);
      check.same(digest(twin.subject), digest(original.subject), 'The digest of the twin, one step later,');
    }
  };
}

/** A subject with live, free and ended ranges. */
function makeScene(contract: Contract, check: Checks): Witness {
  const witness = makeWitness(contract, { capacity: 2 ** 16 * 12, granularity: 12 }, check);
  for (let i = 0; i < 12; i++) witness.allocate(16 * (1 + (i % 5)));
  for (const index of [0, 3, 3]) witness.freeAt(index);
  if (contract.capabilities.freeUpTo) witness.mark();
  if (contract.capabilities.track) witness.track(2 ** 16 * 12, 2 ** 10 * 12);
  witness.allocate(7);
  return witness;
}

function checkHandles(contract: Contract, check: Checks): void {
  const original = makeScene(contract, check);
  const indices = original.live.map(({ handle }) => original.subject.indexOf(handle));
  const twin = original.fork();
  for (const [i, { handle }] of twin.live.entries()) {
    check.same(twin.subject.indexOf(handle), indices[i], `indexOf(${handle}) in the twin`);
  }
  twin.callAllBadly();
  const before = digest(original.subject);
  const { subject, live } = twin;
  while (live.length > 0) twin.freeAt(0);
  check.that(subject.allocate(subject.largestAllocatable()) !== NO_SPACE, 'The emptied twin refuses.');
  check.same(digest(original.subject), before, 'The digest of the original after its twin was emptied');
  original.verify('the end of its twin');
}

function checkPlainData(contract: Contract, check: Checks): void {
  const { subject } = makeScene(contract, check);
  const state = subject.serialize();
  check.same(state.format, 'gpuheap-suballocator', 'format');
  check.same(state.version, 1, 'version');
  check.same(state.kind, subject.kind, 'kind');
  check.same(state.granularity, subject.granularity, 'granularity');
  for (const [name, part] of Object.entries(state.parts)) {
    const isPlain = typeof part === 'number' || part instanceof Int32Array || part instanceof Float64Array;
    check.that(isPlain, () => `The part ${name} is ${shown(part)}, neither a number nor a typed array.`);
  }
  // What was taken from it, and what is done to that, is its own.
  const before = digest(subject);
  for (const part of Object.values(state.parts)) if (typeof part !== 'number') part.fill(-1);
  check.same(digest(subject), before, 'The digest after its state was overwritten');
  const again = subject.serialize();
  const twin = contract.restore(again);
  for (const part of Object.values(again.parts)) if (typeof part !== 'number') part.fill(-1);
  check.same(digest(twin), before, 'The digest of a twin after the state was overwritten');
}

function checkBadStates(contract: Contract, check: Checks): void {
  const { subject } = makeScene(contract, check);
  const restore = contract.restore as (state: unknown) => Suballocator;
  const state = subject.serialize();
  const no = [undefined, null, 0, 1, '', 'gpuheap-suballocator', true, 1n, [], {}, () => state];
  const wrong: unknown[] = [
    ...no,
    ...no.map((format) => ({ ...state, format })).filter(({ format }) => format !== state.format),
    ...[0, 2, '1', null, undefined].map((version) => ({ ...state, version })),
    ...[...no, 'none', `${state.kind} `].map((kind) => ({ ...state, kind })),
    ...[0, -1, 0.5, Number.NaN, '12', null, undefined].map((granularity) => ({ ...state, granularity })),
    ...no.map((parts) => ({ ...state, parts })),
    ...Object.keys(state.parts).flatMap((name) =>
      ['1', null, [], {}].map((part) => ({ ...state, parts: { ...state.parts, [name]: part } })),
    ),
  ];
  for (const bad of wrong) {
    check.refuses(() => restore(bad), ['bad-state'], `restore(${shown(bad)})`);
  }
  for (const damaged of damagedStates(state)) checkDamaged(contract.restore, damaged, check);
}

/** States whose parts do not go together, or hardly. */
function damagedStates(state: SuballocatorState): SuballocatorState[] {
  const found: SuballocatorState[] = [];
  const damage = (name: string, part: number | Int32Array | Float64Array | undefined): void => {
    const { [name]: _whole, ...others } = state.parts;
    found.push({ ...state, parts: part === undefined ? others : { ...others, [name]: part } });
  };
  for (const [name, part] of Object.entries(state.parts)) {
    damage(name, undefined);
    if (typeof part === 'number') {
      for (const value of [-1, 0.5, part + 1, 2 ** 31, 2 ** 53, Number.NaN]) damage(name, value);
      continue;
    }
    damage(name, part instanceof Int32Array ? Float64Array.from(part) : Int32Array.from(part));
    for (const length of [0, 1, Math.floor(part.length / 2), part.length - 1]) {
      damage(name, part.slice(0, Math.max(0, length)));
    }
    for (let at = 0; at < Math.min(part.length, 64); at++) {
      for (const value of [-1, 0, 1, (part[at] as number) + 1, 2 ** 31 - 1]) {
        damage(name, part.with(at, value));
      }
    }
  }
  return found;
}

/** Damage is refused as `bad-state`, or what is made of it is sound: nothing in between. */
function checkDamaged(restore: RestoreSuballocator, damaged: SuballocatorState, check: Checks): void {
  let made: Suballocator;
  try {
    made = restore(damaged);
  } catch (error) {
    const isTyped = error instanceof UsageError && error.code === 'bad-state';
    check.that(isTyped, () => `restore() of a damaged state threw ${String(error)}.`);
    return;
  }
  const violations = validate(made);
  check.that(violations.length === 0, () => `restore() accepted a damaged state: ${violations.join(' ')}`);
}
