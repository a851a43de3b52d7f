/**
 * Program trial: runs the programs of some seeds under one judge, and makes a failing one as short as it
 * gets.
 *
 * Promise  a failure names the seed, lists the fewest operations found that still fail, and gives the command
 *          that runs it again.
 */
import { scale } from '../scale.ts';
import { chosenSeeds } from '../seeds.ts';
import { Checks, ContractViolation } from './checks.ts';
import type { Contract } from './contract-case.ts';
import { type Operation, type Program, textOf } from './operations.ts';
import { makeProgram } from './programs.ts';

const MOST_SHORTENING_RUNS: number = scale(2000, 4000);

/** What is tried. */
export interface Trial {
  readonly contract: Contract;
  readonly group: string;
  readonly seeds: number;
  /** Operations of each program. */
  readonly length: number;
  /**
   * Throws when the program shows something wrong. `progress` is told the index of the operation that
   * begins.
   */
  readonly judge: (program: Program, check: Checks, progress: (at: number) => void) => void;
}

interface Failure {
  /** Index of the operation that failed; -1 before the first. */
  readonly at: number;
  readonly message: string;
  readonly error: unknown;
}

/** Tries every seed; throws a report on the first that fails. */
export function tryPrograms(trial: Trial, check: Checks): void {
  for (const seed of chosenSeeds(trial.seeds)) {
    const program = makeProgram(trial.contract, seed, trial.length);
    const failure = failureOf(trial.judge, program, check);
    if (failure !== undefined)
      throw reportOn(trial, `seed ${seed}`, program, failure, replayCommand(trial, seed));
  }
}

/** The command that tries one seed alone. */
function replayCommand({ contract, group }: Trial, seed: number): string {
  return `GPUHEAP_SEED=${seed} npx vitest run --project unit -t '${contract.name}.*${group}'`;
}

/** A failing program as a violation that says all there is to say. */
export function reportOn(
  { contract, judge }: Pick<Trial, 'contract' | 'judge'>,
  source: string,
  program: Program,
  failure: Failure,
  command: string,
): ContractViolation {
  const count = failure.at + 1;
  const cut = { ...program, operations: program.operations.slice(0, count) };
  const shortest = shorten(judge, failureOf(judge, cut, new Checks()) === undefined ? program : cut);
  const last = failureOf(judge, shortest, new Checks()) ?? failure;
  return new ContractViolation(
    [
      `${contract.name}, ${source}: ${last.message}`,
      `shortest program found, ${shortest.operations.length} of ${count} operations, ` +
        `on { capacity: ${program.capacity}, granularity: ${program.granularity} }:`,
      ...shortest.operations.map((operation) => `  ${textOf(operation)}`),
      `to replay: ${command}`,
    ].join('\n'),
    { cause: last.error },
  );
}

/** What a judge throws about a program, or nothing. */
export function failureOf(judge: Trial['judge'], program: Program, check: Checks): Failure | undefined {
  let at = -1;
  try {
    judge(program, check, (next) => {
      at = next;
    });
    return undefined;
  } catch (error) {
    return { at, message: error instanceof Error ? error.message : String(error), error };
  }
}

/**
 * Makes a failing program shorter as long as it still fails; looks at `MOST_SHORTENING_RUNS` programs at
 * most.
 */
function shorten(judge: Trial['judge'], failing: Program): Program {
  let shortest = failing;
  let runs = 0;
  const replaceIfFailing = (operations: readonly Operation[]): boolean => {
    if (runs++ >= MOST_SHORTENING_RUNS) return false;
    const failure = failureOf(judge, { ...failing, operations }, new Checks());
    if (failure === undefined) return false;
    shortest = { ...failing, operations };
    return true;
  };
  for (let length = -1; length !== shortest.operations.length && runs < MOST_SHORTENING_RUNS; ) {
    length = shortest.operations.length;
    // Which ones are picked by number depends on what was left out: let them pick the oldest, where that
    // fails as well.
    for (let i = 0; i < shortest.operations.length; i++) {
      const operation = shortest.operations[i] as Operation;
      if (!('pick' in operation) || operation.act === 'bad call' || operation.pick === 0) continue;
      replaceIfFailing(shortest.operations.with(i, { ...operation, pick: 0 }));
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
