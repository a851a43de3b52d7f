/**
 * Fence scene: a heap and a virtual GPU whose completions come when a test says, beside a list of the ranges
 * that may not be given away yet.
 *
 * Promise  every range that the heap gives away is checked against those that are live, recorded, or wait for
 *          a boundary or a fence. What encoders read is compared with what was there when they were recorded.
 */
import { expect } from 'vitest';
import {
  type MockBuffer,
  type MockEncoder,
  MockGpu,
  type MockGpuOptions,
  type Sighting,
} from '../../../mock/src/index.ts';
import { XorShift32 } from '../../../testing/src/workloads/random.ts';
import {
  type Allocation,
  BufferUsage,
  GpuHeap,
  type GpuHeapOptions,
  OutOfMemoryError,
  type RecordingToken,
} from '../../src/index.ts';
import { recountHeap } from './heap-recount.ts';
import { firstDifference, quickPattern } from './quick-bytes.ts';
import { overlap, type Place, RangeWatch } from './range-watch.ts';
import { drain, Watched } from './watched.ts';

const { STORAGE, VERTEX } = BufferUsage;
/** What shaders write as well as read. */
const usage: number = STORAGE | VERTEX;

/** A live allocation and its bytes, which are written once. */
export interface Item {
  readonly allocation: Allocation<MockBuffer>;
  readonly timelines: readonly number[];
  bytes: Uint8Array;
  /** The timeline on which they came there. */
  writtenOn: number;
}

/** An encoder that is not submitted yet. */
interface Recording {
  readonly encoder: MockEncoder;
  readonly token: RecordingToken<MockBuffer>;
  readonly timeline: number;
  readonly items: readonly (Item & { readonly place: Place })[];
}

export class FenceScene {
  readonly gpu: MockGpu;
  readonly heap: GpuHeap<MockBuffer>;
  readonly random: XorShift32;
  items: Item[] = [];
  private readonly ranges: RangeWatch;
  private recordings: Recording[] = [];
  private readonly seen: [Sighting, Uint8Array][] = [];
  private readonly waiting: Watched<Allocation<MockBuffer>>[] = [];
  private readonly timelineCount: number;
  private seeds = 0;

  constructor(seed: number, heapOptions: GpuHeapOptions, gpuOptions: MockGpuOptions) {
    this.random = new XorShift32(seed * 9973);
    this.gpu = new MockGpu({ recordCalls: false, ...gpuOptions });
    this.heap = new GpuHeap(this.gpu.backend(), heapOptions);
    const isOrdered = gpuOptions.reuseAfter === 'submitted';
    const { backend } = this.heap;
    this.ranges = new RangeWatch((timeline) =>
      isOrdered ? Number.POSITIVE_INFINITY : backend.completedOn(timeline),
    );
    this.timelineCount = gpuOptions.timelines ?? 1;
  }

  /** Any of the items that are used on a timeline, and whose bytes are there. */
  pick(timeline?: number): Item | undefined {
    const { items } = this;
    const item = items[this.random.below(Math.max(1, items.length))];
    if (item === undefined || timeline === undefined) return item;
    return this.canRead(item, timeline) ? item : undefined;
  }

  /** Whether it is used on a timeline, and its bytes come there in time. */
  canRead(item: Item, timeline: number): boolean {
    return item.timelines.includes(timeline) && (item.writtenOn === timeline || this.isThere(item));
  }

  /** Whether its bytes have come: nothing orders one timeline with another, so that others wait for them. */
  private isThere({ allocation: { buffer, offset }, bytes }: Item): boolean {
    return firstDifference(this.gpu.peek(buffer, offset, bytes.length), bytes) === -1;
  }

  allocate(size: number, timelines: readonly number[] = [0]): Item | undefined {
    const zeroed = timelines.includes(0) && size % 3 === 0;
    const allocation = this.heap.tryAllocate({ size, usage, access: 'read', timelines, zeroed });
    return allocation === undefined ? undefined : this.take(allocation, timelines);
  }

  allocateLater(size: number): void {
    const watched = new Watched(this.heap.allocateAsync({ size, usage, access: 'read' }));
    watched.onResolved = (allocation) => void this.take(allocation, [0]);
    this.waiting.push(watched);
  }

  free(item: Item): void {
    const place = placeOf(item);
    item.allocation.free();
    this.items.splice(this.items.indexOf(item), 1);
    this.release(place, item);
  }

  resize(item: Item, size: number): void {
    // A move is a copy on the first timeline.
    if (item.writtenOn !== 0 && !this.isThere(item)) return;
    const before = placeOf(item);
    try {
      item.allocation.resize(size);
    } catch (error) {
      if (!(error instanceof OutOfMemoryError)) throw error;
      return;
    }
    const after = placeOf(item);
    this.items.splice(this.items.indexOf(item), 1);
    const isMoved = after.buffer !== before.buffer || after.offset !== before.offset;
    if (isMoved) {
      this.release(before, item);
      item.writtenOn = 0;
    } else if (after.size < before.size) {
      const tail = { ...before, offset: after.offset + after.size, size: before.size - after.size };
      this.release(tail, item, item.allocation);
    }
    this.checkPlace(after, item.allocation);
    item.bytes = item.bytes.slice(0, size);
    this.items.push(item);
  }

