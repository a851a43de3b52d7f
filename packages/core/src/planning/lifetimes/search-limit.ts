/**
 * Search limit: how long a search may go on.
 *
 * Promise  asked before every step, it is passed by no more than a step. A clock that answers no number ends
 *          the search.
 */
import type { CheckedOptions } from './lifetime-options.ts';

/** What is left. */
export interface SearchLimit {
  readonly clock: () => number;
  readonly startMs: number;
  readonly limitMs: number;
  stepsLeft: number;
  isOver: boolean;
}

/** The time begins to run. */
export function makeSearchLimit({ clock, timeLimitMs, stepLimit }: CheckedOptions): SearchLimit {
  return { clock, startMs: clock(), limitMs: timeLimitMs, stepsLeft: stepLimit, isOver: false };
}

/** Whether another step may be taken; counts it. Once it says no it says no for ever. */
export function takeStep(limit: SearchLimit): boolean {
  if (limit.stepsLeft === 0) limit.isOver = true;
  if (isTimeOver(limit)) return false;
  limit.stepsLeft--;
  return true;
}

/** Whether the time is over, for steps that take long. */
export function isTimeOver(limit: SearchLimit): boolean {
  if (!limit.isOver) limit.isOver = !(limit.clock() - limit.startMs < limit.limitMs);
  return limit.isOver;
}
