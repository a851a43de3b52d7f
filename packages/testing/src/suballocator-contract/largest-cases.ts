/**
 * Largest cases: an allocate of what `largestAllocatable` answers succeeds, and of one unit more does not.
 */
import { scale } from '../scale.ts';
import { ALIGNMENTS, type Contract, type ContractCase, programCount, serves } from './contract-case.ts';
import { perform } from './operations.ts';
import { type Trial, tryPrograms } from './program-trial.ts';
import { makeWitness } from './witness.ts';

const group = 'largest allocatable';

/** Asked on random states, and tried on twins in the same state. */
export function largestCases(contract: Contract): ContractCase[] {
  const judge: Trial['judge'] = ({ capacity, granularity, operations }, check) => {
    const witness = makeWitness(contract, { capacity, granularity }, check);
    witness.unwatched(() => {
      for (const operation of operations) perform(witness, operation);
    });
    for (const alignment of [...ALIGNMENTS, 7, 4096]) {
      if (serves(witness.subject, alignment)) witness.askLargest(alignment);
    }
  };
  const seeds = programCount(contract, scale(100, 2000), 20);
  return [
    {
      group,
      name: `is exact for every alignment, on ${seeds} random states`,
      run: (check) => tryPrograms({ contract, group, seeds, length: 60, judge }, check),
    },
  ];
}
