/** Argument cases: sizes and alignments that are refused, and that a refusal changes nothing. */
import { MAX_ALIGNMENT, NO_SPACE } from '@gpuheap/core/ranges';
import { BAD_INTEGERS } from './bad-values.ts';
import { type Checks, shown } from './checks.ts';
import {
  ALIGNMENTS,
  type ContractCase,
  type MakeSuballocator,
  makeWitness,
  serves,
} from './contract-case.ts';
import type { Witness } from './witness.ts';

const group = 'arguments';

/** Bad sizes, bad alignments, requests that can never fit. */
export function argumentCases(make: MakeSuballocator): ContractCase[] {
  return [
    { group, name: 'refuses bad sizes', run: (check) => eachFilling(make, check, checkBadSizes) },
    { group, name: 'refuses bad alignments', run: (check) => eachFilling(make, check, checkBadAlignments) },
    { group, name: 'answers NO_SPACE to what is too large', run: (c) => eachFilling(make, c, checkTooLarge) },
    {
      group,
      name: 'serves the alignments it says it serves, and throws on others',
      run: (c) => checkServed(make, c),
    },
  ];
}

type FillingCheck = (witness: Witness, check: Checks) => void;

/** On an empty span, one with holes, and a full one. */
function eachFilling(make: MakeSuballocator, check: Checks, run: FillingCheck): void {
  for (const granularity of [1, 36]) {
    const witness = makeWitness(make, { capacity: 20 * granularity, granularity }, check);
    run(witness, check);
    for (const units of [3, 4, 5]) witness.allocate(units * granularity);
    witness.freeAt(1);
    run(witness, check);
    while (witness.allocate(1) !== NO_SPACE);
    run(witness, check);
  }
}

function checkBadSizes(witness: Witness): void {
  for (const bad of [...BAD_INTEGERS, undefined]) {
    const size = bad as number;
    witness.refused(`allocate(${shown(bad)})`, ['bad-size'], (subject) => subject.allocate(size));
    witness.refused(`allocate(${shown(bad)}, 4)`, ['bad-size'], (subject) => subject.allocate(size, 4));
  }
}

function checkBadAlignments(witness: Witness): void {
  for (const bad of [...BAD_INTEGERS, MAX_ALIGNMENT + 1, 2 ** 32, 2 ** 53 - 1]) {
    const alignment = bad as number;
    const said = shown(bad);
    const codes = ['bad-alignment'];
    witness.refused(`allocate(1, ${said})`, codes, (subject) => subject.allocate(1, alignment));
    // Refused too where nothing would fit anyway.
    witness.refused(`allocate(2^53-1, ${said})`, codes, (subject) =>
      subject.allocate(2 ** 53 - 1, alignment),
    );
    witness.refused(`largestAllocatable(${said})`, codes, (subject) => subject.largestAllocatable(alignment));
  }
}

function checkTooLarge(witness: Witness, check: Checks): void {
  const { capacity, granularity } = witness.subject;
  const sizes = [
    capacity + 1,
    capacity + granularity,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 32,
    2 ** 32 + 1,
    2 ** 53 - 1,
  ];
  for (const size of sizes) {
    for (const alignment of ALIGNMENTS) {
      if (!serves(witness.subject, alignment)) continue;
      check.same(witness.allocate(size, alignment), NO_SPACE, `allocate(${size}, ${alignment})`);
    }
  }
}

function checkServed(make: MakeSuballocator, check: Checks): void {
  for (const granularity of [1, 4, 36, 256, 1000]) {
    const witness = makeWitness(make, { capacity: 64 * granularity, granularity }, check);
    for (const alignment of [...ALIGNMENTS, 65_536, MAX_ALIGNMENT - 1, MAX_ALIGNMENT]) {
      if (serves(witness.subject, alignment)) {
        witness.allocate(1);
        witness.askLargest(alignment);
        witness.allocate(1, alignment);
        witness.reset();
        continue;
      }
      const codes = ['bad-alignment'];
      witness.refused(`allocate(1, ${alignment})`, codes, (subject) => subject.allocate(1, alignment));
      witness.refused(`largestAllocatable(${alignment})`, codes, (s) => s.largestAllocatable(alignment));
    }
  }
}
