/**
 * The command line of the benchmarks: `pnpm bench [--quick] [--only P4,P7] [--workload W2] [--json FILE]`.
 */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import { runBench, SECTION_NAMES, type SectionName } from './bench.ts';
import { ROW_NAMES, type RowName } from './rows.ts';

interface Flags {
  quick?: true;
  only: readonly SectionName[];
  workload?: RowName;
  repeats: number;
  seed?: number;
  json?: string;
}

const program = new Command('bench')
  .description('Prints the figures behind the targets beside their baselines.')
  .option('--quick', 'fewer rows and operations: about half a minute')
  .option('--only <targets>', `comma-separated, of ${SECTION_NAMES.join(', ')}`, parseSections, SECTION_NAMES)
  .addOption(new Option('--workload <name>', 'only rows of this workload').choices(ROW_NAMES))
  .option('--repeats <count>', 'timed repeats, 1 or more', parsePositive, 7)
  .option('--seed <number>', 'start of the random numbers, 1 to 2^31-1', parsePositive)
  .option('--json <file>', 'also write every figure to this file');

const flags = program.parse().opts<Flags>();
const machine = `Node ${process.versions.node}, V8 ${process.versions.v8}, ${cpus()[0]?.model ?? 'unknown processor'}`;
console.log(`${machine}, ${cpus().length} cores\n`);
const record = await runBench(
  {
    quick: flags.quick === true,
    sections: flags.only,
    repeats: flags.repeats,
    ...(flags.workload === undefined ? {} : { workload: flags.workload }),
    ...(flags.seed === undefined ? {} : { seed: flags.seed }),
  },
  (text) => console.log(text),
);
if (flags.json !== undefined)
  writeFileSync(flags.json, `${JSON.stringify({ machine, ...record }, null, 2)}\n`);

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
