/** Report page: the results of replays as the inspector takes them. */
import type { ReportData, ReportTrace } from '@gpuheap/inspector';
import type { ReplayResult, Trace } from '@gpuheap/trace';
import type { ReplayDevice } from './replay-device.ts';
import { showCount, showMegabytes, tableOf } from './result-table.ts';
import { judgeResults } from './verdicts.ts';

/** One trace and what came of it. */
export interface TraceResults {
  readonly trace: Trace;
  readonly results: readonly ReplayResult[];
  readonly omissions: readonly string[];
}

/** The page's data. */
export function pageOf(device: ReplayDevice, all: readonly TraceResults[]): ReportData {
  return {
    title: 'gpuheap replay',
    subtitle: `Recorded programs replayed on ${device.name}, Node ${process.versions.node}. ${HOW_TO_READ}`,
    traces: all.map(describeTrace),
  };
}

const HOW_TO_READ =
  'API time is what creation, destruction and upload took inside the graphics API, upload is the last of ' +
  'them alone; nanoseconds are medians.';

/** The sentence on a trace: what was recorded, and how much of it there is. */
export function summarise({ trace, results }: TraceResults): string {
  const figures = results[0]?.figures;
  if (figures === undefined) return trace.header.source;
  const counts = [
    `${showCount(figures.eventCount)} events`,
    `${showCount(figures.bufferCount)} buffers of together ${showMegabytes(figures.totalBytes)}`,
    `${showCount(figures.peakLiveCount)} alive at once`,
    `${showCount(figures.frameCount)} frames`,
    `${showCount(figures.submitCount)} submissions`,
  ];
  return counts.join(', ');
}

function describeTrace(one: TraceResults): ReportTrace {
  const { trace, results, omissions } = one;
  const snapshot = results.find((result) => result.snapshotAtPeak !== undefined)?.snapshotAtPeak;
  const description = [`${trace.header.source}.`, `${summarise(one)}.`, ...omissions].join(' ');
  const data = {
    name: trace.header.name,
    description,
    table: tableOf(results),
    verdicts: judgeResults(results),
    curves: results.map(({ mode, timeline }) => ({ mode, samples: timeline })),
  };
  return snapshot === undefined ? data : { ...data, snapshot };
}
