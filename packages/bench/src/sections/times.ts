/**
 * Times section, P1 to P6: each row's figures, ours, the baselines' and the native peers' beside each other.
 *
 * Promise  a row is timed once however many of the targets are asked for. Baselines run for P4 alone.
 */
import { type CompetitorName, findCompetitor } from '../competitors/by-name.ts';
import { HARNESS } from '../competitors/harness.ts';
import { KINDS } from '../competitors/kinds.ts';
import { canHold, type Timing } from '../measures/times.ts';
import { resultsFor } from '../peers.ts';
import type { Program } from '../programs/program.ts';
import { chooseRows, ROW_NAMES, type Row, type RowName, recordRow } from '../programs/rows.ts';
import { formatTable } from '../table.ts';
import { asks, type BenchRun, type TimedRow, warmUpsOf } from './bench-run.ts';
import {
  judgeAgainstBaselines,
  judgeAgainstPeers,
  judgeFlatness,
  judgeLogarithm,
  ROWS_OF_SECTIONS,
} from './time-targets.ts';

/** Times every row that is asked for; prints it and adds its verdicts. Minutes, unless quick. */
export async function runTimes(run: BenchRun, baselines: readonly CompetitorName[]): Promise<void> {
  const { options, record, print } = run;
  print(
    `P1 to P6 time: nanoseconds an operation, minimum (median ± deviation) of ${options.repeats} repeats in turns,\n` +
      '   CPU time; × is the minimum beside that of tlsf. An operation is an allocate with its offset used, or a\n' +
      '   free. "harness" does nothing: it is the price of the loop, within every figure. n=… is how many\n' +
      '   operations a slow baseline ran; baselines align to 8 or 16 and have a quarter more room.\n',
  );
  for (const row of await chooseRows(namesAsked(run), options.quick)) {
    const program = recordRow(row, options.quick, options.seed);
    const timed = await timeRow(run, row, program, asks(run, 'P4') ? baselines : []);
    record.times.push(timed);
    const verdicts = [...judgeAgainstPeers(timed), ...judgeAgainstBaselines(timed)];
    record.verdicts.push(...verdicts.filter(({ target }) => asks(run, target)));
    print(`${row.title}, ${program.operationCount - program.fillCount} operations`);
    print(formatTable(cellsOf(timed, program)));
    print(referenceLine(timed));
  }
  if (asks(run, 'P3')) record.verdicts.push(...judgeFlatness(record.times));
  if (asks(run, 'P5')) record.verdicts.push(...judgeLogarithm(record.times));
  printPeers(run);
}

/** Rows that some section needs, and the one workload if there is one. */
function namesAsked({ options }: BenchRun): RowName[] {
  const needed = options.sections.flatMap((section) => ROWS_OF_SECTIONS[section] ?? []);
  return ROW_NAMES.filter(
    (name) => needed.includes(name) && (options.workload === undefined || options.workload === name),
  );
}

async function timeRow(
  { options, threads }: BenchRun,
  row: Row,
  program: Program,
  baselines: readonly CompetitorName[],
): Promise<TimedRow> {
  const { id, title, name, liveCount, reference = {} } = row;
  const ours = [HARNESS, ...KINDS.filter(({ rows }) => rows.includes(name))];
  const others = row.oursOnly ? [] : baselines.filter((baseline) => canRun(baseline, row, program));
  const tasks = [...ours.map((kind) => ({ name: kind.name })), ...others].map((competitor) => {
    return { what: 'allocator', competitor, program, liveCount } as const;
  });
  const timings = await threads.time(tasks, { warmUps: warmUpsOf(options), repeats: options.repeats });
  return { id, title, name, liveCount, reference, timings, peers: resultsFor(id, program, options.peers) };
}

/** W5 asks for what must be refused: one baseline traps then, another would take minutes. */
function canRun(baseline: CompetitorName, row: Row, program: Program): boolean {
  return (row.name !== 'W5' || baseline.name === 'malloc') && canHold(findCompetitor(baseline), program);
}

function cellsOf({ timings, peers }: TimedRow, program: Program): string[][] {
  const tlsf = timings.find(({ name }) => name === 'tlsf')?.minimum ?? Number.NaN;
  const operations = program.operationCount - program.fillCount;
  const cells = timings.map((timing) => [
    `  ${timing.name}`,
    ...figureCells(timing.minimum, tlsf, spreadOf(timing), timing.failedCount),
    timing.operations === operations ? '' : `n=${timing.operations}`,
  ]);
  for (const { name, nanoseconds, failedCount } of peers) {
    cells.push([`  native ${name}`, ...figureCells(nanoseconds, tlsf, '', failedCount), '']);
  }
  return cells;
}

function spreadOf({ median, deviation }: Timing): string {
  return `(${median.toFixed(1)} ± ${deviation.toFixed(1)})`;
}

function figureCells(nanoseconds: number, tlsf: number, spread: string, failedCount: number): string[] {
  return [
    nanoseconds.toFixed(1),
    spread,
    `${(nanoseconds / tlsf).toFixed(2)} ×`,
    failedCount === 0 ? '' : `${failedCount} refused`,
  ];
}

function referenceLine({ reference }: TimedRow): string {
  const parts = Object.entries(reference).map(([name, figure]) => `${name} ${figure}`);
  return parts.length === 0 ? '' : `  reference, native, another machine: ${parts.join(', ')}\n`;
}

/** Whose results the peers' are, and what can not be judged. */
function printPeers({ options: { peers }, record, print }: BenchRun): void {
  if (peers === undefined) {
    print(
      'P1, P2, P5, P6 and a part of P3 compare with native programs: export the workloads, measure them here and\n' +
        'pass --peers FILE for verdicts. The reference figures above are of another machine.\n',
    );
    return;
  }
  print(`Native peers: ${peers.machine ?? 'measured on an unnamed machine'}\n`);
  const ids = record.times.map(({ id }) => id);
  const usable = record.times.reduce((count, row) => count + row.peers.length, 0);
  const given = peers.peers.filter(({ workload }) => ids.includes(workload)).length;
  if (usable === 0) print(`None of ${given} results is of these very workloads: export and measure again.`);
}
