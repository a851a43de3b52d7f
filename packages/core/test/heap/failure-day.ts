/**
 * Failure day: what an application does with a heap all day, when any call may fail.
 *
 * Promise  the same seed does the same. What fails is typed, is kept, and has changed nothing; the day goes
 *          on. Of every allocation the day knows the bytes, or knows that it does not.
 */
import { expect } from 'vitest';
import type { MockBuffer, MockGpu } from '../../../mock/src/index.ts';
import { XorShift32 } from '../../../testing/src/workloads/random.ts';
import {
  type Allocation,
  type AllocationRequest,
  BufferUsage,
  type GpuHeap,
  GpuMemoryError,
  type HeapPool,
  type RecordingToken,
} from '../../src/index.ts';
import { firstDifference, quickPattern } from './quick-bytes.ts';
import { drain, Watched } from './watched.ts';

const { STORAGE, UNIFORM, VERTEX } = BufferUsage;
const USAGES = [VERTEX, UNIFORM, STORAGE] as const;
const LIFETIMES = ['default', 'default', 'default', 'frame', 'transient', 'long'] as const;
const LARGE_BYTES = 6000;

/** One allocation and what it must hold; undefined where nobody can know. */
interface Holding {
  readonly allocation: Allocation<MockBuffer>;
  readonly isFrame: boolean;
  bytes: Uint8Array | undefined;
}

type Act = (day: FailureDay) => void;

/** What a day consists of; one that stands twice happens twice as often. */
const ACTS: readonly Act[] = [
  ...Array.from({ length: 6 }, (): Act => (day) => day.allocate()),
  ...Array.from({ length: 5 }, (): Act => (day) => day.free()),
  ...Array.from({ length: 3 }, (): Act => (day) => day.copy()),
  ...Array.from({ length: 3 }, (): Act => (day) => day.endFrame()),
  ...Array.from({ length: 2 }, (): Act => (day) => day.allocateLater()),
  ...Array.from({ length: 2 }, (): Act => (day) => day.read()),
  ...Array.from({ length: 2 }, (): Act => (day) => day.resize()),
  ...Array.from({ length: 2 }, (): Act => (day) => day.complete()),
  (day) => day.allocateMany(),
  (day) => day.allocateBlock(),
  (day) => day.allocateInPool(),
  (day) => day.write(),
  (day) => day.upload(),
  (day) => day.readMany(),
  (day) => day.warm(),
  (day) => day.record(),
  (day) => day.trim(),
];

export class FailureDay {
  readonly heap: GpuHeap<MockBuffer>;
  /** Whose clock it moves: another one when the heap was rebuilt. */
  gpu: MockGpu;
  readonly failures: GpuMemoryError[] = [];
  /** What must never be, in sentences. */
  readonly complaints: string[] = [];
  /** Every promise that the heap has given. */
  readonly promises: Watched<unknown>[] = [];
  /** Called after each failure, when the heap is as it was. */
  onFailure: (() => void) | undefined;
  held: Holding[] = [];
  private readonly random: XorShift32;
  private readonly pools: HeapPool<MockBuffer>[] = [];
  private tokens: RecordingToken<MockBuffer>[] = [];
  private seeds = 0;

  constructor(gpu: MockGpu, heap: GpuHeap<MockBuffer>, seed: number) {
    this.gpu = gpu;
    this.heap = heap;
    this.random = new XorShift32(seed * 7919);
  }

  /** So many acts, and all that has been promised by then. */
  async run(actCount: number): Promise<void> {
    for (let act = 0; act < actCount; act++) {
      const chosen = ACTS[this.random.below(ACTS.length)] as Act;
      chosen(this);
      if (act % 3 === 2) await drain(12);
    }
    await this.settle();
  }

  /** Until nothing waits for the GPU any more. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 4; turn++) {
      this.attempt(() => void this.heap.submitted());
      this.gpu.completeAll();
      this.gpu.settle();
      await drain(60);
    }
  }

  /** Frees all that is held, and ends the day: nothing is live or waits afterwards. */
  async end(): Promise<void> {
    for (const token of this.tokens) token.end();
    this.tokens = [];
    for (const { allocation } of this.held) if (allocation.isLive) wholeOf(allocation).free();
    this.held = [];
    this.heap.endFrame();
    await this.settle();
    this.heap.submitted();
    for (const pool of this.pools.splice(0)) pool.dispose();
    this.heap.trim();
  }

