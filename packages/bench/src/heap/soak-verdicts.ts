/**
 * Soak verdicts: whether a long run grew, slowed down or miscounted.
 *
 * Layout   the first tenth of the samples is warm-up; of the rest the medians of the first and the last third
 *          are compared, so that a disturbance of the machine decides nothing.
 */
import { summarise } from '../measures/times.ts';
import { judge, type Verdict } from '../verdict.ts';

/** One stretch of a soak. */
export interface SoakSample {
  /** Since the start. */
  readonly operations: number;
  /** CPU time of the stretch. */
  readonly nanosecondsPerOperation: number;
  /** What the process held after the stretch, when the work held nothing and garbage had been collected. */
  readonly heapBytes: number;
  /** Differences between statistics and a recount. */
  readonly differences: readonly string[];
}

/** Compiled code and what is known of it come and go: 0.3 MB more or less where nothing grows. */
export const GROWTH_BYTES: number = 1024 * 1024;
/** CPU time depends on what else shares caches and cores: neighbours alone have cost a quarter. */
export const SLOW_DOWN = 1.3;

const WARM_UP_SHARE = 0.1;
const LEAST_SAMPLES = 4;
const FULL_OPERATIONS = 100_000_000;

/** Median of the last third minus that of the first. */
export function growthOf(samples: readonly SoakSample[]): number {
  const { first, last } = medians(samples, ({ heapBytes }) => heapBytes);
  return last - first;
}

/** Median of the last third over that of the first. */
export function slowDownOf(samples: readonly SoakSample[]): number {
  const { first, last } = medians(samples, ({ nanosecondsPerOperation }) => nanosecondsPerOperation);
  return last / first;
}

/** The verdicts; a run of fewer than four samples is too short to be met. */
export function judgeSoak(samples: readonly SoakSample[]): Verdict[] {
  const differences = samples.reduce((sum, sample) => sum + sample.differences.length, 0);
  return [
    judge('R16', 'samples', samples.length, 'at least', LEAST_SAMPLES, ''),
    judge('R16', 'growth of the process after warm-up', growthOf(samples), 'at most', GROWTH_BYTES, 'B'),
    judge('R16', 'CPU time, last third over first', slowDownOf(samples), 'at most', SLOW_DOWN, '×'),
    judge('R16', 'differences from a recount', differences, 'at most', 0, ''),
  ];
}

/** Whether a hundred million operations fit into ten minutes of one core. */
export function judgePace(samples: readonly SoakSample[]): Verdict {
  const { median } = summarise(samples.map((sample) => sample.nanosecondsPerOperation));
  const minutes = (median * FULL_OPERATIONS) / 60e9;
  return judge('R16', 'CPU time of 100 M operations', minutes, 'at most', 10, 'minutes');
}

function medians(
  samples: readonly SoakSample[],
  of: (sample: SoakSample) => number,
): { first: number; last: number } {
  const warm = samples.slice(Math.ceil(samples.length * WARM_UP_SHARE)).map(of);
  if (warm.length === 0) return { first: Number.NaN, last: Number.NaN };
  const third = Math.max(1, Math.floor(warm.length / 3));
  return { first: summarise(warm.slice(0, third)).median, last: summarise(warm.slice(-third)).median };
}
