/**
 * Heap figures: H1 to H6 on every trace, and the times of `endFrame()`.
 *
 * Promise  everything that is printed is also in the record that is answered.
 */
import type { GpuHeapOptions } from '@gpuheap/core';
import { readTrace } from '@gpuheap/trace';
import { openReplayDevice } from 'gpuheap';
import { formatVerdicts } from '../table.ts';
import { judge, type Verdict } from '../verdict.ts';
import { type FrameTimes, summariseFrames } from './frame-times.ts';
import { type FrameLoad, runFrames } from './frame-workload.ts';
import { formatFrames, formatTraces, TRACE_LEGEND } from './heap-tables.ts';
import { judgeTrace } from './heap-verdicts.ts';
import { measureTrace, type TraceRow } from './trace-row.ts';

/** What to measure. */
export interface HeapFiguresOptions {
  /** Paths of traces. */
  readonly traces: readonly string[];
  /** `dawn` is a real WebGPU on a software driver. */
  readonly on: 'dawn' | 'mock';
  readonly repeats: number;
  /** How the heap is made. Default: with no options. */
  readonly heapOptions?: GpuHeapOptions;
  /** What `endFrame()` is judged with: this many live, for so many frames. */
  readonly frameLoad: FrameLoad;
}

/** Everything measured. */
export interface HeapFigures {
  readonly device: string;
  readonly repeats: number;
  readonly traces: readonly TraceRow[];
  /** `endFrame()` on the virtual GPU. */
  readonly frames: FrameTimes;
  readonly verdicts: readonly Verdict[];
}

/** The load at which `endFrame()` is judged. */
export const FULL_FRAME_LOAD: FrameLoad = { liveCount: 10_000, frameCount: 2000 };

/**
 * Measures and prints. Minutes. @throws TraceError `bad-data` · BackendError `no-adapter`, and as
 * `replayTrace`
 */
export async function runHeapFigures(
  options: HeapFiguresOptions,
  print: (text: string) => void,
): Promise<HeapFigures> {
  const { repeats, frameLoad, heapOptions = {} } = options;
  const device = await openReplayDevice(options.on === 'dawn' ? 'software' : 'mock');
  const traces: TraceRow[] = [];
  try {
    print(`device: ${device.name}, ${repeats} repeats; times are medians\n`);
    const run = { repeats, ballastCount: frameLoad.liveCount, heapOptions, onProgress: print };
    for (const path of options.traces) traces.push(await measureTrace(device, await readTrace(path), run));
  } finally {
    device.close();
  }
  print('endFrame() on the virtual GPU');
  const frames = measureFrames(frameLoad, repeats);
  const verdicts = traces.flatMap(judgeTrace);
  print(`\n${TRACE_LEGEND}\n${formatTraces(traces)}`);
  for (const { omissions } of traces) for (const omission of omissions) print(`  ${omission}`);
  print(formatFrames([...traces.flatMap((row) => [row.frames, row.loadedFrames]), frames]));
  verdicts.push(judge('H5', `${frames.name}: slowest endFrame()`, frames.slowest, 'at most', 1, 'ms'));
  print(formatVerdicts(verdicts));
  return { device: device.name, repeats, traces, frames, verdicts };
}

/** Repeats the frame workload. */
function measureFrames(load: FrameLoad, repeats: number): FrameTimes {
  const all = Array.from({ length: repeats }, () => runFrames(load));
  return summariseFrames(`synthetic, ${load.liveCount} live, virtual GPU`, all);
}
