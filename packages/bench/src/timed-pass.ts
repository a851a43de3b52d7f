/**
 * Timed pass: replays a part of a workload through one allocator. The loop and nothing else: whoever measures
 * loads this module once for each allocator, so that the engine specialises each copy for one class.
 *
 * Promise  every offset is stored, so no call can be optimised away; nothing else happens within the clock.
 */
import { OPERATION_ALLOCATE } from '@gpuheap/testing/workloads';
import type { Subject } from './competitors/competitor.ts';
import type { Program } from './trace-program.ts';

/**
 * Live handles (0: none) and offsets by slot, as a program would keep them; carried from the fill to the
 * timed part.
 */
export interface PassState {
  readonly handles: number[];
  readonly offsets: Float64Array;
}

/** This module's shape, for loading copies of it. */
export interface TimedPassModule {
  readonly replayPart: typeof replayPart;
}

/** Replays operations `from` to `to`; answers how many allocations were refused. O(operations). */
export function replayPart(
  program: Program,
  subject: Subject,
  state: PassState,
  from: number,
  to: number,
): number {
  const { kind, slot, size, alignment } = program.operations;
  const { handles, offsets } = state;
  let failedCount = 0;
  for (let i = from; i < to; i++) {
    const at = slot[i] as number;
    if (kind[i] === OPERATION_ALLOCATE) {
      const handle = subject.allocate(size[i] as number, alignment[i] as number);
      handles[at] = handle;
      if (handle === 0) failedCount++;
      else offsets[at] = subject.offsetOf(handle);
    } else {
      const handle = handles[at] as number;
      if (handle !== 0) {
        subject.free(handle);
        handles[at] = 0;
      }
    }
  }
  return failedCount;
}