  /** Labels of the allocations whose bytes are not what they must be. The GPU must be idle. */
  findDamage(): string[] {
    return this.held
      .filter(({ allocation, bytes }) => {
        if (bytes === undefined || !isUsable(allocation)) return false;
        const { buffer, offset } = allocation.binding();
        return firstDifference(this.gpu.peek(buffer, offset, bytes.length), bytes) !== -1;
      })
      .map(({ allocation }) => allocation.label);
  }

  allocate(): void {
    this.attempt(() => this.take(this.heap.allocate(this.request())));
  }

  allocateMany(): void {
    const requests = Array.from({ length: 2 + this.random.below(3) }, () => this.request());
    this.attempt(() => {
      for (const each of this.heap.allocateMany(requests)) this.take(each);
    });
  }

  allocateBlock(): void {
    const { usage, lifetime, label } = this.request();
    const requests = Array.from({ length: 2 + this.random.below(2) }, () => ({
      ...this.request(),
      usage,
      lifetime: lifetime as 'default',
      label: label as string,
    }));
    this.attempt(() => {
      const { members = [] } = this.heap.allocateBlock(requests, 'block');
      for (const member of members) this.take(member);
    });
  }

  allocateInPool(): void {
    if (this.pools.length < 2) {
      const minChunks = this.random.below(3);
      this.attempt(() => {
        this.pools.push(
          this.heap.createPool({ name: `own ${this.pools.length}`, minChunks, chunkBytes: 16_384 }),
        );
      });
    }
    const pool = this.pools[0];
    if (pool === undefined) return;
    this.attempt(() =>
      this.take(this.heap.allocate({ size: this.size(), usage: VERTEX, pool, label: 'pooled' })),
    );
  }

  allocateLater(): void {
    // It may wait for long: what it was kept apart from may be dead by then.
    const watched = this.watch(this.heap.allocateAsync({ ...this.request(), apartFrom: [] }));
    watched.onResolved = (allocation) => {
      // Between its promise and this, another failure may have ended the frame that it was for.
      if (allocation.isLive || !allocation.label.startsWith('frame'))
        this.attempt(() => this.take(allocation));
    };
  }

  free(): void {
    const holding = this.pick();
    if (holding === undefined) return;
    const whole = wholeOf(holding.allocation);
    this.held = this.held.filter(({ allocation }) => wholeOf(allocation) !== whole);
    whole.free();
  }

  write(): void {
    const holding = this.pick();
    if (holding !== undefined) this.attempt(() => this.fill(holding));
  }

  /** As `write`, through mapped bytes where there are any. */
  upload(): void {
    const used = [this.pick(), this.pick()].filter((holding) => holding !== undefined);
    this.attempt(() => {
      const seeds = used.map((holding) => {
        holding.bytes = undefined;
        this.heap.uploads.write(holding.allocation, quickPattern(++this.seeds, holding.allocation.size));
        return this.seeds;
      });
      this.heap.flush();
      for (const [k, holding] of used.entries()) {
        holding.bytes = quickPattern(seeds[k] as number, holding.allocation.size);
      }
    });
  }

  warm(): void {
    this.watch(this.heap.warm({ ...this.request(), apartFrom: [] }));
  }

  copy(): void {
    const from = this.pick();
    const to = this.pick();
    if (from === undefined || to === undefined) return;
    const size = Math.min(from.allocation.size, to.allocation.size) & ~3;
    this.attempt(() => {
      this.heap.copy(from.allocation, 0, to.allocation, 0, size);
      const bytes = from.bytes?.slice(0, size);
      const isWhole = bytes?.length === size && (to.bytes?.length ?? 0) >= size;
      if (isWhole && !this.hasRefused(from)) to.bytes?.set(bytes);
      else to.bytes = undefined;
    });
  }

  read(): void {
    const holding = this.pick();
    if (holding === undefined) return;
    const expected = holding.bytes?.slice();
    this.attempt(() => {
      const watched = this.watch(holding.allocation.read());
      watched.onResolved = (bytes) => this.compare(holding, bytes, expected);
    });
  }

  private compare(holding: Holding, bytes: Uint8Array, expected: Uint8Array | undefined): void {
    const at = expected === undefined ? -1 : firstDifference(bytes.subarray(0, expected.length), expected);
    if (at !== -1) this.complaints.push(`read ${holding.allocation.label}: byte ${at} is another`);
  }

  readMany(): void {
    const used = [this.pick(), this.pick(), this.pick()].filter((holding) => holding !== undefined);
    const expected = used.map(({ bytes }) => bytes?.slice());
    this.attempt(() => {
      const watched = this.watch(this.heap.readMany(used.map(({ allocation }) => ({ allocation }))));
      watched.onResolved = (all) => {
        for (const [k, bytes] of all.entries()) this.compare(used[k] as Holding, bytes, expected[k]);
      };
    });
  }

