/**
 * Lifetimes command: `pnpm bench:lifetimes [TRACE…] [--seconds N] [--seed N] [--json FILE]`.
 */
import { writeFileSync } from 'node:fs';
import { GpuMemoryError } from '@gpuheap/core';
import { carriedTraces, findTrace, readTrace } from '@gpuheap/trace';
import type { Command } from 'commander';
import { formatLifetimes, type LifetimeRow, type LifetimeRun, measureLifetimes } from './lifetime-row.ts';
import { randomGroups } from './random-lifetimes.ts';
import { groupsOf } from './trace-lifetimes.ts';

interface Flags {
  seconds: number;
  seed: number;
  json?: string;
}

/** Adds the command. `parseCount` reads a number of 1 or more. */
export function addLifetimesCommand(program: Command, parseCount: (text: string) => number): void {
  program
    .command('lifetimes')
    .description('Bytes of plans made ahead for recorded programs, beside no reuse and pools.')
    .argument('[traces...]', 'files, or names of carried traces; all of those when none is given')
    .option('--seconds <count>', 'for the search of each plan', parseCount, 1)
    .option('--seed <number>', 'start of the random numbers, 1 to 2^31-1', parseCount, 1)
    .option('--json <file>', 'also write every figure to this file')
    .action(async (traces: readonly string[], { seconds, seed, json }: Flags) => {
      const run = { searchMs: seconds * 1000, seed, clock: () => performance.now() };
      try {
        const names = traces.length === 0 ? carriedTraces() : traces;
        const rows = await runLifetimes(names, run, (text) => console.log(text));
        if (json !== undefined) writeFileSync(json, `${JSON.stringify(rows, null, 2)}\n`);
        if (rows.some(({ faultCount }) => faultCount > 0)) process.exitCode = 1;
      } catch (error) {
        if (!(error instanceof GpuMemoryError)) throw error;
        process.stderr.write(`bench: ${error.message}\n`);
        process.exitCode = 1;
      }
    });
}

/**
 * Two rows a trace, all of it and its busiest frame; then those of random graphs.
 * @throws as `findTrace` and `readTrace` do
 */
export async function runLifetimes(
  traces: readonly string[],
  run: LifetimeRun,
  print: (text: string) => void,
): Promise<LifetimeRow[]> {
  const rows: LifetimeRow[] = [];
  for (const path of traces.map(findTrace)) {
    const trace = await readTrace(path);
    for (const group of groupsOf(trace)) rows.push(measureLifetimes(group, run));
  }
  for (const group of randomGroups(run.seed)) rows.push(measureLifetimes(group, run));
  print(formatLifetimes(rows));
  return rows;
}
