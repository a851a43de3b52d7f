import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MockBuffer, MockGpuOptions, SettleOrder } from '../../../mock/src/index.ts';
import { scale } from '../../../testing/src/scale.ts';
import { type Allocation, BufferUsage, OutOfMemoryError } from '../../src/index.ts';
import { recountHeap } from '../heap/heap-recount.ts';
import { firstDifference, openHeap, patternOf } from '../heap/open-heap.ts';
import { allocateReady, KIBI, MANY, nextTurn, stagingBuffers, work } from './upload-scene.ts';

const { STORAGE, VERTEX } = BufferUsage;
const UPLOAD_BYTES = 256 * KIBI;

/** One step: what to do, and numbers to do it with. */
type Step = readonly [kind: keyof typeof STEPS, a: number, b: number];

interface Item {
  readonly allocation: Allocation<MockBuffer>;
  bytes: Uint8Array;
}

/** What must be seen in the end: a read or an encoder's look, and the bytes as they were written by then. */
interface Sight {
  readonly seen: () => Promise<Uint8Array | undefined>;
  readonly expected: Uint8Array;
}

class Scene {
  readonly items: Item[] = [];
  readonly sights: Sight[] = [];
  readonly waits: Promise<unknown>[] = [];
  readonly gpu;
  readonly heap;
  private readonly budgetBytes: number;
  private seed = 0;

  constructor(budgetBytes: number, gpuOptions: MockGpuOptions) {
    this.budgetBytes = budgetBytes;
    const options = { chunkBytes: 65_536, dedicatedBytes: 40_000, uploadBytes: UPLOAD_BYTES, budgetBytes };
    const { gpu, heap } = openHeap(options, { recordCalls: false, ...gpuOptions });
    this.gpu = gpu;
    this.heap = heap;
  }

  /** Brings it to where writes are gathered: many of them, and mapped room. */
  async warm(): Promise<void> {
    const { gpu, heap } = this;
    const allocation = await allocateReady(gpu, heap, 3000, 32 * KIBI);
    this.items.push({ allocation, bytes: new Uint8Array(3000) });
    STEPS.burst(this, 0, 7);
    heap.flush();
    await work(gpu);
  }

  pick(number: number): Item | undefined {
    return this.items[number % Math.max(1, this.items.length)];
  }

  /** Writes fresh bytes in one of the ways that there are. */
  write(item: Item, at: number, size: number, way: number): void {
    const { allocation } = item;
    const bytes = patternOf(++this.seed, size);
    if (way % 4 === 0) allocation.write(bytes, at);
    else if (way % 4 === 1) this.heap.uploads.write(allocation, bytes.slice().buffer, at);
    else if (way % 4 === 2) this.heap.uploads.write(allocation, bytes, at);
    else this.heap.uploads.writeInPlace(allocation, size, (target) => target.set(bytes), at);
    item.bytes.set(bytes, at);
  }

  read(item: Item): void {
    const read = item.allocation.read().catch((error: unknown) => {
      if (!(error instanceof OutOfMemoryError)) throw error;
      return undefined;
    });
    this.sights.push({ seen: () => read, expected: item.bytes.slice() });
  }

  /** Whatever must hold at any moment. */
  check(): void {
    const { gpu } = this;
    expect(gpu.heldBytes).toBeLessThanOrEqual(this.budgetBytes);
    const staged = stagingBuffers(gpu).reduce((bytes, { sizeBytes }) => bytes + sizeBytes, 0);
    expect(staged).toBeLessThanOrEqual(UPLOAD_BYTES);
    expect(gpu.errors).toEqual([]);
  }

  async finish(): Promise<void> {
    const { gpu, heap, items } = this;
    heap.flush();
    expect(recountHeap(heap, gpu)).toEqual([]);
    for (let turn = 0; turn < 8; turn++) {
      gpu.completeAll();
      heap.endFrame();
      await nextTurn();
    }
    gpu.completeAll();
    await Promise.all(this.waits);
    for (const { seen, expected } of this.sights) {
      const bytes = await seen();
      if (bytes !== undefined) expect(firstDifference(bytes, expected)).toBe(-1);
    }
    for (const { allocation, bytes } of items) {
      const there = gpu.peek(allocation.buffer, allocation.offset, allocation.size);
      expect(firstDifference(there, bytes)).toBe(-1);
    }
    this.check();
    expect(recountHeap(heap, gpu)).toEqual([]);
    heap.dispose();
    expect(gpu.buffers.size).toBe(0);
    await nextTurn();
    expect(gpu.openPromiseCount).toBe(0);
  }
}

