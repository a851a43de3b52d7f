/**
 * Argument cases: what is refused with a typed error, what is answered with NO_SPACE, and that either changes
 * nothing.
 */
import { MAX_ALIGNMENT, NO_SPACE } from '@gpuheap/core/ranges';
import type { Checks } from './checks.ts';
import { ALIGNMENTS, type Contract, type ContractCase, serves } from './contract-case.ts';
import { makeWitness, type Witness } from './witness.ts';

const group = 'arguments';

/** Bad calls that every method has to refuse, all states together. */
const BAD_CALLS_EACH = 200;

/** Bad arguments, requests that can never fit, alignments. */
export function argumentCases(contract: Contract): ContractCase[] {
  return [
    {
      group,
      name: `refuses ${BAD_CALLS_EACH} bad calls of every method alike, and changes nothing`,
      run: (check) => checkBadCalls(contract, check),
    },
    {
      group,
      name: 'answers NO_SPACE to what is too large',
      run: (check) => checkTooLarge(contract, check),
    },
    {
      group,
      name: 'serves the alignments it says it serves, and throws on others',
      run: (check) => checkServed(contract, check),
    },
  ];
}

/** Subjects that are new, have holes, are full, are empty again, and have regions or marks where they can. */
function eachState(contract: Contract, check: Checks, run: (witness: Witness) => void): void {
  const { track, freeUpTo } = contract.capabilities;
  for (const granularity of [1, 36]) {
    const witness = makeWitness(contract, { capacity: 64 * granularity, granularity }, check);
    run(witness);
    for (const units of [3, 4, 5]) witness.allocate(units * granularity);
    witness.freeAt(Math.min(1, witness.live.length - 1));
    if (freeUpTo) witness.mark();
    run(witness);
    if (track) witness.track(64 * granularity, 8 * granularity);
    if (track) witness.track(80 * granularity, 8 * granularity);
    while (witness.allocate(granularity) !== NO_SPACE);
    run(witness);
    witness.reset();
    run(witness);
  }
}

function checkBadCalls(contract: Contract, check: Checks): void {
  const counts = new Map<string, number>();
  eachState(contract, check, (witness) => {
    for (const { method } of witness.callAllBadly()) counts.set(method, (counts.get(method) ?? 0) + 1);
  });
  for (const [method, count] of counts) {
    check.that(count >= BAD_CALLS_EACH, `Only ${count} bad calls of ${method}() were made.`);
  }
}

function checkTooLarge(contract: Contract, check: Checks): void {
  eachState(contract, check, (witness) => {
    const { subject } = witness;
    const { capacity, granularity, capabilities } = subject;
    const just = [capacity + 1, capacity + granularity];
    for (const size of [...just, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1]) {
      for (const alignment of ALIGNMENTS) {
        if (!serves(subject, alignment)) continue;
        check.same(witness.allocate(size, alignment), NO_SPACE, `allocate(${size}, ${alignment})`);
      }
      check.same(witness.allocateMany([{ size: 1 }, { size }]), undefined, 'One and one too large');
      for (const strategy of capabilities.strategies) witness.allocateBy(strategy, size);
      if (capabilities.allocateAt) witness.allocateAt(0, size);
      if (capabilities.resize && witness.live.length > 0) witness.resizeAt(0, size);
    }
  });
}

function checkServed(contract: Contract, check: Checks): void {
  for (const granularity of [1, 4, 36, 256, 1000]) {
    const witness = makeWitness(contract, { capacity: 64 * granularity, granularity }, check);
    const { subject } = witness;
    for (const alignment of [...ALIGNMENTS, 65_536, MAX_ALIGNMENT - 1, MAX_ALIGNMENT]) {
      const isServed = serves(subject, alignment);
      const claim = contract.servesAlignment?.(alignment, granularity) ?? isServed;
      check.same(isServed, claim, `Whether alignment ${alignment} is served in units of ${granularity}`);
      // Every unit is aligned to them.
      check.that(isServed || granularity % alignment !== 0, `Alignment ${alignment} is not served.`);
      if (isServed) {
        witness.allocate(1);
        witness.askLargest(alignment);
        witness.allocate(1, alignment);
        witness.reset();
        continue;
      }
      const codes = ['bad-alignment'];
      witness.refused(`allocate(1, ${alignment})`, codes, (it) => it.allocate(1, alignment));
      const requests = [{ size: 1 }, { size: 1, alignment }];
      witness.refused(`allocateMany with ${alignment}`, codes, (it) => it.allocateMany(requests));
      for (const strategy of subject.capabilities.strategies) {
        const call = `allocateBy('${strategy}', 1, ${alignment})`;
        witness.refused(call, codes, (it) => it.allocateBy?.(strategy, 1, alignment));
      }
    }
  }
}
