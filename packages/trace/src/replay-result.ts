/** Replay result: the figures of one trace replayed one way. */
import type { HeapSnapshot } from '@gpuheap/core';
import type { ApiTimes } from './measured-backend.ts';
import type { Mismatch } from './mismatch.ts';
import type { ReplayMode } from './replay-target.ts';
import type { TimelineSample } from './timeline.ts';
import type { TraceFigures } from './trace-figures.ts';

/** Bytes unless the name says otherwise. */
export interface ReplayResult {
  readonly trace: string;
  readonly mode: ReplayMode;
  readonly figures: TraceFigures;
  readonly buffersCreated: number;
  readonly buffersDestroyed: number;
  /** Buffers that were still there after everything had been given back. */
  readonly buffersLeft: number;
  readonly createdBytes: number;
  /** The most that was held from the device at once, staging included. */
  readonly peakReservedBytes: number;
  /** The most that the trace's resources needed at once, exactly. */
  readonly peakLiveBytes: number;
  /** `peakReservedBytes / peakLiveBytes`. */
  readonly ratio: number;
  /** Milliseconds in the graphics API, by what was asked of it. */
  readonly apiMs: ApiTimes;
  /** Milliseconds in the graphics API for creation, destruction and upload, by writes or by mapping. */
  readonly memoryApiMs: number;
  /**
   * Nanoseconds of one resource's creation and release, the graphics API included: the median, and the mean.
   */
  readonly nsPerAllocate: number;
  readonly nsPerAllocateMean: number;
  readonly nsPerFree: number;
  readonly nsPerFreeMean: number;
  readonly bytesVerified: number;
  readonly checkpoints: number;
  readonly mismatchCount: number;
  /** The first 20. */
  readonly mismatches: readonly Mismatch[];
  /** Errors that the device reported and nobody caught. */
  readonly uncapturedErrors: number;
  /** Depends on the offset of every resource and on their order. */
  readonly offsetsChecksum: number;
  readonly timeline: readonly TimelineSample[];
  /** The memory map when the most bytes were live; modes without a heap have none. */
  readonly snapshotAtPeak: HeapSnapshot | undefined;
  /** Milliseconds of the whole replay, verification included. */
  readonly wallMs: number;
}
