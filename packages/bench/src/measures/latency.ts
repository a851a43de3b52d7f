/**
 * Latency: how long single operations take, as quantiles over the timed part of a workload.
 *
 * Layout   some passes with the clock read around every operation. Each pass does the same to a fresh
 *          suballocator, so operation `i` is the same work every time: its least time counts, and what else
 *          the machine did does not. `disturbed` is the longest time of the last pass as it was.
 * Promise  the cost of reading the clock is measured and reported, not taken off.
 */
import type { Competitor } from '../competitors/competitor.ts';
import type { LatencyPassModule } from '../loops/latency-pass.ts';
import { loadCopy } from '../loops/load-copy.ts';
import { liveHandles, makeHeld, type Program, packSteps } from '../programs/program.ts';

/** Nanoseconds; reading the clock is within each. */
export interface Latency {
  readonly name: string;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  /** The slowest operation. */
  readonly slowest: number;
  /** The slowest operation of one pass, interruptions by the machine included. */
  readonly disturbed: number;
}

/** Least time of every timed operation in milliseconds, and the longest of the last pass. */
export interface ClockedPasses {
  readonly least: Float64Array;
  readonly longest: number;
}

/** Times the operations one by one, `passes` times. O(operations × passes). */
export async function measureLatency(
  program: Program,
  competitor: Competitor,
  passes: number,
): Promise<Latency> {
  const { least, longest } = await clockPasses(program, competitor, passes);
  least.sort();
  return {
    name: competitor.name,
    p50: quantileOf(least, 0.5),
    p99: quantileOf(least, 0.99),
    p999: quantileOf(least, 0.999),
    slowest: quantileOf(least, 1),
    disturbed: longest * 1e6,
  };
}

/** Runs the passes. O(operations × passes). */
export async function clockPasses(
  program: Program,
  competitor: Competitor,
  passes: number,
): Promise<ClockedPasses> {
  const { replayClocked } = await loadCopy<LatencyPassModule>('latency-pass');
  const { span: spanBytes, alignment, fillCount, operationCount } = program;
  const steps = packSteps(program);
  const held = makeHeld(program);
  const session = competitor.open({ spanBytes, roomBytes: spanBytes, alignment });
  const untimed = new Float64Array(fillCount);
  const least = new Float64Array(operationCount - fillCount).fill(Number.POSITIVE_INFINITY);
  let longest = 0;
  for (let pass = 0; pass < passes; pass++) {
    held.fill(0);
    const subject = session.start();
    replayClocked(steps, alignment, subject, held, 0, fillCount, untimed);
    longest = replayClocked(steps, alignment, subject, held, fillCount, operationCount, least);
    session.drain(liveHandles(held));
  }
  return { least, longest };
}

/** What reading the clock adds to every time: the median of a million times nothing, in nanoseconds. */
export async function measureClock(): Promise<number> {
  const { clockNothing } = await loadCopy<LatencyPassModule>('latency-pass');
  const spans = new Float64Array(1_000_000);
  clockNothing(spans);
  clockNothing(spans);
  return quantileOf(spans.sort(), 0.5);
}

/** The time, in nanoseconds, that this share of sorted milliseconds does not exceed. */
export function quantileOf(sorted: Float64Array, share: number): number {
  const index = Math.max(0, Math.ceil(sorted.length * share) - 1);
  return (sorted[index] as number) * 1e6;
}