  resize(): void {
    const holding = this.pick();
    if (holding === undefined || holding.allocation.block !== undefined) return;
    const { allocation } = holding;
    const size = this.size();
    this.attempt(() => {
      const kept = this.hasRefused(holding) ? undefined : holding.bytes?.slice(0, size);
      allocation.resize(size);
      holding.bytes = this.hasRefused(holding) ? undefined : kept;
    });
  }

  record(): void {
    if (this.tokens.length > 2) this.tokens.shift()?.end();
    const used = [this.pick(), this.pick()].flatMap((each) => (each === undefined ? [] : [each.allocation]));
    const token = this.heap.record();
    this.tokens.push(token);
    this.attempt(() => void token.use(...used));
  }

  trim(): void {
    this.attempt(() => void this.heap.trim());
  }

  endFrame(): void {
    // What lived for the frame has ended with it, even where the boundary could not be set.
    this.attempt(() => void this.heap.endFrame(), 'may free');
    for (const { allocation, isFrame } of this.held) {
      if (allocation.isLive === isFrame)
        this.complaints.push(`${allocation.label} after the frame: ${allocation.isLive}`);
    }
    this.held = this.held.filter(({ allocation }) => allocation.isLive);
  }

  complete(): void {
    this.gpu.completeUpTo(
      Math.max(this.gpu.completedSerial, this.gpu.signalledSerial - this.random.below(3)),
    );
  }

  /** Does what may fail; a failure has changed nothing that lives. */
  private attempt(act: () => void, then: 'as before' | 'may free' = 'as before'): void {
    const before = this.figures();
    try {
      act();
    } catch (error) {
      if (!(error instanceof GpuMemoryError)) throw error;
      if (then === 'as before') expect(this.figures(), `after ${error.message}`).toEqual(before);
      this.failures.push(error);
      this.onFailure?.();
    }
  }

  private figures(): object {
    const { allocationCount, requestedBytes, usedBytes } = this.heap.statistics();
    return { allocationCount, requestedBytes, usedBytes };
  }

  private watch<T>(promise: Promise<T>): Watched<T> {
    const watched = new Watched(promise, (error) => {
      if (!(error instanceof GpuMemoryError)) throw error;
      this.failures.push(error);
      this.onFailure?.();
    });
    this.promises.push(watched as Watched<unknown>);
    return watched;
  }

  private take(allocation: Allocation<MockBuffer>): void {
    const holding = { allocation, isFrame: allocation.label.startsWith('frame'), bytes: undefined };
    this.held.push(holding);
    this.attempt(() => this.fill(holding));
  }

  private fill(holding: Holding): void {
    const { allocation } = holding;
    const bytes = quickPattern(++this.seeds, allocation.size);
    holding.bytes = undefined;
    allocation.write(bytes);
    holding.bytes = bytes;
  }

  private request(): AllocationRequest<MockBuffer> {
    const { random } = this;
    const lifetime = LIFETIMES[random.below(LIFETIMES.length)] as 'default';
    const apart = random.below(8) === 0 ? this.pick() : undefined;
    return {
      size: this.size(),
      usage: USAGES[random.below(3)] as number,
      lifetime,
      zeroed: random.below(3) === 0,
      alignment: 1 + random.below(40),
      label: `${lifetime} ${random.below(5)}`,
      owner: `owner ${random.below(4)}`,
      apartFrom: apart === undefined || !isUsable(apart.allocation) ? [] : [apart.allocation],
    };
  }

  private size(): number {
    const { random } = this;
    return random.below(9) === 0 ? LARGE_BYTES + random.below(20_000) : random.logUniform(1, 4000);
  }

  private pick(): Holding | undefined {
    return this.held[this.random.below(Math.max(1, this.held.length))];
  }

  /** Whether the device is about to refuse where it lives, or a detour: what is copied there is lost. */
  private hasRefused({ allocation }: Holding): boolean {
    if (isUsable(allocation) && allocation.buffer.isRefused) return true;
    return [...this.gpu.buffers].some(({ isRefused, label }) => isRefused && label.includes('scratch'));
  }
}

/** What is freed as one: the block of a member, else the allocation itself. */
function wholeOf(allocation: Allocation<MockBuffer>): Allocation<MockBuffer> {
  return allocation.block ?? allocation;
}

/** Whether it is live and the device stands by its word. */
function isUsable(allocation: Allocation<MockBuffer>): boolean {
  if (!allocation.isLive) return false;
  try {
    allocation.binding();
    return true;
  } catch (error) {
    if (error instanceof GpuMemoryError) return false;
    throw error;
  }
}
