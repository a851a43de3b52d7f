/**
 * Bench: runs the sections of TARGETS that are asked for and prints each figure beside its baseline and its
 * target.
 *
 * Promise  everything that is printed is also in the record that is answered.
 */
import { fileURLToPath } from 'node:url';
import { compileAssemblyScript } from './competitors/assembly-script.ts';
import type { Competitor } from './competitors/competitor.ts';
import { HARNESS } from './competitors/harness.ts';
import { NPM_MALLOC } from './competitors/npm-malloc.ts';
import { BEST_FIT, TLSF } from './competitors/ours.ts';
import { THI_NG } from './competitors/thi-ng.ts';
import { measure, type Timing } from './measure.ts';
import { type MetadataUse, measureMetadata } from './metadata.ts';
import { chooseRows, REFERENCE_TITLES, type Row, type RowName, recordRow } from './rows.ts';
import { measureSteadiness, type Steadiness } from './steadiness.ts';
import { formatTable, formatVerdicts } from './table.ts';
import { judgeMetadata, judgeSteadiness, judgeTightness, judgeTimes, type Verdict } from './targets.ts';
import { measureTightness, type Tightness } from './tightness.ts';

/** Sections, by the target that they decide. */
export const SECTION_NAMES: readonly SectionName[] = ['P4', 'P7', 'P8', 'P9'];

/** P4 time, P7 tightness, P8 metadata, P9 steadiness. */
export type SectionName = 'P4' | 'P7' | 'P8' | 'P9';

/** What to run. */
export interface BenchOptions {
  readonly quick: boolean;
  readonly sections: readonly SectionName[];
  /** Only rows of this name. */
  readonly workload?: RowName;
  /** Timed repeats. */
  readonly repeats: number;
  /** Start of the workloads' random numbers. */
  readonly seed?: number;
}

/** Everything measured. */
export interface BenchRecord {
  readonly times: {
    readonly title: string;
    readonly reference: readonly (number | undefined)[] | undefined;
    readonly timings: readonly Timing[];
  }[];
  readonly tightness: Tightness[];
  readonly metadata: MetadataUse[];
  readonly steadiness: Steadiness[];
  readonly verdicts: Verdict[];
}

type Print = (text: string) => void;

const WARM_UPS = 3;

/** Runs the sections in order. Minutes, unless quick. */
export async function runBench(options: BenchOptions, print: Print): Promise<BenchRecord> {
  const record: BenchRecord = { times: [], tightness: [], metadata: [], steadiness: [], verdicts: [] };
  const asked = (section: SectionName): boolean => options.sections.includes(section);
  const assemblyScript = asked('P4') || asked('P7') ? [await compileAssemblyScript()] : [];
  const baselines = [...assemblyScript, NPM_MALLOC, THI_NG];
  if (asked('P4')) await runTimes(options, baselines, record, print);
  if (asked('P7')) runTightness(options, baselines, record, print);
  if (asked('P8')) runMetadata(options, record, print);
  if (asked('P9')) await runSteadiness(options, record, print);
  print(formatVerdicts(record.verdicts));
  return record;
}

async function runTimes(
  options: BenchOptions,
  baselines: readonly Competitor[],
  record: BenchRecord,
  print: Print,
): Promise<void> {
  const ours = [HARNESS, TLSF, BEST_FIT];
  print(
    `P4 time: nanoseconds an operation, minimum (median ± deviation) of ${options.repeats} repeats in turns, CPU time.\n` +
      '   An operation is an allocate with its offset used, or a free. "harness" is an allocator that does nothing.\n' +
      '   n=… is how many operations a slow baseline ran; baselines align to 8 or 16 and have a quarter more room.\n' +
      `   Reference, measured on another machine: ${REFERENCE_TITLES.join(', ')}.\n`,
  );
  for (const row of await chooseRows(options.workload, options.quick)) {
    const program = recordRow(row, options.quick, options.seed);
    const operationCount = program.operationCount - program.fillCount;
    const others = row.oursOnly ? [] : baselines.filter(({ name }) => canRun(name, row));
    const repeats = { warmUps: WARM_UPS, repeats: options.repeats };
    const timings = await measure(program, row.liveCount, [...ours, ...others], repeats);
    record.times.push({ title: row.title, reference: row.reference, timings });
    record.verdicts.push(...judgeTimes(row, timings));
    print(`${row.title}, ${operationCount} operations`);
    print(formatTable(timings.map((timing) => timeCells(timing, operationCount))));
    if (row.reference !== undefined) print(referenceLine(row.reference));
  }
}

