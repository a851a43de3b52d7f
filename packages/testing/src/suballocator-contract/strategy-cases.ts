/** Strategy cases: `allocateBy` puts a range where its strategy says. */
import type { Strategy } from '@gpuheap/core/ranges';
import type { Checks } from './checks.ts';
import { ALIGNMENTS, type Contract, type ContractCase, serves } from './contract-case.ts';
import { makeWitness, type Witness } from './witness.ts';

const group = 'allocateBy';

/** One scene per strategy; where an exact kind must place, the witness knows. */
export function strategyCases(contract: Contract): ContractCase[] {
  return contract.capabilities.strategies.map((strategy) => ({
    group,
    name: `${strategy}, in holes of all sizes, for every alignment`,
    run: (check) => checkStrategy(contract, strategy, check),
  }));
}

function checkStrategy(contract: Contract, strategy: Strategy, check: Checks): void {
  for (const granularity of [1, 12]) {
    const witness = makeWitness(contract, { capacity: 1000 * granularity, granularity }, check);
    for (const alignment of ALIGNMENTS) {
      if (!serves(witness.subject, alignment)) continue;
      makeHoles(witness, granularity);
      for (const units of [5, 1, 9, 3, 3, 20, 40, 2]) {
        witness.allocateBy(strategy, units * granularity, alignment);
        witness.allocateBy(strategy, units * granularity);
      }
      witness.allocateBy(strategy, 2000 * granularity, alignment);
      witness.allocateBy(strategy, witness.subject.largestAllocatable(alignment) || 1, alignment);
      witness.reset();
    }
  }
}

/** Holes of 3, 9, 5, 40, 5 units between live ranges. */
function makeHoles(witness: Witness, granularity: number): void {
  for (const units of [3, 1, 9, 2, 5, 1, 40, 3, 5, 1]) witness.allocate(units * granularity);
  for (const index of [8, 6, 4, 2, 0]) if (index < witness.live.length) witness.freeAt(index);
}
