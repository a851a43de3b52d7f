/**
 * Soak work: a program that uses a heap over the virtual GPU without end, and knows what it holds.
 *
 * Layout   4,096 slots that are filled and emptied at random; beside them writes, resizes, copies, renames,
 *          recordings, frame-lived uniforms, pools of every kind, trims, and a frame every 500 calls with the
 *          GPU two frames behind. A budget refuses some calls.
 * Promise  the same seed, the same calls. Every call of the heap counts as one operation.
 */
import {
  type Allocation,
  type AllocationRequest,
  BufferUsage,
  GpuHeap,
  type HeapPool,
  OutOfMemoryError,
  type RecordingToken,
  type Serial,
} from '@gpuheap/core';
import { type MockBuffer, MockGpu } from '@gpuheap/mock';
import { XorShift32 } from '@gpuheap/testing/workloads';
import { KINDS } from '../competitors/kinds.ts';

const SLOT_COUNT = 4096;
const BUDGET_BYTES: number = 28 * 1024 * 1024;
const CHUNK_BYTES: number = 4 * 1024 * 1024;
const FRAME_OPERATIONS = 500;
const LATENCY_FRAMES = 2;
const POOL_FRAMES = 40;
const TRIM_FRAMES = 300;
/** More names than a heap remembers. */
const LABELS: readonly string[] = Array.from({ length: 3000 }, (_, i) => `mesh ${i}`);
const OWNERS: readonly string[] = Array.from({ length: 16 }, (_, i) => `part ${i}`);
const { VERTEX, INDEX, UNIFORM, STORAGE } = BufferUsage;
const USAGES = [VERTEX, INDEX, VERTEX, STORAGE, UNIFORM] as const;
const LIFETIMES = ['default', 'default', 'transient', 'long'] as const;

interface Recording {
  readonly token: RecordingToken<MockBuffer>;
  readonly lastFrame: number;
}

/** The program. */
export class SoakWork {
  readonly gpu: MockGpu = new MockGpu({ recordCalls: false });
  readonly heap: GpuHeap<MockBuffer>;
  /** What it holds, by slot. */
  readonly slots: (Allocation<MockBuffer> | undefined)[];
  /** What it holds in a pool of its own. */
  readonly pooled: Allocation<MockBuffer>[] = [];
  /**
   * Held throughout, and only ever copied from: a write to what a copy still reads is the program's fault.
   */
  readonly template: Allocation<MockBuffer>;
  operationCount = 0;
  refusedCount = 0;
  private readonly random: XorShift32;
  private readonly data = new Uint8Array(64);
  private readonly serials: Serial[] = [];
  private recordings: Recording[] = [];
  private pool: HeapPool<MockBuffer> | undefined;
  private frame = 0;
  private poolsMade = 0;

  constructor(seed: number) {
    this.random = new XorShift32(seed);
    this.heap = new GpuHeap(this.gpu.backend(), { budgetBytes: BUDGET_BYTES, chunkBytes: CHUNK_BYTES });
    this.slots = new Array(SLOT_COUNT).fill(undefined);
    this.template = this.heap.allocate({ size: this.data.byteLength, usage: VERTEX });
  }

  /** At least so many calls more; what lives for a frame is gone in the end. */
  async run(operations: number): Promise<void> {
    const end = this.operationCount + operations;
    while (this.operationCount < end) {
      for (let i = 0; i < FRAME_OPERATIONS; i++) this.act();
      this.endFrame();
      // What the device says of new buffers is kept until someone can hear it.
      await undefined;
    }
  }

  /** Frees all but the template and lets the GPU catch up, so that the heap is as empty as it was. */
  drain(): void {
    for (const [slot, allocation] of this.slots.entries()) {
      allocation?.free();
      this.slots[slot] = undefined;
    }
    this.emptyPool();
    for (const { token } of this.recordings) token.end();
    this.recordings = [];
    this.heap.endFrame();
    this.serials.length = 0;
    this.gpu.completeAll();
    this.heap.endFrame();
    this.gpu.completeAll();
    this.pool?.dispose();
    this.pool = undefined;
    this.heap.trim();
    this.gpu.completeAll();
  }

  /** Gives everything back. */
  dispose(): void {
    this.drain();
    this.heap.dispose();
  }