const STEPS = {
  allocate: (scene: Scene, a: number, b: number) => {
    const size = b % 5 === 0 ? 30_000 + (a % 30_000) : 1 + (a % 3000);
    const usage = b % 2 === 0 ? VERTEX : STORAGE;
    const allocation = scene.heap.tryAllocate({ size, usage, zeroed: b % 3 === 0 });
    if (allocation === undefined) return;
    const item = { allocation, bytes: new Uint8Array(size) };
    scene.items.push(item);
    if (b % 3 !== 0) scene.write(item, 0, size, b);
  },
  free: (scene: Scene, a: number) => {
    const item = scene.pick(a);
    if (item === undefined) return;
    item.allocation.free();
    scene.items.splice(scene.items.indexOf(item), 1);
  },
  write: (scene: Scene, a: number, b: number) => {
    const item = scene.pick(a);
    if (item === undefined) return;
    const at = 4 * (b % (1 + Math.floor(item.bytes.length / 8)));
    scene.write(item, at, item.bytes.length - at, b);
  },
  /** So many that they are gathered, whatever their size. */
  burst: (scene: Scene, a: number, b: number) => {
    for (let k = 0; k < MANY + (b % 8); k++) {
      const item = scene.pick(a + k);
      if (item === undefined || item.bytes.length < 4) continue;
      const at = 4 * ((a + k * b) % Math.floor(item.bytes.length / 4));
      const room = Math.floor((item.bytes.length - at) / 4);
      scene.write(item, at, 4 * (1 + (b % Math.min(room, 20))), 1 + ((b + k) % 3));
    }
  },
  resize: (scene: Scene, a: number, b: number) => {
    const item = scene.pick(a);
    if (item === undefined) return;
    const before = item.bytes;
    const size = 1 + (b % 4000);
    try {
      item.allocation.resize(size);
    } catch (error) {
      if (!(error instanceof OutOfMemoryError)) throw error;
      return;
    }
    item.bytes = new Uint8Array(size);
    item.bytes.set(before.subarray(0, size));
    const at = before.length - (before.length % 4);
    if (size > at) scene.write(item, at, size - at, b);
  },
  copy: (scene: Scene, a: number, b: number) => {
    const [from, to] = [scene.pick(a), scene.pick(b)];
    if (from === undefined || to === undefined) return;
    const size = Math.min(from.bytes.length, to.bytes.length) & ~3;
    try {
      scene.heap.copy(from.allocation, 0, to.allocation, 0, size);
    } catch (error) {
      if (!(error instanceof OutOfMemoryError)) throw error;
      return;
    }
    to.bytes.set(from.bytes.slice(0, size));
  },
  read: (scene: Scene, a: number) => {
    const item = scene.pick(a);
    if (item !== undefined) scene.read(item);
  },
  /** An encoder of the application, recorded and submitted after a flush. */
  look: (scene: Scene, a: number) => {
    const item = scene.pick(a);
    if (item === undefined) return;
    scene.heap.flush();
    const encoder = scene.gpu.recordEncoder();
    const { buffer, offset } = item.allocation;
    const sighting = encoder.read(buffer, offset, item.bytes.length);
    expect(encoder.submit()).toBe(true);
    scene.sights.push({ seen: async () => sighting.bytes, expected: item.bytes.slice() });
  },
  stage: (scene: Scene, a: number, b: number) => {
    const staged = scene.heap.uploads.tryStage(1 + (a % 20_000), 4 * (1 + (b % 64)));
    if (staged === undefined) return;
    const expected = patternOf(a, staged.size);
    staged.bytes.set(expected);
    if (b % 2 === 0) return;
    scene.heap.flush();
    const encoder = scene.gpu.recordEncoder();
    const sighting = encoder.read(staged.buffer, staged.offset, staged.size);
    expect(encoder.submit()).toBe(true);
    scene.sights.push({ seen: async () => sighting.bytes, expected });
  },
  wait: (scene: Scene, a: number) => {
    scene.waits.push(scene.heap.uploads.whenRoom(1 + (a % (300 * KIBI)), a % 3 === 0 ? 'stage' : 'write'));
  },
  flush: (scene: Scene) => scene.heap.flush(),
  submitted: (scene: Scene) => void scene.heap.submitted(),
  frame: (scene: Scene) => void scene.heap.endFrame(),
  trim: (scene: Scene) => void scene.heap.trim(),
  complete: (scene: Scene, a: number) => {
    scene.gpu.completeUpTo(Math.max(0, scene.gpu.signalledSerial - (a % 3)));
  },
  turn: () => nextTurn(),
  work: (scene: Scene) => work(scene.gpu),
} satisfies Record<string, (scene: Scene, a: number, b: number) => void | Promise<void>>;

const WEIGHTS: readonly (keyof typeof STEPS)[] = [
  ...(Object.keys(STEPS) as (keyof typeof STEPS)[]),
  ...(['allocate', 'allocate', 'allocate', 'write', 'write', 'write'] as const),
  ...(['burst', 'burst', 'burst', 'burst', 'work', 'work', 'work'] as const),
];

const scripts: fc.Arbitrary<Step[]> = fc.array(
  fc.tuple(fc.constantFrom(...WEIGHTS), fc.nat(1_000_000), fc.nat(1_000_000)),
  { minLength: 20, maxLength: 120, size: 'max' },
);

async function run(script: readonly Step[], budgetBytes: number, options: MockGpuOptions): Promise<void> {
  const scene = new Scene(budgetBytes, options);
  await scene.warm();
  for (const [kind, a, b] of script) {
    await STEPS[kind](scene, a, b);
    scene.check();
  }
  await scene.finish();
}

describe('uploads model', () => {
  for (const reuseAfter of ['submitted', 'completed'] as const) {
    it(`keeps every byte in any mixture of ways, ranges reused after ${reuseAfter}`, async () => {
      await fc.assert(
        fc.asyncProperty(
          scripts,
          fc.constantFrom(Number.POSITIVE_INFINITY, 700_000),
          fc.constantFrom<SettleOrder>('fifo', 'lifo', 1, 2),
          (script, budget, settleOrder) => run(script, budget, { reuseAfter, settleOrder }),
        ),
        { numRuns: scale(80, 600) },
      );
    });
  }
});
