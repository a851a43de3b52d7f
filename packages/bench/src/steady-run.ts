/**
 * Steady run: the process that `steadiness.ts` starts. Runs a kind until it is warm, then a measured stretch,
 * and prints one line of JSON.
 *
 * Promise  nothing but the loop runs in the measured stretch; the trace file is marked by its length, so that
 *          what the engine wrote before and after is not counted.
 */
import { statSync } from 'node:fs';
import { PerformanceObserver, performance } from 'node:perf_hooks';
import { makeWorkload } from '@gpuheap/testing/workloads';
import { BEST_FIT, TLSF } from './competitors/ours.ts';
import { replayPart } from './timed-pass.ts';

const [kind, warmUpCount = '1000000', measuredCount = '1000000', traceFile = ''] = process.argv.slice(2);
const collect = (globalThis as { gc?: () => void }).gc;
const competitor = [TLSF, BEST_FIT].find(({ name }) => name === kind);
if (competitor === undefined || collect === undefined) {
  throw new Error('usage: node --expose-gc steady-run.js tlsf|best-fit WARM-UP MEASURED TRACE-FILE');
}

const warmUp = Number(warmUpCount);
const workload = makeWorkload('W1', { steps: warmUp + Number(measuredCount) });
const session = competitor.open({
  spanBytes: workload.span,
  roomBytes: workload.span,
  alignment: workload.alignment,
});
const state = {
  handles: new Array<number>(workload.slotCount).fill(0),
  offsets: new Float64Array(workload.slotCount),
};
const collections: number[] = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) collections.push(entry.startTime);
}).observe({ entryTypes: ['gc'] });

const subject = session.start();
const marks = { traceFrom: 0, traceTo: 0, startTime: 0, endTime: 0 };
// Warm-up in parts: the loop is entered afresh, as it is when measured, and a collection in between lets the
// engine drop what it will not need.
const { fillCount } = workload;
replayPart(workload, subject, state, 0, fillCount + warmUp / 2);
await settle();
collect();
replayPart(workload, subject, state, fillCount + warmUp / 2, fillCount + (warmUp * 3) / 4);
await settle();
replayPart(workload, subject, state, fillCount + (warmUp * 3) / 4, fillCount + warmUp);
await settle();
collect();
collect();
const settled = readHeap();
marks.traceFrom = traceLength();
marks.startTime = performance.now();
const before = readHeap();
replayPart(workload, subject, state, fillCount + warmUp, workload.operationCount);
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
    operations: workload.operationCount - fillCount - warmUp,
    grownBytes: resettled - settled,
    allocatedBytes: after - before,
    collectionCount: collections.filter((at) => at > startTime && at < endTime).length,
    traceFrom: marks.traceFrom,
    traceTo: marks.traceTo,
    liveCount: state.handles.reduce((count, handle) => count + (handle === 0 ? 0 : 1), 0),
  }),
);

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
