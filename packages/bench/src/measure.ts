/**
 * Measure: times a workload through several allocators, pass by pass in turns.
 *
 * Layout   a pass is an untimed fill, then the timed part. All allocators warm up first; then each repeat
 *          runs every allocator once, so that whatever disturbs the machine disturbs them alike.
 * Promise  CPU time of the process, not the clock on the wall; minimum, median and deviation of the repeats.
 */
import { OPERATION_FREE } from '@gpuheap/testing/workloads';
import type { Competitor, Session } from './competitors/competitor.ts';
import type { PassState, TimedPassModule } from './timed-pass.ts';
import type { Program } from './trace-program.ts';

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

interface Lane {
  readonly competitor: Competitor;
  readonly session: Session;
  readonly replayPart: TimedPassModule['replayPart'];
  readonly operations: number;
  readonly state: PassState;
  readonly samples: number[];
  failedCount: number;
}

/** Measures all competitors that can hold the program. O(operations × repeats × competitors). */
export async function measure(
  program: Program,
  liveCount: number,
  competitors: readonly Competitor[],
  { warmUps, repeats }: Repeats,
): Promise<Timing[]> {
  const lanes: Lane[] = [];
  for (const competitor of competitors) {
    if (roomOf(program) > competitor.mostBytes) continue;
    lanes.push(await openLane(program, liveCount, competitor));
  }
  for (let i = 0; i < warmUps; i++) for (const lane of lanes) runPass(program, lane);
  for (let i = 0; i < repeats; i++) {
    for (const lane of lanes) lane.samples.push(runPass(program, lane));
  }
  return lanes.map(summarise);
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

let copies = 0;

async function openLane(program: Program, liveCount: number, competitor: Competitor): Promise<Lane> {
  // A copy of the module: the engine keeps what it learnt about a loop's types with the loop.
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const url = new URL(`./timed-pass.${extension}?copy=${++copies}`, import.meta.url);
  const { replayPart } = (await import(/* @vite-ignore */ url.href)) as TimedPassModule;
  const { span: spanBytes, alignment, slotCount, operationCount, fillCount } = program;
  return {
    competitor,
    session: competitor.open({ spanBytes, roomBytes: roomOf(program), alignment }),
    replayPart,
    operations: Math.min(operationCount - fillCount, competitor.affordableOperations(liveCount)),
    state: { handles: new Array<number>(slotCount).fill(0), offsets: new Float64Array(slotCount) },
    samples: [],
    failedCount: 0,
  };
}

/** Runs one pass; answers nanoseconds an operation. */
function runPass(program: Program, lane: Lane): number {
  const { session, state, replayPart, operations } = lane;
  const subject = session.start();
  state.handles.fill(0);
  const fillFailures = replayPart(program, subject, state, 0, program.fillCount);
  const end = program.fillCount + operations;
  const before = process.cpuUsage();
  const failures = replayPart(program, subject, state, program.fillCount, end);
  const spent = process.cpuUsage(before);
  lane.failedCount = fillFailures + failures;
  checkOverlap(program, lane, end);
  session.drain(state.handles.filter((handle) => handle !== 0));
  return ((spent.user + spent.system) * 1000) / operations;
}

/** The oracle: what a pass left live must not overlap. Outside of the clock. */
function checkOverlap(program: Program, lane: Lane, end: number): void {
  if (lane.competitor.name === 'harness') return;
  const sizes = sizesOfSlots(program, end);
  const slots: number[] = [];
  lane.state.handles.forEach((handle, slot) => {
    if (handle !== 0) slots.push(slot);
  });
  const offsets = lane.state.offsets;
  slots.sort((a, b) => (offsets[a] as number) - (offsets[b] as number));
  let from = 0;
  for (const slot of slots) {
    const offset = offsets[slot] as number;
    if (offset < from) throw new Error(`${lane.competitor.name} gave out overlapping ranges at ${offset}`);
    if (offset % (lane.competitor.ownAlignment || program.alignment) !== 0) {
      throw new Error(`${lane.competitor.name} gave out the misaligned offset ${offset}`);
    }
    from = offset + (sizes[slot] as number);
  }
}

function sizesOfSlots(program: Program, end: number): Float64Array {
  const { kind, slot, size } = program.operations;
  const sizes = new Float64Array(program.slotCount);
  for (let i = 0; i < end; i++) {
    sizes[slot[i] as number] = kind[i] === OPERATION_FREE ? 0 : (size[i] as number);
  }
  return sizes;
}

function summarise(lane: Lane): Timing {
  const median = medianOf(lane.samples);
  return {
    name: lane.competitor.name,
    minimum: Math.min(...lane.samples),
    median,
    deviation: medianOf(lane.samples.map((sample) => Math.abs(sample - median))),
    operations: lane.operations,
    failedCount: lane.failedCount,
  };
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] as number)) / 2;
}
