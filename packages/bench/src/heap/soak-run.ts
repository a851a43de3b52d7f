/**
 * Soak run: the work in stretches, a sample after each.
 *
 * Promise  ends at the first stretch after which the operations are done, the time is over, or a recount
 *          differs.
 */

import { recountSoak } from './soak-recount.ts';
import type { SoakSample } from './soak-verdicts.ts';
import { SoakWork } from './soak-work.ts';

/** How long, and what is read at the end of each stretch. */
export interface SoakOptions {
  readonly seed: number;
  readonly operations: number;
  readonly milliseconds: number;
  /** Operations of one stretch. */
  readonly stretchOperations: number;
  /** Milliseconds since some fixed moment. */
  clock(): number;
  /** CPU nanoseconds of the process so far. */
  readCpu(): number;
  /** Bytes that the process holds, garbage apart. */
  readHeap(): number;
  onSample(sample: SoakSample, work: SoakWork): void;
}

/** Runs it. O(operations). Rejects with every error of the heap but OutOfMemoryError. */
export async function runSoak(options: SoakOptions): Promise<SoakSample[]> {
  const end = options.clock() + options.milliseconds;
  const work = new SoakWork(options.seed);
  const samples: SoakSample[] = [];
  for (;;) {
    const sample = await soakOn(work, options);
    samples.push(sample);
    options.onSample(sample, work);
    const isOver = work.operationCount >= options.operations || options.clock() >= end;
    if (isOver || sample.differences.length > 0) break;
  }
  work.dispose();
  return samples;
}

/** One stretch, recounted when it is full and when it has been emptied. */
async function soakOn(
  work: SoakWork,
  { stretchOperations, readCpu, readHeap }: SoakOptions,
): Promise<SoakSample> {
  const operationsBefore = work.operationCount;
  const cpuBefore = readCpu();
  await work.run(stretchOperations);
  const nanoseconds = readCpu() - cpuBefore;
  const differences = recountSoak(work);
  work.drain();
  differences.push(...recountSoak(work));
  const operations = work.operationCount;
  // Whatever waits for a turn of its own holds on to what it is about.
  await new Promise((resolve) => setImmediate(resolve));
  return {
    operations,
    nanosecondsPerOperation: nanoseconds / (operations - operationsBefore),
    heapBytes: readHeap(),
    differences,
  };
}
