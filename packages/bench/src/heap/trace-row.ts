/**
 * Trace row: what one trace says of the heap, beside a buffer for each resource and beside pooled buffers.
 *
 * Layout   every repeat replays the trace each way; then once more through the heap with many resources
 *          beside its own, for the times of `endFrame()` alone.
 * Promise  counts and bytes are those of the first repeat, and the same in every other; times are summed up.
 *          All bytes are compared in every repeat, and at checkpoints in the first.
 */
import type { GpuHeapOptions } from '@gpuheap/core';
import {
  figuresOf,
  type Place,
  REPLAY_MODES,
  type ReplayMode,
  type ReplayResult,
  type ReplayTarget,
  type Trace,
  type TraceFigures,
} from '@gpuheap/trace';
import {
  compareCreations,
  compareReserved,
  type ModeRun,
  type ReplayDevice,
  runModes,
  type TargetFigure,
} from 'gpuheap';
import { summarise, type Timing } from '../measures/times.ts';
import { type FrameTimes, summariseFrames } from './frame-times.ts';
import { type BeyondLoad, WatchedTarget } from './watched-target.ts';

/** What one way came to. Bytes unless the name says otherwise. */
export interface WayFigures {
  readonly mode: ReplayMode;
  readonly buffersCreated: number;
  readonly peakReservedBytes: number;
  /** Peak reserved over peak live bytes. */
  readonly ratio: number;
  readonly beyondLoad: BeyondLoad;
  /** Milliseconds in the graphics API for creation, destruction and upload. */
  readonly apiMs: Pick<Timing, 'minimum' | 'median' | 'deviation'>;
  /** Over all repeats, as are the next two. */
  readonly bytesVerified: number;
  readonly mismatchCount: number;
  /** Errors that the device reported and nobody caught. */
  readonly errorCount: number;
}

/** One trace. */
export interface TraceRow {
  readonly trace: string;
  readonly repeats: number;
  readonly figures: TraceFigures;
  /** Bytes of the largest chunk for many allocations that the heap had at the peak. */
  readonly chunkBytes: number;
  /** Ways that were left out, a sentence each. */
  readonly omissions: readonly string[];
  readonly ways: readonly WayFigures[];
  /** H1, where it asks anything of this trace. */
  readonly creations: TargetFigure | undefined;
  /** H2. */
  readonly reserved: TargetFigure | undefined;
  /** `endFrame()` of the heap, with the trace's own resources. */
  readonly frames: FrameTimes;
  /** The same with many more. */
  readonly loadedFrames: FrameTimes;
}

/** How a trace is measured. */
export interface TraceRun {
  readonly repeats: number;
  /** Resources beside the trace's own, for `loadedFrames`. */
  readonly ballastCount: number;
  /** How the heap is made. */
  readonly heapOptions: GpuHeapOptions;
  /** Told what comes next. */
  onProgress(what: string): void;
}

/** One way in one repeat. */
interface Pass {
  readonly result: ReplayResult;
  readonly beyondLoad: BeyondLoad;
  readonly frameMs: readonly number[];
}

const CHECKPOINTS = 20;

/** Replays a trace. O(repeats × (events + bytes)). @throws as `replayTrace` does */
export async function measureTrace(device: ReplayDevice, trace: Trace, run: TraceRun): Promise<TraceRow> {
  const { repeats, ballastCount, heapOptions } = run;
  const { name } = trace.header;
  const passes: Pass[] = [];
  const loaded: (readonly number[])[] = [];
  const omissions = new Set<string>();
  for (let repeat = 0; repeat < repeats; repeat++) {
    run.onProgress(`${name}: repeat ${repeat + 1} of ${repeats}`);
    const checkpoints = repeat === 0 ? CHECKPOINTS : 0;
    const light = { trace, modes: REPLAY_MODES, checkpoints, heapOptions };
    passes.push(...(await replayWatched(device, light, 0, omissions)));
    const heavy = { trace, modes: ['gpuheap'], checkpoints: 0, heapOptions } as const;
    const [pass] = await replayWatched(device, heavy, ballastCount, omissions);
    loaded.push(pass?.frameMs ?? []);
  }
  const passesOf = (mode: ReplayMode): Pass[] => passes.filter(({ result }) => result.mode === mode);
  const heapPasses = passesOf('gpuheap');
  const heap = (heapPasses[0] as Pass).result;
  const frameMs = heapPasses.map((pass) => pass.frameMs);
  return {
    trace: name,
    repeats,
    figures: figuresOf(trace),
    chunkBytes: largestChunk(heap),
    omissions: [...omissions],
    ways: REPLAY_MODES.map(passesOf)
      .filter(({ length }) => length > 0)
      .map(joinPasses),
    creations: compareCreations(heap),
    reserved: compareReserved(heap),
    frames: summariseFrames(name, frameMs),
    loadedFrames: summariseFrames(`${name}, ${ballastCount} more live`, loaded),
  };
}

async function replayWatched(
  device: ReplayDevice,
  what: Pick<ModeRun, 'trace' | 'modes' | 'checkpoints' | 'heapOptions'>,
  ballastCount: number,
  omissions: Set<string>,
): Promise<Pass[]> {
  const watched = new Map<ReplayMode, Pick<Pass, 'frameMs' | 'beyondLoad'>>();
  function wrap<Buffer, Resource extends Place<Buffer>>(
    target: ReplayTarget<Buffer, Resource>,
  ): ReplayTarget<Buffer, Resource> {
    const around = new WatchedTarget(target, ballastCount);
    watched.set(target.mode, around);
    return around;
  }
  const done = await runModes(device, { ...what, wrap, onProgress: () => {} });
  for (const omission of done.omissions) omissions.add(omission);
  return done.results.map((result) => {
    const { beyondLoad, frameMs } = watched.get(result.mode) as Pick<Pass, 'frameMs' | 'beyondLoad'>;
    return { result, beyondLoad, frameMs };
  });
}

/** The repeats of one way, at least one. */
function joinPasses(passes: readonly Pass[]): WayFigures {
  const { result, beyondLoad } = passes[0] as Pass;
  const { mode, buffersCreated, peakReservedBytes, ratio } = result;
  const sum = (of: (one: ReplayResult) => number): number =>
    passes.reduce((before, pass) => before + of(pass.result), 0);
  return {
    mode,
    buffersCreated,
    peakReservedBytes,
    ratio,
    beyondLoad,
    apiMs: summarise(passes.map((pass) => pass.result.memoryApiMs)),
    bytesVerified: sum(({ bytesVerified }) => bytesVerified),
    mismatchCount: sum(({ mismatchCount }) => mismatchCount),
    errorCount: sum(({ uncapturedErrors }) => uncapturedErrors),
  };
}

function largestChunk({ snapshotAtPeak }: ReplayResult): number {
  const shared = (snapshotAtPeak?.chunks ?? []).filter(({ dedicated }) => !dedicated);
  return Math.max(0, ...shared.map(({ sizeBytes }) => sizeBytes));
}
