/**
 * Steady run: the process that `steadiness.ts` starts. Runs a kind until it is warm, then a measured stretch,
 * and prints one line of JSON.
 *
 * Promise  nothing but the loop runs in the measured stretch; the trace file is marked by its length, so that
 *          what the engine wrote before and after is not counted.
 */
import { statSync } from 'node:fs';
import { PerformanceObserver, performance } from 'node:perf_hooks';
import { findKind } from '../competitors/kinds.ts';
import { replayPart } from '../loops/timed-pass.ts';
import { liveHandles, makeHeld, packSteps } from '../programs/program.ts';
import { recordOperations } from '../programs/rows.ts';

const [name = '', warmUpCount = '', measuredCount = '', live = '', traceFile = ''] = process.argv.slice(2);
const collect = (globalThis as { gc?: () => void }).gc;
if (collect === undefined) {
  throw new Error('usage: node --expose-gc steady-run.js KIND WARM-UP MEASURED LIVE TRACE-FILE');
}

const SLICE_OPERATIONS = 1000;
const warmUp = Number(warmUpCount);
const kind = findKind(name);
const program = recordOperations(
  kind.home,
  warmUp + Number(measuredCount),
  live === '' ? {} : { live: Number(live) },
);
const { span: spanBytes, alignment, fillCount } = program;
const measuredFrom = fillCount + warmUp;
const measuredTo = measuredFrom + Number(measuredCount);
const steps = packSteps(program);
const held = makeHeld(program);
const session = kind.open({ spanBytes, roomBytes: spanBytes, alignment });
const collections: number[] = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) collections.push(entry.startTime);
}).observe({ entryTypes: ['gc'] });

const subject = session.start();
const marks = { traceFrom: 0, traceTo: 0, startTime: 0, endTime: 0 };
// Warm-up in parts: a collection in between lets the engine drop what it will not need.
replay(0, fillCount + warmUp / 2);
await settle();
collect();
replay(fillCount + warmUp / 2, fillCount + (warmUp * 3) / 4);
await settle();
replay(fillCount + (warmUp * 3) / 4, measuredFrom);
await settle();
collect();
collect();
const settled = readHeap();
marks.traceFrom = traceLength();
marks.startTime = performance.now();
const before = readHeap();
replay(measuredFrom, measuredTo);
const after = readHeap();
marks.endTime = performance.now();
marks.traceTo = traceLength();
collect();
collect();
const resettled = readHeap();
await settle();

const { startTime, endTime } = marks;
console.log(
  JSON.stringify({
    operations: measuredTo - measuredFrom,
    grownBytes: resettled - settled,
    allocatedBytes: after - before,
    collectionCount: collections.filter((at) => at > startTime && at < endTime).length,
    traceFrom: marks.traceFrom,
    traceTo: marks.traceTo,
    liveCount: liveHandles(held).length,
  }),
);

/** In slices, so that the loop is entered often: code that is compiled meanwhile is used from the next on. */
function replay(from: number, to: number): void {
  for (let at = from; at < to; at += SLICE_OPERATIONS) {
    replayPart(steps, alignment, subject, held, at, Math.min(to, at + SLICE_OPERATIONS));
  }
}

/** Lets the engine's threads finish what they compile. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 50));
}

function readHeap(): number {
  return process.memoryUsage().heapUsed;
}

function traceLength(): number {
  return traceFile === '' ? 0 : (statSync(traceFile, { throwIfNoEntry: false })?.size ?? 0);
}
