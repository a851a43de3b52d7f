/**
 * Random cases: seeded programs under the witness's eyes, and the shortest failing program when one fails.
 *
 * Promise  a failure names the seed, lists the fewest operations found that still fail, and says how to run
 *          it again.
 */
import { scale } from '../scale.ts';
import { chosenSeeds } from '../seeds.ts';
import { Checks, ContractViolation } from './checks.ts';
import {
  type ContractCase,
  type ContractOptions,
  type MakeSuballocator,
  makeWitness,
} from './contract-case.ts';
import { makeProgram, type Operation, type Program, perform, textOf } from './operations.ts';

const MOST_SHORTENING_RUNS = 2000;

/** Random operations with every invariant checked after each. */
export function randomCases(make: MakeSuballocator, options: ContractOptions): ContractCase[] {
  const seedCount = options.seeds ?? scale(60, 2000);
  const operations = options.randomOperations ?? scale(60_000, 2_000_000);
  const length = Math.ceil(operations / seedCount);
  return [
    {
      group: 'random operations',
      name: `${seedCount} seeds, ${length} operations each, invariants after each`,
      run: (check) => {
        for (const seed of chosenSeeds(seedCount)) runSeed(make, seed, length, check);
      },
    },
  ];
}

function runSeed(make: MakeSuballocator, seed: number, length: number, check: Checks): void {
  const { capabilities, kind } = make({ capacity: 1 });
  const program = makeProgram(seed, length, capabilities);
  const failure = failureOf(make, program, check);
  if (failure === undefined) return;
  const shortest = shorten(make, { ...program, operations: program.operations.slice(0, failure.at + 1) });
  const last = failureOf(make, shortest, new Checks()) ?? failure;
  throw new ContractViolation(
    [
      `${kind}, seed ${seed}: ${last.message}`,
      `shortest program found, ${shortest.operations.length} of ${failure.at + 1} operations, ` +
        `on { capacity: ${program.capacity}, granularity: ${program.granularity} }:`,
      ...shortest.operations.map((operation) => `  ${textOf(operation)}`),
      `to replay: GPUHEAP_SEED=${seed} npx vitest run --project unit -t '${kind}.*random operations'`,
    ].join('\n'),
    { cause: last.error },
  );
}

interface Failure {
  /** Index of the operation that failed; -1 for the construction. */
  readonly at: number;
  readonly message: string;
  readonly error: unknown;
}

function failureOf(make: MakeSuballocator, program: Program, check: Checks): Failure | undefined {
  const { capacity, granularity, operations } = program;
  let at = -1;
  try {
    const witness = makeWitness(make, { capacity, granularity }, check);
    for (at = 0; at < operations.length; at++) perform(witness, operations[at] as Operation);
    return undefined;
  } catch (error) {
    return { at, message: error instanceof Error ? error.message : String(error), error };
  }
}

/**
 * Makes a failing program shorter as long as it still fails; looks at `MOST_SHORTENING_RUNS` programs at
 * most.
 */
function shorten(make: MakeSuballocator, failing: Program): Program {
  let shortest = failing;
  let runs = 0;
  const replaceIfFailing = (operations: readonly Operation[]): boolean => {
    if (runs++ >= MOST_SHORTENING_RUNS) return false;
    const failure = failureOf(make, { ...failing, operations }, new Checks());
    if (failure === undefined) return false;
    shortest = { ...failing, operations: operations.slice(0, failure.at + 1) };
    return true;
  };
  for (let length = -1; length !== shortest.operations.length && runs < MOST_SHORTENING_RUNS; ) {
    length = shortest.operations.length;
    // Which ones are picked by number depends on what was left out: let them pick the oldest, where that
    // fails as well.
    for (let i = 0; i < shortest.operations.length; i++) {
      const operation = shortest.operations[i] as Operation;
      if (!('pick' in operation) || operation.act === 'forge' || operation.act === 'ask badly') continue;
      if (operation.pick !== 0) replaceIfFailing(shortest.operations.with(i, { ...operation, pick: 0 }));
    }
    for (let part = Math.ceil(length / 2); part >= 1; part = Math.floor(part / 2)) {
      for (let from = 0; from < shortest.operations.length; ) {
        const rest = shortest.operations.filter((_, i) => i < from || i >= from + part);
        if (!replaceIfFailing(rest)) from += part;
      }
    }
  }
  return shortest;
}
