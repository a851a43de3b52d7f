/**
 * Times: a workload through several allocators, pass by pass in turns.
 *
 * Layout   a lane is one allocator with one workload. A pass is an untimed fill, then the timed part. All
 *          lanes warm up first; then each repeat runs every lane once, so that whatever disturbs the machine
 *          disturbs them alike.
 * Promise  CPU time of the process, not the clock on the wall; minimum, median and deviation of the repeats.
 *          What the first pass of a lane leaves live is checked for overlaps, outside of the clock.
 */
import type { Competitor } from '../competitors/competitor.ts';
import { HARNESS } from '../competitors/harness.ts';
import { loadCopy } from '../loops/load-copy.ts';
import type { TimedPassModule } from '../loops/timed-pass.ts';
import { liveHandles, makeHeld, type Program, packSteps } from '../programs/program.ts';
import { checkPlacement } from './placement-check.ts';

/** Times of one allocator on one workload, in nanoseconds an operation. */
export interface Timing {
  readonly name: string;
  readonly minimum: number;
  readonly median: number;
  /** Median distance from the median. */
  readonly deviation: number;
  /** Timed operations of one pass: a slow allocator runs the first part of the workload only. */
  readonly operations: number;
  /** Refused allocations of one pass, those that every allocator must refuse included. */
  readonly failedCount: number;
}

/** How often. */
export interface Repeats {
  readonly warmUps: number;
  readonly repeats: number;
}

/** What one pass took. */
export interface PassResult {
  /** An operation. */
  readonly nanoseconds: number;
  readonly failedCount: number;
}

/** One allocator with one workload, ready for its passes. */
export interface Lane {
  readonly name: string;
  /** Timed operations of one pass. */
  readonly operations: number;
  runPass(): PassResult | Promise<PassResult>;
}

/** Runs the passes of all lanes in turns. O(operations × repeats × lanes). */
export async function measureTimes(lanes: readonly Lane[], { warmUps, repeats }: Repeats): Promise<Timing[]> {
  const results = lanes.map((lane) => ({ lane, samples: [] as number[], failedCount: 0 }));
  for (let i = 0; i < warmUps + repeats; i++) {
    for (const result of results) {
      const { nanoseconds, failedCount } = await result.lane.runPass();
      result.failedCount = failedCount;
      if (i >= warmUps) result.samples.push(nanoseconds);
    }
  }
  return results.map(({ lane: { name, operations }, samples, failedCount }) => {
    return { name, ...summarise(samples), operations, failedCount };
  });
}

/** Whether the allocator can manage as many bytes as the program needs. */
export function canHold(competitor: Competitor, program: Program): boolean {
  return roomOf(program) <= competitor.mostBytes;
}

/**
 * Bytes for an allocator that keeps headers among the data and rounds by its own rules: a quarter more than
 * ours.
 */
function roomOf(program: Program): number {
  // W5 must refuse: there the room is what its 4 KiB ranges need with a header each, and no more.
  if (program.expectedFailureCount > 0) return program.span + (program.slotCount - 1) * 16 + 1024;
  return Math.ceil(program.span * 1.25) + 65_536;
}

/** A lane in this thread. `liveCount`: ranges live at once, about. */
export async function openLane(program: Program, liveCount: number, competitor: Competitor): Promise<Lane> {
  const { replayPart } = await loadCopy<TimedPassModule>('timed-pass');
  const { span: spanBytes, alignment, operationCount, fillCount } = program;
  const session = competitor.open({ spanBytes, roomBytes: roomOf(program), alignment });
  const operations = Math.min(operationCount - fillCount, competitor.affordableOperations(liveCount));
  const end = fillCount + operations;
  const steps = packSteps(program);
  const held = makeHeld(program);
  let isChecked = competitor === HARNESS;
  return {
    name: competitor.name,
    operations,
    runPass() {
      const subject = session.start();
      held.fill(0);
      const fillFailures = replayPart(steps, alignment, subject, held, 0, fillCount);
      const before = process.cpuUsage();
      const failures = replayPart(steps, alignment, subject, held, fillCount, end);
      const { user, system } = process.cpuUsage(before);
      if (!isChecked) checkPlacement(program, competitor, held, end);
      isChecked = true;
      session.drain(liveHandles(held));
      return { nanoseconds: ((user + system) * 1000) / operations, failedCount: fillFailures + failures };
    },
  };
}

/** Minimum, median and median deviation. At least one sample. O(n log n). */
export function summarise(samples: readonly number[]): Pick<Timing, 'minimum' | 'median' | 'deviation'> {
  const median = medianOf(samples);
  const deviation = medianOf(samples.map((sample) => Math.abs(sample - median)));
  return { minimum: Math.min(...samples), median, deviation };
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] as number)) / 2;
}