  /** Submits an encoder at once that reads what is passed. */
  use(timeline: number, items: readonly Item[]): void {
    const encoder = this.gpu.recordEncoder();
    for (const item of items) this.look(encoder, item);
    expect(encoder.submit(timeline), 'an encoder is taken').toBe(true);
  }

  /** Records an encoder that is submitted by `submitRecording`, frames later. */
  record(timeline: number, items: readonly Item[]): void {
    const encoder = this.gpu.recordEncoder();
    const token = this.heap.record().use(...items.map(({ allocation }) => allocation));
    for (const item of items) this.look(encoder, item);
    const used = items.map((item) => ({ ...item, place: placeOf(item) }));
    this.recordings.push({ encoder, token, timeline, items: used });
  }

  /** Submits the oldest recording, and ends it. */
  submitRecording(): void {
    const recording = this.recordings.shift();
    if (recording === undefined) return;
    expect(recording.encoder.submit(recording.timeline), 'a recorded encoder is taken').toBe(true);
    recording.token.end();
    this.ranges.endRecording(recording);
  }

  submitted(timeline: number): void {
    this.ranges.stamp([timeline], this.heap.submitted(timeline));
  }

  endFrame(): void {
    const first = this.gpu.signalledSerial + 1;
    const serial = this.heap.endFrame();
    // With several timelines each has a serial of its own between these.
    this.ranges.stamp([...Array(this.timelineCount).keys()], this.timelineCount === 1 ? serial : first);
  }

  /** Completes everything, and compares all that was read on the way and all that lives. */
  async finish(): Promise<void> {
    while (this.recordings.length > 0) this.submitRecording();
    for (let turn = 0; turn < 2 || (turn < 60 && this.isUnsettled); turn++) {
      this.endFrame();
      this.gpu.completeAll();
      this.gpu.settle();
      await drain(30);
    }
    expect(this.openCount, 'promises open').toBe(0);
    for (const { error } of this.waiting) {
      if (error !== undefined && !(error instanceof OutOfMemoryError)) throw error;
    }
    for (const [{ bytes }, expected] of this.seen) {
      expect(bytes === undefined ? 0 : firstDifference(bytes, expected), 'what an encoder saw').toBe(-1);
    }
    for (const item of this.items) {
      const { buffer, offset } = item.allocation;
      const bytes = this.gpu.peek(buffer, offset, item.bytes.length);
      expect(firstDifference(bytes, item.bytes), 'what is there at the end').toBe(-1);
    }
    this.endFrame();
    expect(this.heap.statistics().pendingBytes, 'pending at the end').toBe(0);
    this.check();
    this.heap.dispose();
    expect(this.gpu.buffers.size).toBe(0);
  }

  /** Whether something waits still, for a late fence perhaps. */
  private get isUnsettled(): boolean {
    return this.openCount > 0 || this.heap.statistics().pendingBytes > 0;
  }

  /** Promises that have not settled. */
  private get openCount(): number {
    return this.waiting.filter(({ state }) => state === 'open').length;
  }

  /** Whatever must hold at any moment. */
  check(): void {
    expect(this.gpu.hazards.map(({ message }) => message)).toEqual([]);
    expect(recountHeap(this.heap, this.gpu)).toEqual([]);
  }

  private take(allocation: Allocation<MockBuffer>, timelines: readonly number[]): Item {
    const bytes = quickPattern(++this.seeds, allocation.size);
    // The heap writes on the first timeline, whoever uses it afterwards.
    const writtenOn = this.random.below(2) === 0 ? 0 : (timelines[0] as number);
    const item = { allocation, timelines, bytes, writtenOn };
    const { buffer, offset, size } = placeOf(item);
    this.checkPlace({ buffer, offset, size }, allocation);
    if (writtenOn === 0) allocation.write(bytes);
    else {
      const encoder = this.gpu.recordEncoder();
      encoder.write(buffer, offset, padTo(size, bytes));
      expect(encoder.submit(writtenOn), 'a writer is taken').toBe(true);
    }
    this.items.push(item);
    return item;
  }

  private look(encoder: MockEncoder, { allocation, bytes }: Item): void {
    this.seen.push([encoder.read(allocation.buffer, allocation.offset, bytes.length), bytes]);
  }

  private release(place: Place, { timelines }: Item, shortened?: object): void {
    const recordings = this.recordings.filter(({ items }) =>
      items.some((used) => overlap(used.place, place)),
    );
    this.ranges.release(place, timelines, recordings, shortened);
  }

  /** A range was given away. */
  private checkPlace(place: Place, allocation: Allocation<MockBuffer>): void {
    for (const item of this.items)
      expect(overlap(placeOf(item), place), 'two live ranges overlap').toBe(false);
    this.ranges.check(place, allocation);
  }
}

function placeOf({ allocation }: Item): Place {
  return allocation.binding();
}

function padTo(size: number, bytes: Uint8Array): Uint8Array {
  const padded = new Uint8Array(size);
  padded.set(bytes);
  return padded;
}
