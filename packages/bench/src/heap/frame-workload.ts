/**
 * Frame workload: 10,000 live allocations of a heap over the virtual GPU, and what a busy application does in
 * a frame, for the time of `endFrame()` alone.
 *
 * Layout   each frame frees and allocates a hundred, writes fifty and has twenty uniforms that live for the
 *          frame; every 50th frees and allocates half of all instead, and every 200th trims. The GPU is two
 *          frames behind.
 * Promise  the same seed, the same calls: frame by frame the same work in every repeat.
 */
import { type Allocation, BufferUsage, GpuHeap, type Serial } from '@gpuheap/core';
import { type MockBuffer, MockGpu } from '@gpuheap/mock';
import { XorShift32 } from '@gpuheap/testing/workloads';

const LATENCY_FRAMES = 2;
const SIZES = [64, 16_384] as const;
const USAGE: number = BufferUsage.VERTEX | BufferUsage.COPY_DST;

/** How much there is to do. */
export interface FrameLoad {
  readonly liveCount: number;
  readonly frameCount: number;
}

/** Milliseconds of each `endFrame()`. O(frames × live). */
export function runFrames(load: FrameLoad, clock: () => number = () => performance.now()): number[] {
  const gpu = new MockGpu({ recordCalls: false });
  const heap = new GpuHeap(gpu.backend());
  const work = new FrameWork(heap, load.liveCount);
  const serials: Serial[] = [];
  const frameMs: number[] = [];
  for (let frame = 0; frame < load.frameCount; frame++) {
    work.doFrame(frame);
    const from = clock();
    serials.push(heap.endFrame());
    frameMs.push(clock() - from);
    if (serials.length > LATENCY_FRAMES) gpu.completeUpTo(serials.shift() as Serial);
  }
  heap.dispose();
  return frameMs;
}

/** What the application does. */
class FrameWork {
  private readonly heap: GpuHeap<MockBuffer>;
  private readonly random = new XorShift32();
  private readonly live: Allocation<MockBuffer>[] = [];
  private readonly data = new Uint8Array(64);

  constructor(heap: GpuHeap<MockBuffer>, liveCount: number) {
    this.heap = heap;
    for (let i = 0; i < liveCount; i++) this.live.push(this.allocate());
  }

  doFrame(frame: number): void {
    const { live, random } = this;
    const isBurst = frame % 50 === 49;
    this.replace(isBurst ? Math.ceil(live.length / 2) : Math.ceil(live.length / 100));
    for (let i = 0; i < live.length / 200; i++) live[random.below(live.length)]?.write(this.data);
    for (let i = 0; i < live.length / 500; i++) {
      this.heap.allocate({ size: 256, usage: BufferUsage.UNIFORM, lifetime: 'frame' });
    }
    if (frame % 200 === 199) this.heap.trim();
  }

  private replace(count: number): void {
    const { live, random } = this;
    for (let i = 0; i < count; i++) {
      const at = random.below(live.length);
      live[at]?.free();
      live[at] = this.allocate();
    }
  }

  private allocate(): Allocation<MockBuffer> {
    return this.heap.allocate({ size: this.random.logUniform(...SIZES), usage: USAGE });
  }
}