  private act(): void {
    const dice = this.random.below(1000);
    this.operationCount++;
    try {
      if (dice < 850) this.toggle();
      else if (dice < 900) this.anyLive()?.write(this.data);
      else if (dice < 950) this.anyLive()?.resize(this.anySize());
      else if (dice < 970) this.copy();
      else if (dice < 985) this.anyLive()?.rename(this.anyLabel());
      else if (dice < 990) this.record();
      else this.heap.allocate({ size: 64, usage: UNIFORM, lifetime: 'frame' });
    } catch (error) {
      if (!(error instanceof OutOfMemoryError)) throw error;
      this.refusedCount++;
    }
  }

  /** Empties a slot, or fills it. */
  private toggle(): void {
    const { random, slots } = this;
    const slot = random.below(SLOT_COUNT);
    const held = slots[slot];
    if (held === undefined) {
      slots[slot] = this.heap.tryAllocate(this.anyRequest());
      if (slots[slot] === undefined) this.refusedCount++;
      return;
    }
    slots[slot] = undefined;
    held.free();
  }

  private anyRequest(): AllocationRequest<MockBuffer> {
    const { random } = this;
    const usage = USAGES[random.below(USAGES.length)] as number;
    return {
      size: this.anySize(),
      usage,
      alignment: usage === VERTEX ? 36 : 4,
      lifetime: LIFETIMES[random.below(LIFETIMES.length)] as 'default',
      zeroed: random.below(50) === 0,
      label: this.anyLabel(),
      owner: OWNERS[random.below(OWNERS.length)] as string,
    };
  }

  private anySize(): number {
    const { random } = this;
    return random.below(2000) === 0 ? random.logUniform(2 ** 18, 2 ** 21) : random.logUniform(4, 16_384) * 4;
  }

  private anyLabel(): string {
    return LABELS[this.random.below(LABELS.length)] as string;
  }

  /** The first live one from some slot on. */
  private anyLive(): Allocation<MockBuffer> | undefined {
    const from = this.random.below(SLOT_COUNT);
    for (let i = 0; i < 64; i++) {
      const allocation = this.slots[(from + i) % SLOT_COUNT];
      if (allocation !== undefined && allocation.size >= this.data.byteLength) return allocation;
    }
    return undefined;
  }

  private copy(): void {
    const target = this.anyLive();
    if (target !== undefined) this.heap.copy(this.template, 0, target, 0, this.data.byteLength);
  }

  /** An encoder that is submitted some frames later. */
  private record(): void {
    const used = [this.anyLive(), this.anyLive(), this.anyLive()].filter((one) => one !== undefined);
    const token = this.heap.record().use(...used);
    this.recordings.push({ token, lastFrame: this.frame + 1 + this.random.below(4) });
  }

  private endFrame(): void {
    this.operationCount++;
    this.serials.push(this.heap.endFrame());
    if (this.serials.length > LATENCY_FRAMES) this.gpu.completeUpTo(this.serials.shift() as Serial);
    this.frame++;
    for (const { token, lastFrame } of this.recordings) if (lastFrame <= this.frame) token.end();
    this.recordings = this.recordings.filter(({ lastFrame }) => lastFrame > this.frame);
    const turn = this.frame % POOL_FRAMES;
    if (turn === 0) this.fillPool();
    else if (turn === POOL_FRAMES / 2) this.emptyPool();
    if (this.frame % TRIM_FRAMES === 0) this.heap.trim();
  }

  /** A pool of the next kind; the one before has been empty for long enough. */
  private fillPool(): void {
    this.pool?.dispose();
    const kind = KINDS[this.poolsMade++ % KINDS.length] as (typeof KINDS)[number];
    const pool = this.heap.createPool({
      name: kind.name,
      suballocator: (options) => kind.make(options),
      granularity: 64,
      maxBytes: CHUNK_BYTES / 2,
    });
    this.pool = pool;
    for (let i = 0; i < 100; i++) {
      this.operationCount++;
      const allocation = this.heap.tryAllocate({ size: 64, usage: VERTEX, pool });
      if (allocation === undefined) this.refusedCount++;
      else this.pooled.push(allocation);
    }
  }

  private emptyPool(): void {
    for (const allocation of this.pooled) allocation.free();
    this.operationCount += this.pooled.length;
    this.pooled.length = 0;
  }
}
