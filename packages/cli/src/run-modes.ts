/**
 * Run modes: one trace, replayed each way on one device.
 *
 * Refusal  the pooled way is left out where it would take more than half of this machine's memory: it keeps
 *          everything.
 */
import { freemem } from 'node:os';
import type { GpuHeapOptions } from '@gpuheap/core';
import {
  DirectTarget,
  forecastPooledBytes,
  HeapTarget,
  MeasuredBackend,
  type Place,
  PooledTarget,
  type ReplayMode,
  type ReplayOptions,
  type ReplayResult,
  type ReplayTarget,
  replayTrace,
  type Trace,
} from '@gpuheap/trace';
import type { ReplayDevice } from './replay-device.ts';

/** What a replay of one trace is asked for. */
export interface ModeRun {
  readonly trace: Trace;
  readonly modes: readonly ReplayMode[];
  readonly checkpoints: number;
  /** What is replayed on instead of each way's target: most often something around it, to look on. */
  wrap?<Buffer, Resource extends Place<Buffer>>(
    target: ReplayTarget<Buffer, Resource>,
  ): ReplayTarget<Buffer, Resource>;
  /** How the heap is made, where it is one of the ways. */
  readonly heapOptions?: GpuHeapOptions;
  onProgress(mode: ReplayMode, done: number, all: number): void;
}

/** The results, and a sentence for each way that was left out. */
export interface ModeResults {
  readonly results: readonly ReplayResult[];
  readonly omissions: readonly string[];
}

/** Replays a trace each way, one after the other. */
export async function runModes(device: ReplayDevice, run: ModeRun): Promise<ModeResults> {
  const results: ReplayResult[] = [];
  const omissions: string[] = [];
  for (const mode of run.modes) {
    const omission = mode === 'pooled' ? refusePooled(device, run.trace) : undefined;
    if (omission !== undefined) omissions.push(omission);
    else results.push(await runMode(device, run, mode));
  }
  return { results, omissions };
}

async function runMode(device: ReplayDevice, run: ModeRun, mode: ReplayMode): Promise<ReplayResult> {
  const raw = device.backend(mode);
  const backend = new MeasuredBackend(raw);
  const options: ReplayOptions = {
    checkpoints: run.checkpoints,
    countErrors: () => device.countErrors(),
    onProgress: (done, all) => run.onProgress(mode, done, all),
  };
  try {
    if (mode === 'direct') return await replayOn(run, new DirectTarget(backend), options);
    if (mode === 'pooled') return await replayOn(run, new PooledTarget(backend), options);
    return await replayOn(run, new HeapTarget(backend, run.heapOptions), options);
  } finally {
    raw.dispose();
  }
}

function replayOn<Buffer, Resource extends Place<Buffer>>(
  run: ModeRun,
  target: ReplayTarget<Buffer, Resource>,
  options: ReplayOptions,
): Promise<ReplayResult> {
  return replayTrace(run.trace, run.wrap?.(target) ?? target, options);
}

/**
 * Why the pooled way is left out, if it is: on software and mock devices its buffers are this machine's
 * memory.
 */
function refusePooled(device: ReplayDevice, trace: Trace): string | undefined {
  if (device.kind === 'hardware') return undefined;
  const needed = forecastPooledBytes(trace);
  const available = process.availableMemory?.() ?? freemem();
  if (needed <= available / 2) return undefined;
  const gigabytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  const holding = `it would hold ${gigabytes(needed)}`;
  return `pooled left out: ${holding}, and this machine has ${gigabytes(available)} free`;
}
