/**
 * Soak command: `pnpm test:soak [--minutes N] [--operations N] [--seed N]`.
 *
 * Promise  exits with 0 only when every verdict is met but that on the pace, which is the machine's too.
 */
import { WORKLOAD_SEED } from '@gpuheap/testing/workloads';
import type { Command } from 'commander';
import { formatVerdicts } from '../table.ts';
import { runSoak } from './soak-run.ts';
import { judgePace, judgeSoak, type SoakSample } from './soak-verdicts.ts';
import type { SoakWork } from './soak-work.ts';

interface Flags {
  minutes: number;
  operations: number;
  seed: number;
}

const STRETCH_OPERATIONS = 250_000;
const PRINT_INTERVAL_MS = 10_000;

/** Adds the command. `parseCount` reads a number of 1 or more. */
export function addSoakCommand(program: Command, parseCount: (text: string) => number): void {
  program
    .command('soak')
    .description('R16: a heap in use for long, in a process that may neither grow nor slow down.')
    .option('--minutes <count>', 'ends after so many', parseCount, 10)
    .option('--operations <count>', 'or after so many operations', parseCount, 100_000_000)
    .option('--seed <number>', 'start of the random numbers, 1 to 2^31-1', parseCount, WORKLOAD_SEED)
    .action(soak);
}

async function soak({ minutes, operations, seed }: Flags): Promise<void> {
  const collect = (globalThis as { gc?: () => void }).gc;
  if (collect === undefined) {
    process.stderr.write('usage: node --expose-gc main.js soak, or npm run test:soak\n');
    process.exitCode = 1;
    return;
  }
  console.log(`soak: ${operations} operations or ${minutes} minutes, seed ${seed}\n`);
  const from = performance.now();
  let printedAt = from;
  const samples = await runSoak({
    seed,
    operations,
    milliseconds: minutes * 60_000,
    stretchOperations: STRETCH_OPERATIONS,
    clock: () => performance.now(),
    readCpu() {
      const { user, system } = process.cpuUsage();
      return (user + system) * 1000;
    },
    readHeap() {
      collect();
      collect();
      const { heapUsed, external } = process.memoryUsage();
      return heapUsed + external;
    },
    onSample(sample, work) {
      const now = performance.now();
      if (now - printedAt < PRINT_INTERVAL_MS && sample.differences.length === 0) return;
      printedAt = now;
      printSample(sample, work, now - from);
    },
  });
  const verdicts = judgeSoak(samples);
  console.log(`\n${formatVerdicts([...verdicts, judgePace(samples)])}`);
  if (!verdicts.every(({ met }) => met)) process.exitCode = 1;
}

function printSample(sample: SoakSample, { refusedCount }: SoakWork, milliseconds: number): void {
  const { operations, nanosecondsPerOperation, heapBytes, differences } = sample;
  const cells = [
    `${(milliseconds / 1000).toFixed(0).padStart(4)} s`,
    `${(operations / 1e6).toFixed(1).padStart(6)} M operations`,
    `${nanosecondsPerOperation.toFixed(0).padStart(5)} ns CPU each`,
    `${(heapBytes / 1e6).toFixed(2)} MB held`,
    `${refusedCount} refused`,
  ];
  console.log(cells.join('  '));
  for (const difference of differences) console.log(`  ${difference}`);
}
