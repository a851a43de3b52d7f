/**
 * Whole model: a heap and a naive list of all that lives in it, which must agree after every step.
 *
 * Promise  what is done is a function of numbers, so that any sequence can be repeated and cut short.
 *          Invariants 1 to 8 of ARCHITECTURE.md are checked after each step, 9 and 10 at the end.
 */
import { expect } from 'vitest';
import type { MockBuffer, MockEncoder, MockGpu, Sighting } from '../../../mock/src/index.ts';
import {
  type Allocation,
  type AllocationRequest,
  type GpuHeap,
  type HeapBinding,
  type HeapPool,
  OutOfMemoryError,
  type RecordingToken,
  UsageError,
} from '../../src/index.ts';
import { recountHeap } from './heap-recount.ts';
import { openHeap } from './open-heap.ts';
import { firstDifference, quickPattern } from './quick-bytes.ts';
import { overlap, type Place, RangeWatch } from './range-watch.ts';
import { drain, Watched } from './watched.ts';
import { classOf, placeOf, wantedAlignment } from './whole-places.ts';

/** One allocation, and what must be true of it. */
export interface Entry {
  readonly allocation: Allocation<MockBuffer>;
  readonly request: AllocationRequest<MockBuffer>;
  readonly apart: Set<Entry>;
  bytes: Uint8Array;
  place: Place;
  version: number;
  /** How often its hook was called. */
  moves: number;
  /** Grows with each change of its bytes. */
  changes: number;
  /** Reads that have not settled. */
  reading: number;
}

interface Recording {
  readonly encoder: MockEncoder;
  readonly token: RecordingToken<MockBuffer>;
  readonly places: readonly Place[];
}

interface Look {
  readonly sighting: Sighting;
  readonly entry: Entry;
  readonly changes: number;
  readonly bytes: Uint8Array;
}

export class WholeModel {
  readonly gpu: MockGpu;
  readonly heap: GpuHeap<MockBuffer>;
  entries: Entry[] = [];
  readonly pools: HeapPool<MockBuffer>[] = [];
  readonly dead: Allocation<MockBuffer>[] = [];
  serial = 0;
  private readonly ranges: RangeWatch;
  private readonly promises: Watched<unknown>[] = [];
  private recordings: Recording[] = [];
  private readonly looks: Look[] = [];
  private allowedBytes: number;
  private seeds = 0;

  constructor(reuseAfter: 'submitted' | 'completed', budgetBytes: number) {
    const heapOptions = { chunkBytes: 65_536, dedicatedBytes: 30_000, budgetBytes };
    const { gpu, heap, backend } = openHeap(heapOptions, { reuseAfter, recordCalls: false });
    this.gpu = gpu;
    this.heap = heap;
    this.allowedBytes = budgetBytes;
    this.ranges = new RangeWatch(() =>
      reuseAfter === 'submitted' ? Number.POSITIVE_INFINITY : backend.completedSerial,
    );
  }

  /** The `k`-th of those that live, counted round. */
  pick(k: number): Entry | undefined {
    return this.entries[k % Math.max(1, this.entries.length)];
  }

  /** Does what may find no room: then nothing that lives has changed. */
  attempt(act: () => void): void {
    const before = this.figures();
    try {
      act();
    } catch (error) {
      if (!(error instanceof OutOfMemoryError)) throw error;
      expect(this.figures(), `after ${error.message}`).toEqual(before);
    }
  }

  /** Takes new allocations in. Those that are not asked to be zero are written. */
  take(allocation: Allocation<MockBuffer>, request: AllocationRequest<MockBuffer>): Entry {
    const place = placeOf(allocation);
    const apart = new Set(
      this.entries.filter((entry) => request.apartFrom?.includes(entry.allocation) ?? false),
    );
    const bytes = new Uint8Array(allocation.size);
    const { version } = allocation;
    const entry: Entry = {
      ...{ allocation, request, apart, bytes, place, version },
      ...{ moves: 0, changes: 0, reading: 0 },
    };
    for (const other of apart) other.apart.add(entry);
    allocation.on('moved', () => {
      entry.moves++;
    });
    this.checkGiven(entry);
    this.entries.push(entry);
    if (request.zeroed !== true) this.write(entry, 0, bytes.length);
    return entry;
  }

