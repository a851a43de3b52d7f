/**
 * Thread: what `threads.ts` starts. Measures one task, and for a lane one pass for each message.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { type GrowthTask, type LaneTask, type LatencyTask, openTask, runTask } from './task.ts';

const task = workerData as LaneTask | LatencyTask | GrowthTask;
if (task.what === 'latency' || task.what === 'growth') {
  parentPort?.postMessage(await runTask(task));
} else {
  const lane = await openTask(task);
  parentPort?.on('message', async () => parentPort?.postMessage(await lane.runPass()));
  parentPort?.postMessage({ name: lane.name, operations: lane.operations });
}
