/** Handle cases: every handle that is not live is refused, by every function, and nothing changes. */
import { type Handle, NO_SPACE, type Suballocator } from '@gpuheap/core/ranges';
import { scale } from '../scale.ts';
import { type Checks, shown } from './checks.ts';
import type { Contract, ContractCase } from './contract-case.ts';
import { makeWitness, type Witness } from './witness.ts';

const group = 'handles';
const STALE = ['stale-handle'];
const BAD = ['bad-handle'];
/** Room enough for some ranges of 16 bytes, however a kind rounds. */
const CAPACITY = 2 ** 16;

/** Stale, doubled, foreign and forged handles. */
export function handleCases(contract: Contract): ContractCase[] {
  return [
    {
      group,
      name: 'refuses a handle that was freed, also when its range lives again',
      run: (check) => checkStale(contract, check),
    },
    { group, name: 'refuses every handle from before a reset', run: (check) => checkReset(contract, check) },
    {
      group,
      name: 'never names two ranges alike, however often a place is used',
      run: (check) => checkReuse(contract, check),
    },
    {
      group,
      name: 'gives every live range an index of its own',
      run: (check) => checkIndices(contract, check),
    },
    {
      group,
      name: 'refuses numbers next to its handles',
      run: (check) => checkNeighbours(contract, check),
    },
    {
      group,
      name: 'refuses handles of another instance',
      run: (check) => checkForeign(contract, check),
    },
  ];
}

type Question = readonly [string, (subject: Suballocator, handle: Handle) => unknown];

const QUESTIONS: readonly Question[] = [
  ['free', (subject, handle) => subject.free(handle)],
  ['offsetOf', (subject, handle) => subject.offsetOf(handle)],
  ['sizeOf', (subject, handle) => subject.sizeOf(handle)],
  ['indexOf', (subject, handle) => subject.indexOf(handle)],
];

const RESIZE: Question = ['resize', (subject, handle) => subject.resize?.(handle, 1)];

function refuseEverywhere(witness: Witness, handle: unknown, codes: readonly string[], what: string): void {
  const questions = witness.subject.capabilities.resize ? [...QUESTIONS, RESIZE] : QUESTIONS;
  for (const [name, ask] of questions) {
    const call = `${name}(${shown(handle)}), ${what},`;
    witness.refused(call, codes, (subject) => ask(subject, handle as Handle));
  }
}

function checkStale(contract: Contract, check: Checks): void {
  const witness = makeWitness(contract, { capacity: CAPACITY }, check);
  const first = witness.allocate(16);
  const second = witness.allocate(16);
  witness.freeAt(1);
  refuseEverywhere(witness, second, STALE, 'freed');
  witness.freeAt(0);
  refuseEverywhere(witness, first, STALE, 'freed');
  refuseEverywhere(witness, second, STALE, 'freed');
  // The same places again: the old handles must not name them.
  witness.allocate(16);
  witness.allocate(16);
  refuseEverywhere(witness, first, STALE, 'freed and its place used again');
  refuseEverywhere(witness, second, STALE, 'freed and its place used again');
}

function checkReset(contract: Contract, check: Checks): void {
  const witness = makeWitness(contract, { capacity: CAPACITY }, check);
  const handles: Handle[] = [];
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 4; i++) handles.push(witness.allocate(16));
    witness.freeAt(3);
    witness.reset();
    for (const handle of handles) refuseEverywhere(witness, handle, STALE, 'from before a reset');
  }
  witness.reset();
  for (let i = 0; i < 4; i++) check.that(witness.allocate(16) !== NO_SPACE, 'A reset span is not empty.');
  for (const handle of handles) refuseEverywhere(witness, handle, STALE, 'from before a reset');
}

function checkReuse({ make }: Contract, check: Checks): void {
  const subject = make({ capacity: 16 });
  const size = subject.largestAllocatable();
  const given = new Set<Handle>();
  for (let i = 0; i < scale(5_000, 300_000); i++) {
    const handle = subject.allocate(size);
    check.that(
      handle !== NO_SPACE && !given.has(handle),
      () => `Round ${i} was given handle ${handle}, which is none, or was given out before.`,
    );
    given.add(handle);
    if (i % 3 === 0) subject.reset();
    else subject.free(handle);
  }
  const live = subject.allocate(size);
  let tried = 0;
  for (const handle of given) {
    if (tried++ > 20_000) break;
    check.refuses(() => subject.free(handle), STALE, `free(${handle}), used long ago,`);
  }
  check.that(subject.sizeOf(live) >= size, 'The live range has lost its size.');
}

function checkIndices({ make }: Contract, check: Checks): void {
  const subject = make({ capacity: CAPACITY });
  let live: Handle[] = [];
  for (let round = 0; round < 40; round++) {
    for (let i = 0; i < 20; i++) live.push(subject.allocate(16));
    const indices = live.map((handle) => subject.indexOf(handle));
    check.same(new Set(indices).size, live.length, 'Number of distinct indices');
    // Holes and the unused end may take records too, and so does what a kind keeps in reserve.
    const most = 4 * 100 + 16;
    for (const index of indices) {
      check.that(
        Number.isSafeInteger(index) && index >= 0 && index < most,
        () => `Index ${index} is not small.`,
      );
    }
    // From the end, which most kinds can use again.
    for (let i = 0; i < (live.length > 80 ? 80 : 10); i++) subject.free(live.pop() as Handle);
    if (round % 10 === 9) {
      subject.reset();
      live = [];
    }
  }
}

function checkNeighbours(contract: Contract, check: Checks): void {
  const witness = makeWitness(contract, { capacity: CAPACITY }, check);
  for (let i = 0; i < 20; i++) witness.allocate(16);
  witness.freeAt(3);
  for (const { handle } of witness.live.slice(0, 3)) {
    // They may name nothing, or have a range of their own.
    for (const near of [handle - 1, handle + 1, handle + 64]) {
      if (!witness.hasGiven(near)) refuseEverywhere(witness, near, BAD, 'next to a live one');
    }
  }
}

function checkForeign(contract: Contract, check: Checks): void {
  const witnesses = [1, 2, 3].map(() => makeWitness(contract, { capacity: CAPACITY }, check));
  for (const witness of witnesses) {
    for (let i = 0; i < 8; i++) witness.allocate(16);
    witness.freeAt(2);
    witness.allocate(16);
  }
  for (const witness of witnesses) {
    for (const other of witnesses) {
      if (other === witness) continue;
      const foreign = [...other.live.map((range) => range.handle), ...other.ended];
      for (const handle of foreign) {
        check.that(!witness.hasGiven(handle), () => `Two instances gave out the same handle, ${handle}.`);
        refuseEverywhere(witness, handle, BAD, 'of another instance');
      }
    }
  }
}
