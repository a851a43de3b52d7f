/**
 * Heap verdicts: H1 to H6 on one trace.
 *
 * Promise  judges the heap, but for H6, which judges every way: a wrong byte anywhere makes all figures
 *          worthless.
 */
import { judge, type Verdict } from '../verdict.ts';
import type { TraceRow, WayFigures } from './trace-row.ts';

/** Of what the same calls take without a heap. */
const H4_SHARE = 0.2;
const H5_MS = 1;
const MEBI: number = 1024 * 1024;

/** The verdicts on one trace; H1 only where the trace makes a thousand buffers. */
export function judgeTrace(row: TraceRow): Verdict[] {
  const { trace, creations, reserved } = row;
  const verdicts: Verdict[] = [];
  if (creations !== undefined) {
    const what = `${trace}: times fewer buffers`;
    verdicts.push(judge('H1', what, creations.figure, 'at least', creations.limit, '×'));
  }
  if (reserved !== undefined) {
    const what = `${trace}: peak reserved over peak live`;
    verdicts.push(judge('H2', what, reserved.figure, 'at most', reserved.limit, '×'));
  }
  verdicts.push(...judgeLoads(row), judgeApi(row));
  const what = `${row.loadedFrames.name}: slowest endFrame()`;
  verdicts.push(judge('H5', what, row.loadedFrames.slowest, 'at most', H5_MS, 'ms'));
  verdicts.push(judge('H6', `${trace}: wrong resources and errors`, countFaults(row), 'at most', 0, ''));
  return verdicts;
}

/** Wrong resources and uncaught errors of all ways and repeats. */
export function countFaults({ ways }: TraceRow): number {
  return ways.reduce((sum, { mismatchCount, errorCount }) => sum + mismatchCount + errorCount, 0);
}

/** The heap's time in the graphics API over that of a buffer for each resource. */
export function apiShareOf(row: TraceRow): number {
  return (wayOf(row, 'gpuheap')?.apiMs.median ?? 0) / (wayOf(row, 'direct')?.apiMs.median ?? 0);
}

/** One way of a row, unless it was left out. */
export function wayOf({ ways }: TraceRow, mode: WayFigures['mode']): WayFigures | undefined {
  return ways.find((way) => way.mode === mode);
}

function judgeLoads(row: TraceRow): Verdict[] {
  const { recorded = 0, scattered = 0, empty = 0 } = wayOf(row, 'gpuheap')?.beyondLoad ?? {};
  const limit = row.chunkBytes / MEBI;
  const what = `${row.trace}: reserved beyond 1.25 of the load,`;
  return [
    judge(
      'H3',
      `${what} as recorded and at its end`,
      Math.max(recorded, empty) / MEBI,
      'at most',
      limit,
      'MiB',
    ),
    judge('H3', `${what} every fourth left`, scattered / MEBI, 'at most', limit, 'MiB'),
  ];
}

function judgeApi(row: TraceRow): Verdict {
  const what = `${row.trace}: time in the API over direct`;
  return judge('H4', what, apiShareOf(row), 'at most', H4_SHARE, '×');
}