  write(entry: Entry, at: number, size: number): void {
    const bytes = quickPattern(++this.seeds, size);
    entry.allocation.write(bytes, at);
    entry.bytes.set(bytes, at);
    entry.changes++;
  }

  copy(from: Entry, at: number, to: Entry, into: number, size: number): void {
    this.heap.copy(from.allocation, at, to.allocation, into, size);
    to.bytes.set(from.bytes.slice(at, at + size), into);
    to.changes++;
  }

  read(entry: Entry): void {
    const { changes } = entry;
    const expected = entry.bytes.slice();
    entry.reading++;
    const watched = new Watched(entry.allocation.read(), (error) => {
      entry.reading--;
      if (!(error instanceof OutOfMemoryError)) throw error;
    });
    watched.onResolved = (bytes) => {
      entry.reading--;
      expect(firstDifference(bytes, expected), `a read of ${entry.allocation.label}, ${changes}`).toBe(-1);
    };
    this.promises.push(watched as Watched<unknown>);
  }

  resize(entry: Entry, size: number): void {
    const { allocation, place } = entry;
    allocation.resize(size);
    const bytes = new Uint8Array(size);
    bytes.set(entry.bytes.subarray(0, size));
    const gained = entry.bytes.length;
    const moved = allocation.version !== entry.version;
    entry.bytes = bytes;
    entry.place = placeOf(allocation);
    entry.changes++;
    if (moved) this.give(place);
    else if (entry.place.size < place.size) {
      const { buffer, offset } = place;
      const end = offset + entry.place.size;
      this.give({ buffer, offset: end, size: offset + place.size - end }, entry);
    }
    this.checkGiven(entry);
    // What is gained is whatever was there before; from a word on, since writes are of whole words.
    const from = gained - (gained % 4);
    if (size > gained) this.write(entry, from, size - from);
  }

  /** Moves what must move so that one scope may use all of them so; no move may help. */
  resolve(bindings: readonly HeapBinding<MockBuffer>[]): void {
    try {
      this.heap.resolveScope(bindings);
      expect(this.heap.checkScope(bindings)).toBeUndefined();
    } catch (error) {
      const isConflict = error instanceof UsageError && error.code === 'scope-conflict';
      if (!isConflict && !(error instanceof OutOfMemoryError)) throw error;
    }
    for (const entry of this.entries) {
      if (entry.allocation.version === entry.version) continue;
      this.give(entry.place);
      entry.place = placeOf(entry.allocation);
      this.checkGiven(entry);
    }
  }

  free(entry: Entry): void {
    const whole = entry.allocation.block ?? entry.allocation;
    whole.free();
    this.leave((each) => (each.allocation.block ?? each.allocation) === whole);
    this.dead.push(whole);
  }

  later(request: AllocationRequest<MockBuffer>): void {
    const watched = new Watched(this.heap.allocateAsync(request), (error) => {
      if (!(error instanceof OutOfMemoryError)) throw error;
    });
    watched.onResolved = (allocation) => void this.take(allocation, request);
    this.promises.push(watched as Watched<unknown>);
  }

  record(used: readonly Entry[]): void {
    const encoder = this.gpu.recordEncoder();
    const token = this.heap.record().use(...used.map(({ allocation }) => allocation));
    for (const entry of used) {
      const { place, bytes, changes } = entry;
      const sighting = encoder.read(place.buffer, place.offset, bytes.length);
      this.looks.push({ sighting, entry, changes, bytes: bytes.slice() });
    }
    this.recordings.push({ encoder, token, places: used.map(({ place }) => place) });
  }

  submitRecording(): void {
    const recording = this.recordings.shift();
    if (recording === undefined) return;
    expect(recording.encoder.submit(), 'a recorded encoder is taken').toBe(true);
    recording.token.end();
    this.ranges.endRecording(recording);
  }

  submitted(): void {
    this.serial = this.heap.submitted();
    this.ranges.stamp([0], this.serial);
  }

  endFrame(): void {
    const ended = this.entries.filter(({ request }) => request.lifetime === 'frame');
    for (const { allocation } of ended) this.dead.push(allocation);
    this.leave(({ request }) => request.lifetime === 'frame');
    this.serial = this.heap.endFrame();
    this.ranges.stamp([0], this.serial);
  }

