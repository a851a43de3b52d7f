/** Resize cases: a live range becomes shorter or longer where it is, and never over what lives behind it. */
import type { Checks } from './checks.ts';
import type { Contract, ContractCase } from './contract-case.ts';
import { makeWitness } from './witness.ts';

const group = 'resize';

/** Every length beside free and live neighbours; bytes within a unit. */
export function resizeCases(contract: Contract): ContractCase[] {
  return [
    {
      group,
      name: 'to every length, with a free or a live range behind it, or the end',
      run: (check) => checkLengths(contract, check),
    },
    {
      group,
      name: 'to every length and back, time and again',
      run: (check) => checkBackAndForth(contract, check),
    },
    {
      group,
      name: 'within a unit, only the bytes asked for change',
      run: (check) => checkWithinUnit(contract, check),
    },
  ];
}

function checkLengths(contract: Contract, check: Checks): void {
  for (const granularity of [1, 12]) {
    for (const freed of [undefined, 0, 1, 2, 3]) {
      for (let units = 1; units <= 18; units++) {
        // [ 2 ][ 3 ][ 4 ][ 5 ][ free 4 ], one of them free
        const witness = makeWitness(contract, { capacity: 18 * granularity, granularity }, check);
        for (const size of [2, 3, 4, 5]) witness.allocate(size * granularity);
        if (freed !== undefined && freed < witness.live.length) witness.freeAt(freed);
        for (let index = 0; index < witness.live.length; index++)
          witness.resizeAt(index, units * granularity);
        while (witness.live.length > 0) witness.freeAt(0);
      }
    }
  }
}

function checkBackAndForth(contract: Contract, check: Checks): void {
  const witness = makeWitness(contract, { capacity: 64 }, check);
  witness.allocate(10);
  witness.allocate(10);
  if (witness.live.length > 1) witness.freeAt(1);
  for (let round = 0; round < 3; round++) {
    for (let size = 1; size <= 65; size++) witness.resizeAt(0, size);
    for (let size = 65; size >= 1; size -= 1 + round) witness.resizeAt(0, size);
  }
}

function checkWithinUnit(contract: Contract, check: Checks): void {
  const witness = makeWitness(contract, { capacity: 1200, granularity: 100 }, check);
  witness.allocate(150);
  witness.allocate(1);
  for (let size = 1; size <= 200; size += 33) {
    check.that(witness.resizeAt(0, size), `resize to ${size} within 200 is refused.`);
    const { requested } = witness.subject.statistics();
    check.same(requested, size + 1, 'requested');
  }
}
