import { describe, it } from 'vitest';
import type { MockGpuOptions, SettleOrder } from '../../../mock/src/index.ts';
import { scale } from '../../../testing/src/scale.ts';
import { chosenSeeds } from '../../../testing/src/seeds.ts';
import { FenceScene } from './fence-scene.ts';
import { drain } from './watched.ts';

const STEPS = 40;
const KIB = 1024;
const ORDERS: readonly SettleOrder[] = ['fifo', 'lifo', 77];

/** What a GPU is like that a schedule runs on. */
const GPUS: readonly MockGpuOptions[] = [
  { reuseAfter: 'completed' },
  { reuseAfter: 'submitted' },
  { reuseAfter: 'completed', settleWhen: 'with-completion' },
  { reuseAfter: 'completed', settleWhen: 'manual' },
  { reuseAfter: 'completed', timelines: 2 },
  { reuseAfter: 'completed', timelines: 3, settleWhen: 'manual' },
];

type Step = (scene: FenceScene, timelineCount: number) => void;

/** What happens on a schedule; what stands twice happens twice as often. */
const STEP_KINDS: readonly Step[] = [
  ...Array.from({ length: 5 }, () => allocateSome),
  ...Array.from({ length: 4 }, () => freeSome),
  ...Array.from({ length: 3 }, () => useSome),
  ...Array.from({ length: 3 }, () => boundary),
  ...Array.from({ length: 3 }, () => completeSome),
  recordSome,
  recordSome,
  resizeSome,
  allocateLater,
  lateFence,
  (scene) => scene.submitRecording(),
  (scene) => void scene.gpu.settle(scene.random.below(3)),
];

function allocateSome(scene: FenceScene, timelineCount: number): void {
  const { random } = scene;
  // What may be given away is given away now, and not only when nothing else is left.
  if (random.below(2) === 0) scene.heap.trim({ idleFrames: 1000 });
  const timelines = [...Array(timelineCount).keys()].filter(() => random.below(2) === 0);
  scene.allocate(random.logUniform(1, 3000), timelines.length === 0 ? [0] : timelines);
}

function allocateLater(scene: FenceScene): void {
  scene.allocateLater(scene.random.logUniform(1, 3000));
}

function freeSome(scene: FenceScene): void {
  const item = scene.pick();
  if (item !== undefined) scene.free(item);
}

function useSome(scene: FenceScene, timelineCount: number): void {
  const timeline = scene.random.below(timelineCount);
  const items = [scene.pick(timeline), scene.pick(timeline)].filter((item) => item !== undefined);
  scene.use(timeline, items);
}

function recordSome(scene: FenceScene, timelineCount: number): void {
  const timeline = scene.random.below(timelineCount);
  const items = [scene.pick(timeline), scene.pick(timeline)].filter((item) => item !== undefined);
  scene.record(timeline, items);
}

function resizeSome(scene: FenceScene): void {
  const item = scene.pick();
  if (item !== undefined) scene.resize(item, scene.random.logUniform(1, 3000));
}

function boundary(scene: FenceScene, timelineCount: number): void {
  if (scene.random.below(3) === 0) scene.submitted(scene.random.below(timelineCount));
  else scene.endFrame();
}

function completeSome(scene: FenceScene, timelineCount: number): void {
  const { gpu, random } = scene;
  const serial = Math.max(0, gpu.signalledSerial - random.below(6));
  if (random.below(2) === 0) gpu.completeUpTo(serial);
  else gpu.completeOn(random.below(timelineCount), serial);
}

/** The next fence is told of later than what it stands for. */
function lateFence({ gpu, random }: FenceScene): void {
  gpu.faults.delayAtCall(gpu.counts.signal + 1 + random.below(2), 1 + random.below(4), 'signal');
}

async function run(seed: number): Promise<void> {
  const options = GPUS[seed % GPUS.length] as MockGpuOptions;
  const settleOrder = ORDERS[Math.floor(seed / GPUS.length) % ORDERS.length] as SettleOrder;
  // Little room, so that what is free is used again at once.
  const heap = { chunkBytes: 64 * KIB, budgetBytes: 192 * KIB, dedicatedBytes: 2500 };
  const scene = new FenceScene(seed, heap, { ...options, settleOrder });
  const timelineCount = options.timelines ?? 1;
  for (let step = 0; step < STEPS; step++) {
    STEP_KINDS[scene.random.below(STEP_KINDS.length)]?.(scene, timelineCount);
    if (step % 4 === 3) {
      await drain(8);
      scene.check();
    }
  }
  await scene.finish();
}

describe('schedules of submissions and completions', () => {
  it('give nothing away before its time, and lose no byte', async () => {
    for (const seed of chosenSeeds(scale(700, 20_000))) {
      try {
        await run(seed);
      } catch (error) {
        throw new Error(`schedule ${seed} (GPUHEAP_SEED=${seed} repeats it): ${String(error)}`, {
          cause: error,
        });
      }
    }
  });
});
