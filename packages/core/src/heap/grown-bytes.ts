/**
 * Grown bytes: how much a buffer holds next that is full.
 *
 * Cost     for each byte appended, growth copies at most 2 on the GPU below 1 MiB, where what a move costs is
 *          the call and the new bind groups, and at most 8 from there on, where it is memory: half as much
 *          again lies idle at most below, an eighth above.
 */
import { roundUp } from '../base/quantities.ts';

/** Capacity from which growth is measured in memory rather than in calls. */
const LARGE_BYTES: number = 1024 * 1024;
/** Less than this is not worth an allocation: no uniform or storage offset lies nearer to the next. */
const LEAST_BYTES = 256;
/** Capacities are multiples of it, as ranges of the heap's chunks are. */
const STEP_BYTES = 16;

/**
 * Bytes to hold next, when `capacityBytes` are too few and `neededBytes` would do: half as much again while
 * small, an eighth more when large.
 */
export function grownBytes(capacityBytes: number, neededBytes: number): number {
  const more = capacityBytes / (capacityBytes < LARGE_BYTES ? 2 : 8);
  return roundUp(Math.max(capacityBytes + Math.floor(more), neededBytes, LEAST_BYTES), STEP_BYTES);
}
