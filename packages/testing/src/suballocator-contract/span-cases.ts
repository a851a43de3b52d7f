/** Span cases: `grow` and `shrinkTo` move the end of the span, and never across a live range. */
import { NO_SPACE } from '@gpuheap/core/ranges';
import type { Checks } from './checks.ts';
import { type Contract, type ContractCase, GRANULARITIES } from './contract-case.ts';
import { makeWitness, type Witness } from './witness.ts';

const group = 'grow and shrinkTo';

/** Up and down in all steps, with the end free and live. */
export function spanCases(contract: Contract): ContractCase[] {
  const { grow, shrinkTo } = contract.capabilities;
  return [
    ...(grow
      ? [{ group, name: 'grows in all steps', run: (check: Checks) => checkGrowth(contract, check) }]
      : []),
    ...(shrinkTo
      ? [
          {
            group,
            name: 'shrinks to every capacity that nothing lives beyond, and to no other',
            run: (check: Checks) => checkShrinking(contract, check),
          },
        ]
      : []),
    ...(grow && shrinkTo
      ? [
          {
            group,
            name: 'grows and shrinks without end',
            run: (check: Checks) => checkBreathing(contract, check),
          },
        ]
      : []),
  ];
}

function checkGrowth(contract: Contract, check: Checks): void {
  for (const granularity of GRANULARITIES) {
    for (const isFull of [false, true]) {
      const witness = makeWitness(contract, { capacity: granularity, granularity }, check);
      if (isFull) witness.allocate(1);
      for (let units = 1; units <= 300; units += Math.ceil(units / 3)) {
        // What is not a whole unit does not count.
        witness.grow(units * granularity + (units % granularity));
        check.same(witness.subject.capacity, units * granularity, 'capacity');
        witness.allocate(granularity);
      }
      witness.allocate(witness.subject.largestAllocatable() || 1);
    }
  }
}

function makeScene(contract: Contract, granularity: number, check: Checks): Witness {
  const witness = makeWitness(contract, { capacity: 20 * granularity, granularity }, check);
  for (const units of [3, 2, 4]) witness.allocate(units * granularity);
  return witness;
}

function checkShrinking(contract: Contract, check: Checks): void {
  for (const granularity of [1, 12]) {
    for (const freed of [0, 1, 2]) {
      const witness = makeScene(contract, granularity, check);
      if (freed < witness.live.length) witness.freeAt(freed);
      for (let units = 20; units >= 1; units--) witness.shrinkTo(units * granularity + (granularity >> 1));
      const { capacity, largestAllocatable } = witness.subject;
      check.that(capacity >= witness.books.liveEnd, 'A live range was let go.');
      witness.allocate(largestAllocatable.call(witness.subject) || granularity);
      while (witness.live.length > 0) witness.freeAt(0);
      check.that(witness.shrinkTo(granularity), 'An empty span does not shrink to one unit.');
      check.that(witness.allocate(1) !== NO_SPACE, 'A span of one unit refuses a byte.');
    }
  }
}

function checkBreathing(contract: Contract, check: Checks): void {
  const witness = makeScene(contract, 4, check);
  for (let round = 1; round <= 30; round++) {
    witness.grow(80 + 4 * round * round);
    witness.allocate(4 * round);
    witness.allocate(4 * round);
    witness.freeAt(round % witness.live.length);
    witness.shrinkTo(Math.max(witness.books.liveEnd, 80));
    witness.shrinkTo(Math.max(4, witness.books.liveEnd - 4));
  }
}
