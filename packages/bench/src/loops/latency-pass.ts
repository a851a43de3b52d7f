/**
 * Latency pass: as the timed pass, with the clock read around every single operation. Loaded once for each
 * suballocator.
 *
 * Promise  `least[i]` becomes the shortest time that operation `i` has taken in any pass so far, in
 *          milliseconds; the reading of the clock is within it.
 */
import { performance } from 'node:perf_hooks';
import type { Subject } from '../competitors/competitor.ts';

/** This module's shape, for loading copies of it. */
export interface LatencyPassModule {
  readonly replayClocked: typeof replayClocked;
  readonly clockNothing: typeof clockNothing;
}

/** Replays operations `from` to `to`, each into `least[i - from]`; answers the longest. O(operations). */
export function replayClocked(
  steps: Int32Array,
  alignment: number,
  subject: Subject,
  held: Float64Array,
  from: number,
  to: number,
  least: Float64Array,
): number {
  let longest = 0;
  for (let i = from; i < to; i++) {
    const at = steps[i * 2] as number;
    const size = steps[i * 2 + 1] as number;
    let spent: number;
    if (at >= 0) {
      const before = performance.now();
      const handle = subject.allocate(size, alignment);
      if (handle !== 0) held[at + 1] = subject.offsetOf(handle);
      spent = performance.now() - before;
      held[at] = handle;
    } else {
      const handle = held[~at] as number;
      const before = performance.now();
      if (handle !== 0) subject.free(handle);
      spent = performance.now() - before;
      held[~at] = 0;
    }
    if (spent < (least[i - from] as number)) least[i - from] = spent;
    if (spent > longest) longest = spent;
  }
  return longest;
}

/** What reading the clock twice takes: into `spans`, in milliseconds. O(spans). */
export function clockNothing(spans: Float64Array): void {
  for (let i = 0; i < spans.length; i++) {
    const before = performance.now();
    spans[i] = performance.now() - before;
  }
}
