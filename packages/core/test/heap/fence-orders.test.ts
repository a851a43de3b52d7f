import { describe, expect, it } from 'vitest';
import { scale } from '../../../testing/src/scale.ts';
import { FenceScene, type Item } from './fence-scene.ts';
import { drain } from './watched.ts';

const SUBMISSIONS = 6;
/** Room for little more than one submission uses, so that what is free is used again at once. */
const HEAP = { chunkBytes: 65_536, budgetBytes: 20_000, dedicatedBytes: 8000 };

/** Every order of the numbers below `count`. */
function ordersOf(count: number): number[][] {
  if (count === 0) return [[]];
  return ordersOf(count - 1).flatMap((order) =>
    Array.from({ length: count }, (_, at) => order.toSpliced(at, 0, count - 1)),
  );
}

/** Keeps only what is reusable from being chosen: takes all that is free in pieces, and writes to it. */
function probe(scene: FenceScene, timelines: readonly number[]): void {
  scene.heap.trim({ idleFrames: 1000 });
  for (let k = 0; k < 4; k++) scene.allocate(scene.random.logUniform(100, 2000), timelines);
  expect(scene.gpu.hazards.map(({ message }) => message)).toEqual([]);
}

/** One submission: what is made for it, what it uses, and what is freed behind it. */
function submit(scene: FenceScene, timeline: number, timelines: readonly number[]): void {
  const { random, gpu } = scene;
  const made: (Item | undefined)[] = [];
  for (let k = 0; k < 2; k++) made.push(scene.allocate(random.logUniform(100, 2000), timelines));
  // Its bytes come on the first timeline, or on its own.
  if (timeline !== 0) gpu.completeOn(0);
  const items = [...made, scene.pick(timeline)].filter((item) => item !== undefined);
  scene.use(
    timeline,
    items.filter((item) => scene.canRead(item, timeline)),
  );
  if (random.below(3) === 0)
    scene.record(
      timeline,
      [scene.pick(timeline)].filter((item) => item !== undefined),
    );
  for (const item of new Set(items)) if (random.below(3) > 0) scene.free(item);
  if (random.below(3) === 0) scene.submitRecording();
}

/** Six submissions, each on a timeline of its own: they complete in the order given. */
async function runOnTimelines(order: readonly number[], script: number): Promise<void> {
  const scene = new FenceScene(script, HEAP, { timelines: SUBMISSIONS + 1 });
  for (let k = 1; k <= SUBMISSIONS; k++) {
    const also = scene.random.below(SUBMISSIONS + 1);
    submit(scene, k, also === k ? [k] : [k, also]);
    scene.submitted(k);
    if (also !== k) scene.submitted(also);
  }
  for (const k of order) {
    scene.gpu.completeOn(k + 1);
    probe(scene, [0]);
  }
  scene.check();
  await scene.finish();
}

/** Six submissions on one timeline: their fences are told in the order given, and so are promises. */
async function runOnOne(order: readonly number[], script: number): Promise<void> {
  const scene = new FenceScene(script, HEAP, { settleWhen: 'with-completion' });
  const { faults, counts } = scene.gpu;
  for (let k = 0; k < SUBMISSIONS; k++) {
    submit(scene, 0, [0]);
    faults.delayAtCall(counts.signal + 1, 1 + (order[k] as number), 'signal');
    scene.endFrame();
    faults.delayAtCall(counts.whenCompleted + 1, 1 + (order[k] as number), 'whenCompleted');
    scene.allocateLater(9000);
  }
  for (let turn = 0; turn <= SUBMISSIONS; turn++) {
    scene.gpu.completeAll();
    await drain(12);
    probe(scene, [0]);
  }
  scene.check();
  await scene.finish();
}

describe('six submissions', () => {
  const orders = ordersOf(SUBMISSIONS);
  // Fifty scripts for each order, half of them each way; in the quick tier one for every second order.
  const scripts = scale(1, 25);
  const stride = scale(2, 1, 40);
  it.each([
    ['that complete', runOnTimelines],
    ['whose completion is told', runOnOne],
  ] as const)('%s in any order: nothing is given away too early, no byte is lost', async (_what, run) => {
    expect(new Set(orders.map((order) => order.join())).size).toBe(720);
    for (let at = 0; at < orders.length; at += stride) {
      const order = orders[at] as number[];
      for (let k = 1; k <= scripts; k++) {
        // Even one script is another for each order.
        const script = k + at * scripts;
        try {
          await run(order, script);
        } catch (error) {
          throw new Error(`order ${order.join()} of script ${script}: ${String(error)}`, { cause: error });
        }
      }
    }
  });
});
