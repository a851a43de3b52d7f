/**
 * Frame times: what `endFrame()` takes, as quantiles over the frames of a run that is repeated.
 *
 * Layout   every repeat ends the same frames after the same work, so the least time of a frame counts, and
 *          what else the machine did does not. `disturbed` is the longest of the last repeat as it was.
 * Refusal  a collection that the frames' own garbage brings about strikes another frame in each repeat, and
 *          is seen in `disturbed` alone.
 */
import { quantileOf } from '../measures/latency.ts';

/** Milliseconds. */
export interface FrameTimes {
  readonly name: string;
  readonly frameCount: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  /** The slowest frame. */
  readonly slowest: number;
  /** The slowest frame of the last repeat, interruptions by the machine included. */
  readonly disturbed: number;
}

/** Quantiles of the milliseconds of each repeat's frames, at least one of each. O(n log n). */
export function summariseFrames(name: string, repeats: readonly (readonly number[])[]): FrameTimes {
  const least = leastOf(repeats);
  least.sort();
  const quantile = (share: number): number => quantileOf(least, share) / 1e6;
  return {
    name,
    frameCount: least.length,
    p50: quantile(0.5),
    p90: quantile(0.9),
    p99: quantile(0.99),
    p999: quantile(0.999),
    slowest: quantile(1),
    disturbed: Math.max(...(repeats.at(-1) ?? [])),
  };
}

function leastOf(repeats: readonly (readonly number[])[]): Float64Array {
  const least = new Float64Array(repeats[0]?.length ?? 0).fill(Number.POSITIVE_INFINITY);
  for (const frames of repeats) {
    for (let frame = 0; frame < least.length; frame++) {
      least[frame] = Math.min(least[frame] as number, frames[frame] as number);
    }
  }
  return least;
}
