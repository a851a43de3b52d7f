/**
 * Defragment command: `pnpm bench defragment [--traces DIR] [--repeats N] [--json FILE]
 * [--pictures DIR]`.
 */
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type DefragmentationStrategy, planDefragmentation } from '@gpuheap/core';
import { carriedTraces, findTrace, tracesIn } from '@gpuheap/trace';
import type { Command } from 'commander';
import { formatTable, formatVerdicts } from '../table.ts';
import { judge, type Verdict } from '../verdict.ts';
import { type FragmentedHeap, halfFreed, halfOfPeak, type Scenario } from './fragmented-heaps.ts';
import { drawPlan } from './picture.ts';
import { measurePlan, type PlanRow } from './plan-row.ts';

interface Flags {
  traces?: string;
  repeats: number;
  json?: string;
  pictures?: string;
}

const STRATEGIES: readonly DefragmentationStrategy[] = ['fast', 'balanced', 'full'];
const MEBI: number = 1024 * 1024;
/** 64k ranges of which half live on, and twice as many shorter ones. */
export const FULL_SCENARIOS: readonly Scenario[] = [
  { bytes: 1024 * MEBI, mostBytes: 64 * 1024 },
  { bytes: 1024 * MEBI, mostBytes: 32 * 1024 },
];
const DRAWN_SCENARIO: Scenario = { bytes: 256 * MEBI, mostBytes: 2048 * 1024 };
const TRACE_ENDING = '.ndjson.gz';

/** Adds the command. `parseCount` reads a number of 1 or more. */
export function addDefragmentCommand(program: Command, parseCount: (text: string) => number): void {
  program
    .command('defragment')
    .description('D1 to D4 of plans, on a heap half freed and on heaps cut from recorded programs.')
    .option('--traces <folder>', 'the traces in this folder instead of the carried ones')
    .option('--repeats <count>', 'times that each plan is made', parseCount, 55)
    .option('--json <file>', 'also write every figure to this file')
    .option('--pictures <folder>', 'draw a small heap before and after there, and do nothing else')
    .action(async ({ traces, repeats, json, pictures }: Flags) => {
      if (pictures !== undefined) {
        drawPictures(pictures);
        return;
      }
      const paths = traces === undefined ? carriedTraces().map(findTrace) : tracesIn(traces);
      const print = (text: string): void => console.log(text);
      const figures = await runDefragmentFigures(
        { scenarios: FULL_SCENARIOS, traces: paths, repeats },
        print,
      );
      if (json === undefined) return;
      const head = { format: 'gpuheap-defragmentation-figures', version: 1, node: process.versions.node };
      writeFileSync(json, `${JSON.stringify({ ...head, ...figures }, null, 2)}\n`);
    });
}

/** Writes `fragmented-before.svg` and `fragmented-after.svg`. */
export function drawPictures(folder: string): void {
  const { fragments } = halfFreed(DRAWN_SCENARIO);
  const { before, after } = drawPlan(fragments, planDefragmentation(fragments, { strategy: 'full' }));
  writeFileSync(join(folder, 'fragmented-before.svg'), before);
  writeFileSync(join(folder, 'fragmented-after.svg'), after);
}

/** What to measure. */
export interface DefragmentFiguresOptions {
  readonly scenarios: readonly Scenario[];
  /** Paths of traces. */
  readonly traces: readonly string[];
  readonly repeats: number;
}

/** Everything measured. */
export interface DefragmentFigures {
  readonly rows: readonly PlanRow[];
  readonly verdicts: readonly Verdict[];
}

/** Measures and prints. */
export async function runDefragmentFigures(
  { scenarios, traces, repeats }: DefragmentFiguresOptions,
  print: (text: string) => void,
): Promise<DefragmentFigures> {
  const heaps: FragmentedHeap[] = scenarios.map(halfFreed);
  for (const path of traces) {
    const heap = await halfOfPeak(path, basename(path, TRACE_ENDING));
    if (heap !== undefined) heaps.push(heap);
  }
  const clock = (): number => performance.now();
  const rows: PlanRow[] = [];
  for (const heap of heaps) {
    for (const strategy of STRATEGIES) rows.push(measurePlan(heap, strategy, repeats, clock));
  }
  print(
    `Plans of defragmentation, the least time of ${repeats} repeats. A heap of a recorded program is that of its peak, of which every\n` +
      'second range is freed; its chunks are of several sizes, and the bound is no promise there. Over least: what was moved\n' +
      'over what lives in as many chunks as were emptied, those with the least; some of which no other chunk may have room for.\n',
  );
  print(formatTable([COLUMNS, ...rows.map(cellsOf)]));
  const scenarioNames = heaps.slice(0, scenarios.length).map(({ name }) => name);
  const verdicts = rows.flatMap((row) => judgeRow(row, scenarioNames.includes(row.heap)));
  print(formatVerdicts(verdicts));
  return { rows, verdicts };
}

const COLUMNS = [
  '  heap, strategy',
  'chunks in use',
  'bound',
  'holes',
  'moved of live',
  'over least',
  'given back',
  'planned in',
  'slowest pass',
  'stop',
];

function cellsOf(row: PlanRow): string[] {
  const { before, after, movedBytes, emptiedBytes, stop } = row.plan;
  return [
    `  ${row.heap}, ${row.strategy}`,
    `${before.usedChunks} → ${after.usedChunks}`,
    `${row.chunkBound}`,
    `${before.holeCount} → ${after.holeCount}`,
    `${mebibytes(movedBytes)} of ${mebibytes(before.liveBytes)} MiB`,
    row.leastBytes === 0 ? '–' : (movedBytes / row.leastBytes).toFixed(2),
    `${mebibytes(emptiedBytes)} MiB`,
    `${row.totalMs.toFixed(1)} ms, ${row.passCount} passes`,
    `${row.slowestPassMs.toFixed(2)} ms`,
    stop,
  ];
}

function mebibytes(bytes: number): string {
  return (bytes / MEBI).toFixed(1);
}

function judgeRow(row: PlanRow, isScenario: boolean): Verdict[] {
  const { plan, strategy } = row;
  const what = `${row.heap}, ${strategy}:`;
  const verdicts = [judge('D4', `${what} moves that no move may be`, row.faults, 'at most', 0, '')];
  if (!isScenario) return verdicts;
  verdicts.push(
    judge('D1', `${what} slowest pass`, row.slowestPassMs, 'at most', 1, 'ms'),
    judge('D1', `${what} all planning`, row.totalMs, 'at most', 60, 'ms'),
  );
  if (strategy === 'full') {
    verdicts.push(
      judge('D2', `${what} chunks in use`, plan.after.usedChunks, 'at most', row.chunkBound, ''),
      judge('D2', `${what} holes`, plan.after.holeCount, 'at most', plan.after.usedChunks, ''),
    );
  } else if (row.leastBytes > 0) {
    verdicts.push(
      judge('D3', `${what} moved over least`, plan.movedBytes / row.leastBytes, 'at most', 1.15, '×'),
    );
  }
  return verdicts;
}
