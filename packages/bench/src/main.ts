/**
 * The command line of the benchmarks: `pnpm bench [--quick] [--only P4,P7] [--workload W2] [--peers FILE]
 * [--json FILE]`, `pnpm bench export --to DIR`, `pnpm bench:heap`, `pnpm bench defragment`,
 * `pnpm bench:lifetimes` and `pnpm test:soak`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import { runBench, SECTION_NAMES } from './bench.ts';
import { addDefragmentCommand } from './defragment/defragment-command.ts';
import { type ExportOptions, exportWorkloads } from './export-workloads.ts';
import { addHeapCommand } from './heap/heap-command.ts';
import { addSoakCommand } from './heap/soak-command.ts';
import { addLifetimesCommand } from './lifetimes/lifetimes-command.ts';
import { type PeerFile, parsePeers } from './peers.ts';
import { ROW_NAMES, type RowName } from './programs/rows.ts';
import type { SectionName } from './verdict.ts';

interface Flags {
  quick?: true;
  only: readonly SectionName[];
  workload?: RowName;
  repeats: number;
  seed?: number;
  peers?: PeerFile;
  json?: string;
}

const program = new Command('bench')
  .description('Prints the figures behind the targets beside their baselines.')
  .option('--quick', 'fewer rows and operations: about a minute')
  .option(
    '--only <sections>',
    `comma-separated, of ${SECTION_NAMES.join(', ')}`,
    parseSections,
    SECTION_NAMES,
  )
  .addOption(workloadOption())
  .option('--repeats <count>', 'timed repeats, 1 or more', parsePositive, 7)
  .option('--seed <number>', 'start of the random numbers, 1 to 2^31-1', parsePositive)
  .option('--peers <file>', 'results of native programs on the exported workloads, as JSON', readPeers)
  .option('--json <file>', 'also write every figure to this file')
  .enablePositionalOptions()
  .action(bench);

program
  .command('export')
  .description('Writes the workloads as files for programs in other languages.')
  .requiredOption('--to <folder>', 'where the files go')
  .option('--quick', 'those of a quick run')
  .addOption(workloadOption())
  .option('--seed <number>', 'start of the random numbers, 1 to 2^31-1', parsePositive)
  .action((flags: ExportOptions) =>
    exportWorkloads({ ...flags, quick: flags.quick === true }, (text) => console.log(text)),
  );

addHeapCommand(program, parsePositive);
addDefragmentCommand(program, parsePositive);
addLifetimesCommand(program, parsePositive);
addSoakCommand(program, parsePositive);

await program.parseAsync();

async function bench({ only: sections, json, ...flags }: Flags): Promise<void> {
  const machine = `Node ${process.versions.node}, V8 ${process.versions.v8}, ${cpus()[0]?.model ?? 'unknown processor'}`;
  console.log(`${machine}, ${cpus().length} cores\n`);
  const options = { ...flags, sections, quick: flags.quick === true };
  const record = await runBench(options, (text) => console.log(text));
  if (json !== undefined) writeFileSync(json, `${JSON.stringify({ machine, ...record }, null, 2)}\n`);
}

function workloadOption(): Option {
  return new Option('--workload <name>', 'only rows of this workload').choices(ROW_NAMES);
}

function parsePositive(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value < 2 ** 31) return value;
  throw new InvalidArgumentError('Pass an integer from 1 to 2^31-1.');
}

function parseSections(text: string): readonly SectionName[] {
  const names = text.split(',');
  const known = SECTION_NAMES.filter((name) => names.includes(name));
  if (known.length === names.length) return known;
  throw new InvalidArgumentError(`Pass some of ${SECTION_NAMES.join(', ')}.`);
}

function readPeers(path: string): PeerFile {
  try {
    return parsePeers(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}
