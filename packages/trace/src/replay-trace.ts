/**
 * Replay trace: drives one target through the calls of a trace, with real bytes, and verifies them.
 *
 * Cost     O(events + bytes). The host keeps the bytes of partly written resources; all others are slices of
 *          a table.
 * Promise  what a resource must hold is known at any time and compared at checkpoints, at mapped reads and at
 *          the end.
 * Refusal  draws and dispatches are not replayed: a copy from a table stands in for what they would have
 *          produced.
 */
import type { HeapSnapshot } from '@gpuheap/core';
import { planCheckpoints } from './checkpoint-plan.ts';
import { Pacer } from './pacer.ts';
import { PatternTable } from './pattern-table.ts';
import { type ReplayOptions, resolveReplayOptions } from './replay-options.ts';
import type { ReplayResult } from './replay-result.ts';
import type { Place, ReplayTarget } from './replay-target.ts';
import { Replayer } from './replayer.ts';
import { Timeline } from './timeline.ts';
import { EventKind, type Trace } from './trace.ts';
import { figuresOf } from './trace-figures.ts';
import { Verifier } from './verifier.ts';

const PROGRESS_STEP = 1024;

/** What happens beside the replay itself. */
interface Watch<Buffer> {
  readonly verifier: Verifier<Buffer>;
  readonly timeline: Timeline;
  readonly checkpoints: ReadonlySet<number>;
  readonly peakEvent: number;
  readonly options: Required<ReplayOptions>;
}

/**
 * Replays a trace on a fresh target, which it disposes of in the end; the target's backend stays as it is.
 * @throws UsageError `bad-argument`, `unknown-option`, `bad-size` · OutOfMemoryError · BackendError
 */
export async function replayTrace<Buffer, Resource extends Place<Buffer>>(
  trace: Trace,
  target: ReplayTarget<Buffer, Resource>,
  options: ReplayOptions = {},
): Promise<ReplayResult> {
  const resolved = resolveReplayOptions(options);
  const { backend } = target;
  const errorsBefore = resolved.countErrors();
  const from = backend.clock();
  const figures = figuresOf(trace);
  const replayer = new Replayer(trace, target, new PatternTable());
  const verifier = new Verifier(backend, replayer.findings);
  const timeline = new Timeline(trace, resolved.samples);
  const checkpoints = planCheckpoints(trace, resolved.checkpoints);
  const watch = { verifier, timeline, checkpoints, peakEvent: figures.peakEvent, options: resolved };
  const snapshotAtPeak = await run(trace, replayer, target, watch);
  const { findings } = replayer;
  verifier.dispose();
  replayer.finish();
  await new Pacer(backend.inner).settle();
  resolved.onProgress(trace.eventCount, trace.eventCount);
  const { create, destroy, write, clear, map } = backend.times;
  return {
    trace: trace.header.name,
    mode: target.mode,
    figures,
    buffersCreated: backend.createdBufferCount,
    buffersDestroyed: backend.destroyedBufferCount,
    buffersLeft: backend.createdBufferCount - backend.destroyedBufferCount,
    createdBytes: backend.createdBytes,
    peakReservedBytes: backend.peakReservedBytes,
    peakLiveBytes: figures.peakLiveBytes,
    ratio: backend.peakReservedBytes / Math.max(1, figures.peakLiveBytes),
    apiMs: { ...backend.times },
    memoryApiMs: create + destroy + write + clear + map,
    nsPerAllocate: replayer.allocations.medianNs(),
    nsPerAllocateMean: replayer.allocations.meanNs(),
    nsPerFree: replayer.frees.medianNs(),
    nsPerFreeMean: replayer.frees.meanNs(),
    bytesVerified: findings.bytesVerified,
    checkpoints: checkpoints.size + 1,
    mismatchCount: findings.mismatchCount,
    mismatches: findings.mismatches,
    uncapturedErrors: resolved.countErrors() - errorsBefore,
    offsetsChecksum: replayer.offsetsChecksum,
    timeline: timeline.samples,
    snapshotAtPeak,
    wallMs: backend.clock() - from,
  };
}

/** All events, and the verification of what is alive at the end. Answers the snapshot at the peak. */
async function run<Buffer, Resource extends Place<Buffer>>(
  trace: Trace,
  replayer: Replayer<Buffer, Resource>,
  target: ReplayTarget<Buffer, Resource>,
  { verifier, timeline, checkpoints, peakEvent, options }: Watch<Buffer>,
): Promise<HeapSnapshot | undefined> {
  const pacer = new Pacer(target.backend.inner);
  let snapshot: HeapSnapshot | undefined;
  for (let index = 0; index < trace.eventCount; index++) {
    const work = replayer.step(index);
    if (work !== undefined) await work;
    if (index === peakEvent) snapshot = target.snapshot();
    if (timeline.isDue(index)) {
      timeline.add(index, replayer.liveBytes, target.backend.reservedBytes, target.pendingBytes);
    }
    if (trace.kinds[index] === EventKind.SUBMIT) {
      const behind = pacer.submitted();
      if (behind !== undefined) await behind;
    }
    if (checkpoints.has(index)) {
      replayer.fills.submit();
      await verifier.verify([...replayer.live.values()], options.checkpointBytes, index);
    }
    if (index % PROGRESS_STEP === 0) options.onProgress(index, trace.eventCount);
  }
  replayer.fills.submit();
  await verifier.verify([...replayer.live.values()], Number.POSITIVE_INFINITY, trace.eventCount);
  return snapshot;
}
