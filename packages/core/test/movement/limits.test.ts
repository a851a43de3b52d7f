/**
 * D5: what a frame copies, counted where it is copied, in thousands of frames in which a program comes and
 * goes.
 */
import { expect, it } from 'vitest';
import { MockGpu } from '../../../mock/src/index.ts';
import { scale } from '../../../testing/src/scale.ts';
import { XorShift32 } from '../../../testing/src/workloads/index.ts';
import { type Allocation, BufferUsage, GpuHeap } from '../../src/index.ts';

const KIB = 1024;
const FRAME_COUNT = scale(1500, 10_000);
const LIMITS = { bytesPerPass: 48 * KIB, movesPerPass: 12, millisecondsPerPass: 1 };
/** What one look at the clock may find has passed since the last: a step of planning takes so long here. */
const STEP_MS = 0.25;

it('no frame copies more bytes or makes more moves than it may, nor plans for longer', async () => {
  const gpu = new MockGpu({ autoComplete: true, reuseAfter: 'submitted' });
  const backend = gpu.backend();
  const frame = { bytes: 0, moves: 0, looks: 0 };
  const copy = backend.copy.bind(backend);
  backend.copy = (regions) => {
    frame.moves += regions.length;
    for (const { size } of regions) frame.bytes += size;
    copy(regions);
  };
  let now = 0;
  const clock = (): number => {
    frame.looks++;
    now += STEP_MS;
    return now;
  };
  const strategy = 'full';
  const automatic = { everyFrames: 1, leastBytes: 0, clock, strategy, ...LIMITS } as const;
  const heap = new GpuHeap(backend, { chunkBytes: 256 * KIB, defragmentation: automatic });
  const random = new XorShift32();
  const live: Allocation<unknown>[] = [];
  let all = 0;
  for (let k = 0; k < FRAME_COUNT; k++) {
    // Loads that come in waves leave chunks half empty.
    const count = k % 200 < 60 ? 12 : 2;
    for (let n = 0; n < count; n++) {
      const size = random.logUniform(256, 16 * KIB);
      live.push(heap.allocate({ size, usage: BufferUsage.VERTEX }));
    }
    while (live.length > 40 + 400 * (k % 200 < 100 ? 1 : 0)) {
      const [gone] = live.splice(random.below(live.length), 1);
      gone?.free();
    }
    Object.assign(frame, { bytes: 0, moves: 0, looks: 0 });
    heap.endFrame();
    await Promise.resolve();
    expect(frame.bytes).toBeLessThanOrEqual(LIMITS.bytesPerPass);
    expect(frame.moves).toBeLessThanOrEqual(LIMITS.movesPerPass);
    // The look at which time is up is the last.
    expect(frame.looks).toBeLessThanOrEqual(LIMITS.millisecondsPerPass / STEP_MS + 1);
    all += frame.moves;
  }

  expect(all).toBeGreaterThan(FRAME_COUNT / 4);
  expect(gpu.errors).toEqual([]);
  heap.dispose();
});
