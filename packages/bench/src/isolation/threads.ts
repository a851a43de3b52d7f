/**
 * Threads: a measuring thread for each competitor, or none where the sources have not been built.
 *
 * Promise  one thread runs at a time: the others wait for a message.
 */
import { Worker } from 'node:worker_threads';
import type { Ageing } from '../measures/ageing.ts';
import type { Latency } from '../measures/latency.ts';
import type { TableGrowth } from '../measures/table-growth.ts';
import { type Lane, measureTimes, type PassResult, type Repeats, type Timing } from '../measures/times.ts';
import {
  type AgeingTask,
  type GrowthTask,
  type LaneTask,
  type LatencyTask,
  openTask,
  runTask,
  type SingleTask,
} from './task.ts';

/** What a thread answers when it is ready. */
export type LaneGreeting = Pick<Lane, 'name' | 'operations'>;

/** Where measuring happens. */
export interface Threads {
  /** Times the lanes, pass by pass in turns. */
  time(tasks: readonly LaneTask[], repeats: Repeats): Promise<Timing[]>;
  measureLatency(task: LatencyTask): Promise<Latency>;
  measureGrowth(task: GrowthTask): Promise<TableGrowth>;
  measureAgeing(task: AgeingTask): Promise<Ageing>;
}

/** A thread for each lane and task. Needs the built files. */
export const SEPARATE_THREADS: Threads = {
  async time(tasks, repeats) {
    const workers: Worker[] = [];
    try {
      const lanes: Lane[] = [];
      for (const task of tasks) {
        const worker = startWorker(task);
        workers.push(worker);
        const { name, operations } = await nextMessage<LaneGreeting>(worker);
        const runPass = (): Promise<PassResult> => {
          worker.postMessage('pass');
          return nextMessage<PassResult>(worker);
        };
        lanes.push({ name, operations, runPass });
      }
      return await measureTimes(lanes, repeats);
    } finally {
      for (const worker of workers) await worker.terminate();
    }
  },
  measureLatency: (task) => runInWorker<Latency>(task),
  measureGrowth: (task) => runInWorker<TableGrowth>(task),
  measureAgeing: (task) => runInWorker<Ageing>(task),
};

/** Everything in the caller's thread: for tests, which run the sources. */
export const ONE_THREAD: Threads = {
  async time(tasks, repeats) {
    return measureTimes(await Promise.all(tasks.map(openTask)), repeats);
  },
  measureLatency: async (task) => (await runTask(task)) as Latency,
  measureGrowth: async (task) => (await runTask(task)) as TableGrowth,
  measureAgeing: async (task) => (await runTask(task)) as Ageing,
};

async function runInWorker<Result>(task: SingleTask): Promise<Result> {
  const worker = startWorker(task);
  try {
    return await nextMessage<Result>(worker);
  } finally {
    await worker.terminate();
  }
}

function startWorker(task: LaneTask | SingleTask): Worker {
  return new Worker(new URL('./thread.js', import.meta.url), { workerData: task });
}

/** The next message of a thread; rejects with what it throws instead. */
function nextMessage<Message>(worker: Worker): Promise<Message> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', (message: Message) => {
      worker.off('error', reject);
      resolve(message);
    });
  });
}
