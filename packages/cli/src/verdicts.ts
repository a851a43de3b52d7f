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

/** The verdicts on one trace's replays. */
export function judgeResults(results: readonly ReplayResult[]): ReportVerdict[] {
  const heap = results.find((result) => result.mode === 'gpuheap');
  const verdicts: ReportVerdict[] = [];
  if (heap !== undefined && heap.figures.bufferCount >= H1_LEAST_BUFFERS) verdicts.push(judgeCreations(heap));
  if (heap !== undefined && heap.peakLiveBytes > 0) verdicts.push(judgeReserved(heap));
  verdicts.push(judgeBytes(results));
  return verdicts;
}

/** Whether every byte was right and no error was left uncaught. */
export function isFaultless(results: readonly ReplayResult[]): boolean {
  return judgeBytes(results).passed;
}

function judgeCreations({ figures, buffersCreated }: ReplayResult): ReportVerdict {
  const times = figures.bufferCount / Math.max(1, buffersCreated);
  const made = `${showCount(buffersCreated)} backend buffers for ${showCount(figures.bufferCount)} resources`;
  const text = `${made}, ${times.toFixed(1)} times fewer (target: at least ${H1_TIMES_FEWER})`;
  return { name: 'H1', text, passed: times >= H1_TIMES_FEWER };
}

function judgeReserved({ ratio, peakLiveBytes }: ReplayResult): ReportVerdict {
  const most = peakLiveBytes < H2_SMALL_PEAK ? H2_SMALL_RATIO : H2_RATIO;
  const found = `peak reserved is ${ratio.toFixed(3)} times peak live, staging included`;
  const text = `${found} (target: at most ${most.toFixed(2)})`;
  return { name: 'H2', text, passed: ratio <= most };
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
