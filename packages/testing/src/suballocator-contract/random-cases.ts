/**
 * Random cases: seeded programs under the witness's eyes, with every invariant checked after each operation.
 */
import type { Contract, ContractCase } from './contract-case.ts';
import { perform } from './operations.ts';
import { type Trial, tryPrograms } from './program-trial.ts';
import { makeWitness } from './witness.ts';

const group = 'random operations';

/** One case, that tries all seeds. */
export function randomCases(contract: Contract): ContractCase[] {
  const { seeds, randomOperations } = contract;
  const length = Math.ceil(randomOperations / seeds);
  return [
    {
      group,
      name: `${seeds} seeds, ${length} operations each, invariants after each`,
      run: (check) => tryPrograms({ contract, group, seeds, length, judge: judgeUnder(contract) }, check),
    },
  ];
}

/** Runs a program under a witness. */
export function judgeUnder(contract: Contract): Trial['judge'] {
  return ({ capacity, granularity, operations }, check, progress) => {
    const witness = makeWitness(contract, { capacity, granularity }, check);
    for (const [at, operation] of operations.entries()) {
      progress(at);
      perform(witness, operation);
    }
  };
}
