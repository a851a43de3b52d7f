/**
 * Timed pass: replays a part of a workload through one allocator. The loop and nothing else: whoever measures
 * loads this module once for each allocator, so that the engine specialises each copy for one class.
 *
 * Promise  every offset is stored, so no call can be optimised away; nothing else happens within the clock.
 */
import type { Subject } from '../competitors/competitor.ts';

/** This module's shape, for loading copies of it. */
export interface TimedPassModule {
  readonly replayPart: typeof replayPart;
}

/**
 * Replays operations `from` to `to` of packed steps; answers how many allocations were refused. `held` has
 * handle (0: none) and offset of each slot, as a program would keep them, and is carried from the fill to the
 * timed part. O(operations).
 */
export function replayPart(
  steps: Int32Array,
  alignment: number,
  subject: Subject,
  held: Float64Array,
  from: number,
  to: number,
): number {
  let failedCount = 0;
  for (let i = from * 2; i < to * 2; i += 2) {
    const at = steps[i] as number;
    if (at >= 0) {
      const handle = subject.allocate(steps[i + 1] as number, alignment);
      held[at] = handle;
      if (handle === 0) failedCount++;
      else held[at + 1] = subject.offsetOf(handle);
    } else {
      const handle = held[~at] as number;
      if (handle !== 0) {
        subject.free(handle);
        held[~at] = 0;
      }
    }
  }
  return failedCount;
}