/** W5 asks for what must be refused: one baseline traps then, another would take minutes. */
function canRun(name: string, row: Row): boolean {
  return row.name !== 'W5' || name === 'malloc';
}

function timeCells(timing: Timing, operations: number): string[] {
  return [
    `  ${timing.name}`,
    timing.minimum.toFixed(1),
    `(${timing.median.toFixed(1)} ± ${timing.deviation.toFixed(1)})`,
    timing.failedCount === 0 ? '' : `${timing.failedCount} refused`,
    timing.operations === operations ? '' : `n=${timing.operations}`,
  ];
}

function referenceLine(figures: readonly (number | undefined)[]): string {
  const parts = figures.map((figure, i) => `${REFERENCE_TITLES[i]} ${figure ?? '–'}`);
  return `  reference, other machine: ${parts.join(', ')}\n`;
}

function runTightness(
  options: BenchOptions,
  baselines: readonly Competitor[],
  record: BenchRecord,
  print: Print,
): void {
  const age = options.quick ? { steps: 5_000, seeds: 10 } : { steps: 20_000, seeds: 40 };
  print(
    `P7 tightness: 256 MiB, sizes logU(256, 1 MiB) in steps of 256, ${age.seeds} seeds, ${age.steps} steps each (a slow\n` +
      '   baseline: fewer). fresh: filled at the first refusal. Ageing at the target: a free, then what fits below the\n' +
      '   target; refused: share of requests; live: mean of the second half. aged: filled at the next refusal.\n',
  );
  const pairs: [Competitor, number][] = [TLSF, BEST_FIT, ...baselines].map((competitor) => [competitor, 95]);
  pairs.push([TLSF, 98], [BEST_FIT, 98]);
  for (const [competitor, target] of pairs) {
    record.tightness.push(measureTightness(competitor, target, age));
  }
  const header = ['', 'target', 'fresh', 'refused', 'live', 'aged'];
  print(formatTable([header, ...record.tightness.map(tightnessCells)]));
  record.verdicts.push(...judgeTightness(record.tightness));
}

function tightnessCells(figures: Tightness): string[] {
  const { name, target, fresh, failed, failedCount, live, refilled } = figures;
  const refused = `${failed.toFixed(3)} % (${failedCount})`;
  return [
    `  ${name}`,
    `${target} %`,
    `${fresh.toFixed(2)} %`,
    refused,
    `${live.toFixed(2)} %`,
    `${refilled.toFixed(2)} %`,
  ];
}

function runMetadata(options: BenchOptions, record: BenchRecord, print: Print): void {
  print('P8 metadata: bytes of tables and bins after W6, spare room of the tables included\n');
  const counts = options.quick ? [1000, 65_536] : [100, 1000, 10_000, 65_536, 100_000, 1_000_000];
  for (const live of counts) record.metadata.push(...measureMetadata(live, live));
  const rows = record.metadata.map(({ name, liveCount, holeCount, bytesPerLive }) => [
    `  ${name}`,
    `${liveCount} live`,
    `${holeCount} holes`,
    `${bytesPerLive.toFixed(1)} B a live range`,
  ]);
  print(formatTable(rows));
  record.verdicts.push(...judgeMetadata(record.metadata));
}

async function runSteadiness(options: BenchOptions, record: BenchRecord, print: Print): Promise<void> {
  const operations = options.quick ? 200_000 : 1_000_000;
  print(`P9 steadiness: ${operations} operations of W1 after as many to warm up, in a process of its own\n`);
  const runFile = fileURLToPath(new URL('./steady-run.js', import.meta.url));
  for (const name of [TLSF.name, BEST_FIT.name]) {
    record.steadiness.push(await measureSteadiness(name, operations, runFile));
  }
  const rows = record.steadiness.map((run) => [
    `  ${run.name}`,
    `heap ${run.grownBytes} B grown`,
    `${run.allocatedBytes} B allocated`,
    `${run.collectionCount} collections`,
    `${run.deoptimised.length} deoptimisations ${run.deoptimised.join(' ')}`,
  ]);
  print(formatTable(rows));
  record.verdicts.push(...judgeSteadiness(record.steadiness));
}
