/**
 * Thread: what `threads.ts` starts. Measures one task, and for a lane one pass for each message.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { type LaneTask, openTask, runTask, type SingleTask } from './task.ts';

const task = workerData as LaneTask | SingleTask;
if (task.what === 'allocator' || task.what === 'layer') {
  const lane = await openTask(task);
  parentPort?.on('message', async () => parentPort?.postMessage(await lane.runPass()));
  parentPort?.postMessage({ name: lane.name, operations: lane.operations });
} else {
  parentPort?.postMessage(await runTask(task));
}
