/**
 * Checkpoint plan: after which events a replay verifies.
 *
 * Promise  about as many as asked for, spread evenly over the submissions: right after one, what it used is
 *          still alive.
 */
import { EventKind, type Trace } from './trace.ts';

/**
 * The events after which a checkpoint is due: submissions, or any events when nothing is submitted.
 * O(events).
 */
export function planCheckpoints(trace: Trace, count: number): Set<number> {
  const submits: number[] = [];
  for (let index = 0; index < trace.eventCount; index++) {
    if (trace.kinds[index] === EventKind.SUBMIT) submits.push(index);
  }
  const moments = submits.length > 0 ? submits.length : trace.eventCount;
  const due = new Set<number>();
  for (let step = 1; step <= Math.min(count, moments); step++) {
    const moment = Math.floor((step * moments) / (Math.min(count, moments) + 1));
    due.add(submits.length > 0 ? submits[moment]! : moment);
  }
  return due;
}