  setBudget(bytes: number): void {
    this.heap.setBudget(bytes);
    this.allowedBytes = Math.max(bytes, this.heap.statistics().reservedBytes);
  }

  /** All that must be true at any moment. */
  async check(): Promise<void> {
    await drain(10);
    expect(recountHeap(this.heap, this.gpu)).toEqual([]);
    const { reservedBytes, allocationCount, requestedBytes } = this.heap.statistics();
    expect(reservedBytes).toBeLessThanOrEqual(this.allowedBytes);
    if (reservedBytes <= this.heap.budgetBytes) this.allowedBytes = this.heap.budgetBytes;
    const wholes = new Set(this.entries.map(({ allocation }) => allocation.block ?? allocation));
    expect(allocationCount).toBe(wholes.size);
    expect(requestedBytes).toBe([...wholes].reduce((sum, { size }) => sum + size, 0));
    this.checkPlaces();
    expect(this.gpu.errors).toEqual([]);
  }

  /** Ends everything, compares all bytes, and finds nothing left. */
  async finish(): Promise<void> {
    while (this.recordings.length > 0) this.submitRecording();
    this.setBudget(Number.POSITIVE_INFINITY);
    await this.settle();
    for (const entry of this.entries) this.read(entry);
    await this.settle();
    expect(this.promises.filter(({ state }) => state === 'open').length).toBe(0);
    await Promise.all(this.promises.map(({ told }) => told));
    for (const { sighting, entry, changes, bytes } of this.looks) {
      if (entry.changes !== changes || sighting.bytes === undefined) continue;
      expect(firstDifference(sighting.bytes, bytes), 'what an encoder saw').toBe(-1);
    }
    while (this.entries.length > 0) this.free(this.entries[0] as Entry);
    this.endFrame();
    await this.settle();
    for (const pool of this.pools) pool.dispose();
    this.heap.trim();
    await this.check();
    expect(this.heap.statistics()).toMatchObject({ usedBytes: 0, pendingBytes: 0, reservedBytes: 0 });
    this.heap.dispose();
    expect(this.gpu.buffers.size).toBe(0);
  }

  private async settle(): Promise<void> {
    for (let turn = 0; turn < 4; turn++) {
      this.submitted();
      this.gpu.completeAll();
      await drain(40);
    }
    this.submitted();
  }

  /** Those are no more, and their ranges are given up. */
  private leave(isGone: (entry: Entry) => boolean): void {
    for (const entry of this.entries.filter(isGone)) {
      this.give(entry.place);
      for (const other of entry.apart) other.apart.delete(entry);
    }
    this.entries = this.entries.filter((entry) => !isGone(entry));
  }

  private give(place: Place, shortened?: object): void {
    const users = this.recordings.filter(({ places }) => places.some((used) => overlap(used, place)));
    this.ranges.release(place, [0], users, shortened);
  }

  private checkGiven(entry: Entry): void {
    this.ranges.check(entry.place, entry);
  }

  /** Live ranges are where they were, or say so: aligned, inside, apart from others, one kind a buffer. */
  private checkPlaces(): void {
    const kinds = new Map<MockBuffer, string>();
    const sorted = [...this.entries].sort(
      (a, b) => a.place.buffer.id - b.place.buffer.id || a.place.offset - b.place.offset,
    );
    for (const [k, entry] of sorted.entries()) {
      const { allocation, place, moves } = entry;
      expect(placeOf(allocation)).toEqual(place);
      expect(allocation.version).toBe(moves);
      entry.version = allocation.version;
      expect(place.offset % wantedAlignment(entry.request)).toBe(0);
      expect(place.offset + place.size).toBeLessThanOrEqual(place.buffer.sizeBytes);
      const next = sorted[k + 1]?.place;
      if (next !== undefined) expect(overlap(place, next), 'two live ranges overlap').toBe(false);
      const kind = kinds.get(place.buffer) ?? classOf(entry.request);
      expect(classOf(entry.request), 'what shares a buffer').toBe(kind);
      kinds.set(place.buffer, kind);
      for (const other of entry.apart) expect(other.place.buffer === place.buffer).toBe(false);
    }
  }

  private figures(): object {
    const { allocationCount, requestedBytes, usedBytes } = this.heap.statistics();
    return { allocationCount, requestedBytes, usedBytes };
  }
}
