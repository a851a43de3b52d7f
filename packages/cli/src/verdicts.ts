/**
 * Verdicts: the targets of the project that a replay can show, with the figure that was reached.
 *
 * Promise  H1 and H2 judge the heap; H6 judges every way, for a wrong byte anywhere makes all figures
 *          worthless.
 */
import type { ReportVerdict } from '@gpuheap/inspector';
import type { ReplayResult } from '@gpuheap/trace';
import { showCount, showMegabytes } from './result-table.ts';

const H1_TIMES_FEWER = 100;
const H1_LEAST_BUFFERS = 1000;
const H2_RATIO = 1.1;
const H2_SMALL_RATIO = 1.15;
const H2_SMALL_PEAK: number = 8 * 1024 * 1024;

/** A figure of one replay beside what it may be. */
export interface TargetFigure {
  readonly figure: number;
  readonly limit: number;
  readonly passed: boolean;
}

/** The verdicts on one trace's replays. */
export function judgeResults(results: readonly ReplayResult[]): ReportVerdict[] {
  const heap = results.find((result) => result.mode === 'gpuheap');
  const verdicts: ReportVerdict[] = [];
  if (heap !== undefined) verdicts.push(...judgeCreations(heap), ...judgeReserved(heap));
  verdicts.push(judgeBytes(results));
  return verdicts;
}

/** H1: how many resources there are for each buffer made; undefined for the few of a small trace. */
export function compareCreations({ figures, buffersCreated }: ReplayResult): TargetFigure | undefined {
  if (figures.bufferCount < H1_LEAST_BUFFERS) return undefined;
  const figure = figures.bufferCount / Math.max(1, buffersCreated);
  return { figure, limit: H1_TIMES_FEWER, passed: figure >= H1_TIMES_FEWER };
}

/** H2: peak reserved over peak live bytes; undefined where nothing lived. */
export function compareReserved({ ratio, peakLiveBytes }: ReplayResult): TargetFigure | undefined {
  if (peakLiveBytes === 0) return undefined;
  const limit = peakLiveBytes < H2_SMALL_PEAK ? H2_SMALL_RATIO : H2_RATIO;
  return { figure: ratio, limit, passed: ratio <= limit };
}

/** Whether every byte was right and no error was left uncaught. */
export function isFaultless(results: readonly ReplayResult[]): boolean {
  return judgeBytes(results).passed;
}

function judgeCreations(heap: ReplayResult): ReportVerdict[] {
  const compared = compareCreations(heap);
  if (compared === undefined) return [];
  const { figure, limit, passed } = compared;
  const resources = showCount(heap.figures.bufferCount);
  const made = `${showCount(heap.buffersCreated)} backend buffers for ${resources} resources`;
  const text = `${made}, ${figure.toFixed(1)} times fewer (target: at least ${limit})`;
  return [{ name: 'H1', text, passed }];
}

function judgeReserved(heap: ReplayResult): ReportVerdict[] {
  const compared = compareReserved(heap);
  if (compared === undefined) return [];
  const { figure, limit, passed } = compared;
  const found = `peak reserved is ${figure.toFixed(3)} times peak live, staging included`;
  const text = `${found} (target: at most ${limit.toFixed(2)})`;
  return [{ name: 'H2', text, passed }];
}

function judgeBytes(results: readonly ReplayResult[]): ReportVerdict {
  const sum = (of: (result: ReplayResult) => number): number =>
    results.reduce((before, result) => before + of(result), 0);
  const wrong = sum((result) => result.mismatchCount);
  const errors = sum((result) => result.uncapturedErrors);
  const verified = showMegabytes(sum((result) => result.bytesVerified));
  const faults = `${showCount(wrong)} mismatches, ${showCount(errors)} device errors`;
  const text = `${verified} read back, ${faults} (target: none)`;
  return { name: 'H6', text, passed: wrong === 0 && errors === 0 };
}
