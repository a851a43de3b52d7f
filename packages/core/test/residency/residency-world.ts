/**
 * Residency world: a heap whose allocations are evicted and come back, and a naive list of what each holds.
 *
 * Promise  what is done is a function of numbers, so that any script can be repeated and cut short. Whatever
 *          was evicted, moved and restored holds what it would hold had nothing of that happened.
 */
import { expect } from 'vitest';
import { type MockBuffer, MockGpu, type Sighting } from '../../../mock/src/index.ts';
import {
  type Allocation,
  BestFit,
  Binned,
  Buddy,
  type Defragmentation,
  type GpuHeap,
  GpuMemoryError,
  type HeapPool,
  type RecordingToken,
} from '../../src/index.ts';
import { recountHeap } from '../heap/heap-recount.ts';
import { openHeap } from '../heap/open-heap.ts';
import { firstDifference, quickPattern } from '../heap/quick-bytes.ts';
import { drain, Watched } from '../heap/watched.ts';
import type { Signal } from './signal.ts';

/** One allocation, and what must be in it. */
export interface Shadow {
  readonly allocation: Allocation<MockBuffer>;
  /** What is freed for it: its block, for a member. */
  readonly whole: Allocation<MockBuffer>;
  bytes: Uint8Array;
  /** What its `onRestore` gives. */
  readonly base: Uint8Array | undefined;
  readonly isStorage: boolean;
  /** What the CPU has written last, without what the GPU did since; what a lost device leaves at most. */
  written: Uint8Array;
  /** The same from the last time on that it came from somewhere else: then the CPU had all of it. */
  kept: Uint8Array;
  pins: number;
  /** Grows with each change of its bytes: a device that orders nothing may see the new ones. */
  changes: number;
  /** A loss has left something in it that could not be read. */
  isUnknown: boolean;
  /** Bytes from here on came with its size, and are anything. */
  tailFrom: number | undefined;
  /** Evicted, as far as anybody was told. */
  isAway: boolean;
}

interface Look {
  readonly sighting: Sighting;
  readonly shadow: Shadow;
  readonly changes: number;
  readonly bytes: Uint8Array;
}

/** What a script runs on. */
export interface Setting {
  readonly reuseAfter: 'submitted' | 'completed';
  readonly budgetBytes: number;
  readonly guardBytes: number;
  readonly order: 'recency' | 'frequency';
  readonly isDefragmented: boolean;
  readonly settleOrder: number;
}

/** A heap, what lives in it, and what must be true of it. */
export class ResidencyWorld {
  readonly live: Shadow[] = [];
  /** What has happened, so that a test can see that enough did. */
  readonly seen: Record<string, number> = {};
  gpu: MockGpu;
  readonly heap: GpuHeap<MockBuffer>;
  /** Those of the application, of other kinds; undefined for the heap's own. */
  protected readonly pools: readonly (HeapPool<MockBuffer> | undefined)[];
  protected readonly setting: Setting;
  protected allowedBytes: number;
  protected isRefusedLate = false;
  protected isRebuilding = false;
  protected serial = 0;
  protected seed = 0;
  protected run: Defragmentation<MockBuffer> | undefined;
  protected token: RecordingToken<MockBuffer> | undefined;
  protected readonly looks: Look[] = [];
  protected readonly promises: Watched<unknown>[] = [];
  protected readonly signals: Signal[] = [];
  /** What asynchronous `onRestore`s wait for. */
  protected loads: (() => void)[] = [];

  constructor(setting: Setting) {
    const { reuseAfter, budgetBytes, guardBytes, order, isDefragmented, settleOrder } = setting;
    const defragmentation = isDefragmented
      ? { defragmentation: { everyFrames: 1, leastBytes: 0, movesPerPass: 5 } }
      : {};
    const sizes = { chunkBytes: 65_536, dedicatedBytes: 30_000, budgetBytes, guardBytes };
    const residency = { order, prefetchBytesPerFrame: 8000 };
    const { gpu, heap } = openHeap(
      { ...sizes, ...defragmentation, residency },
      { reuseAfter, settleOrder, recordCalls: false },
    );
    this.setting = setting;
    this.gpu = gpu;
    this.heap = heap;
    this.allowedBytes = budgetBytes;
    const kinds = [Buddy, BestFit, Binned];
    this.pools = [
      heap.createPool({ name: 'odd', granularity: 48, chunkBytes: 48 * 1024 }),
      ...kinds.map((Kind) =>
        heap.createPool({
          ...{ name: Kind.name, chunkBytes: 32_768, dedicatedBytes: 16_384 },
          suballocator: (options) => new Kind(options),
        }),
      ),
      undefined,
    ];
  }

  protected note(what: string, count = 1): void {
    this.seen[what] = (this.seen[what] ?? 0) + count;
  }

  /** The `k`-th of those that live, counted round. */
  protected at(k: number): Shadow | undefined {
    const shadow = this.live[k % Math.max(1, this.live.length)];
    if (shadow !== undefined) this.follow(shadow);
    return shadow;
  }

  /** Something that was begun earlier may have given it another size. */
  protected follow(shadow: Shadow): void {
    const { size } = shadow.allocation;
    const before = shadow.bytes.length;
    if (size === before) return;
    shadow.bytes = prefixed(shadow.bytes, size);
    shadow.written = prefixed(shadow.written, size);
    shadow.kept = prefixed(shadow.kept, size);
    shadow.changes++;
    const from = Math.min(before, shadow.tailFrom ?? before);
    shadow.tailFrom = from < size ? from : undefined;
  }

  /** What came with its size is written. */
  protected fillTail(shadow: Shadow): void {
    const { allocation, tailFrom } = shadow;
    if (tailFrom === undefined) return;
    const at = tailFrom & ~3;
    shadow.bytes.set(quickPattern(++this.seed, allocation.size - tailFrom), tailFrom);
    this.attempt(() => {
      allocation.write(shadow.bytes.subarray(at), at);
      shadow.written.set(shadow.bytes.subarray(at), at);
      shadow.kept.set(shadow.bytes.subarray(at), at);
      shadow.changes++;
      shadow.tailFrom = undefined;
    });
  }

  /** Some of those that live, from the `a`-th on. */
  protected some(a: number, count: number): Allocation<MockBuffer>[] {
    const found: Allocation<MockBuffer>[] = [];
    for (let k = 0; k < count; k++) {
      const shadow = this.at(a + k * (1 + (a % 3)));
      if (shadow !== undefined) found.push(shadow.allocation);
    }
    return found;
  }

  protected watch(name: string, promise: Promise<unknown>): Watched<unknown> {
    const watched = new Watched<unknown>(promise, (error) => {
      this.note(`${name} failed`);
      this.expectFair(error);
    });
    watched.onResolved = () => this.note(name);
    this.promises.push(watched);
    return watched;
  }

  /** What calls may fail with in this world. */
  protected expectFair(error: unknown): void {
    if (this.signals.some(({ reason, aborted }) => aborted && reason === error)) return;
    const isOurs = error instanceof GpuMemoryError;
    const codes = ['over-budget', 'refused-by-device', 'device-lost', 'backend-failed', 'not-restored'];
    if (!isOurs || !codes.includes(error.code)) throw error;
  }

  protected attempt<T>(act: () => T): T | undefined {
    try {
      return act();
    } catch (error) {
      this.expectFair(error);
      return undefined;
    }
  }

  protected remember(
    allocation: Allocation<MockBuffer>,
    whole: Allocation<MockBuffer>,
    base: Uint8Array | undefined,
    isStorage: boolean,
    resident: boolean,
  ): void {
    let bytes: Uint8Array = base?.slice() ?? new Uint8Array(allocation.size);
    let isUnknown = false;
    if (resident) {
      // What it holds at first is anything.
      isUnknown = true;
      bytes = quickPattern(++this.seed, allocation.size);
      this.attempt(() => {
        allocation.write(bytes);
        isUnknown = false;
      });
    }
    const written = bytes.slice();
    const known = { bytes, base, isStorage, written, kept: written.slice() };
    const state = { pins: 0, changes: 0, isUnknown, tailFrom: undefined, isAway: !resident };
    const shadow: Shadow = { allocation, whole, ...known, ...state };
    allocation.on('evicted', () => {
      shadow.isAway = true;
    });
    allocation.on('moved', () => {
      this.follow(shadow);
      // After a loss nothing has come from anywhere.
      if (!this.isRebuilding && shadow.isAway) shadow.kept = shadow.bytes.slice();
      shadow.isAway = false;
    });
    this.live.push(shadow);
  }

  /** The device is lost, at once or in the midst of what comes; and the heap goes on with another. */
  async lose(): Promise<void> {
    this.gpu.lose();
    await drain();
    await this.recover();
  }

  async recover(): Promise<void> {
    if (!this.gpu.isLost) return;
    this.note('lost');
    this.token?.end();
    this.token = undefined;
    this.looks.length = 0;
    const { reuseAfter, settleOrder } = this.setting;
    const away = new Set(this.live.filter(({ allocation }) => !allocation.isResident));
    const gpu = new MockGpu({ reuseAfter, settleOrder, recordCalls: false });
    this.isRebuilding = true;
    this.heap.rebuild(gpu.backend());
    this.isRebuilding = false;
    this.gpu = gpu;
    this.serial = 0;
    await this.lookAfterLoss(away);
  }

  /** What was evicted is as it was; the others hold what somebody gave, or nothing. */
  protected async lookAfterLoss(away: ReadonlySet<Shadow>): Promise<void> {
    for (const shadow of [...this.live]) {
      const { allocation } = shadow;
      if (!allocation.isLive) continue;
      const { isWhole, read, known } = await this.look(shadow);
      if (read === undefined) {
        shadow.isUnknown = true;
        continue;
      }
      if (away.has(shadow) && isWhole) {
        expect(firstDifference(read, known), 'what was evicted before the loss').toBe(-1);
        continue;
      }
      if (isWhole) this.expectHeld(shadow, read);
      const { size } = allocation;
      shadow.isUnknown = false;
      shadow.tailFrom = read.length < size ? read.length : undefined;
      shadow.bytes = prefixed(read, size);
      shadow.written = prefixed(read, size);
      shadow.kept = prefixed(read, size);
    }
  }

  /**
   * What it holds and what it must hold, as far as it was as long before; `isWhole`: all of that is known.
   * A size that was asked for earlier may come meanwhile.
   */
  private async look(
    shadow: Shadow,
  ): Promise<{ isWhole: boolean; read: Uint8Array | undefined; known: Uint8Array }> {
    this.follow(shadow);
    const isWhole = isKnown(shadow);
    const { size } = shadow.allocation;
    const reading = this.read(shadow.allocation);
    await this.settleAll();
    const read = await reading;
    if (shadow.allocation.size === size) expect(read?.length ?? size, 'as much as it is long').toBe(size);
    if (shadow.allocation.isLive) this.follow(shadow);
    const { bytes, tailFrom = bytes.length } = shadow;
    const length = Math.min(read?.length ?? 0, tailFrom);
    return { isWhole, read: read?.subarray(0, length), known: bytes.subarray(0, length) };
  }

  /** After a loss: what somebody gave, or nothing. */
  protected expectHeld({ bytes, written, kept, base }: Shadow, read: Uint8Array): void {
    const given = base === undefined ? [] : [base, prefixed(base, bytes.length)];
    const possible = [bytes, written, kept, new Uint8Array(bytes.length), ...given];
    const isOne = possible.some((each) => firstDifference(read, each.subarray(0, read.length)) === -1);
    expect(isOne, 'what the loss has left is something that it held').toBe(true);
  }

  /** Its bytes; undefined where they can not be had. */
  protected async read(allocation: Allocation<MockBuffer>): Promise<Uint8Array | undefined> {
    try {
      return await allocation.read();
    } catch (error) {
      this.expectFair(error);
      return undefined;
    }
  }

  /** Everything that is due happens. */
  protected async settleAll(): Promise<void> {
    for (let k = 0; k < 6; k++) {
      this.gpu.completeAll();
      for (const load of this.loads.splice(0)) load();
      await drain();
    }
  }

  check(isThorough: boolean): void {
    expect(this.gpu.heldBytes, 'bytes held within the budget').toBeLessThanOrEqual(this.allowedBytes);
    for (const { allocation, pins } of this.live) {
      if (pins > 0) expect(allocation.isResident, 'what is pinned is there').toBe(true);
    }
    if (!isThorough || this.gpu.isLost) return;
    expect(this.gpu.errors).toEqual([]);
    expect(recountHeap(this.heap, this.gpu)).toEqual([]);
    const { evictedNowCount, evictedNowBytes } = this.heap.residency.statistics();
    const wholes = new Set(this.live.map(({ whole }) => whole));
    const evicted = [...wholes].filter(({ isResident }) => !isResident);
    expect(evictedNowCount).toBe(evicted.length);
    expect(evictedNowBytes).toBe(evicted.reduce((sum, { size }) => sum + size, 0));
    for (const { sighting, bytes, shadow, changes } of this.looks) {
      if (sighting.bytes === undefined || shadow.changes !== changes || !isKnown(shadow)) continue;
      expect(firstDifference(sighting.bytes, bytes.subarray(0, sighting.size)), 'what the GPU saw').toBe(-1);
    }
    this.looks.splice(0, this.looks.length, ...this.looks.filter(({ sighting }) => !sighting.bytes));
  }

  async end(): Promise<void> {
    const { heap, live } = this;
    await this.recover();
    this.gpu.faults.clear();
    this.token?.end();
    this.attempt(() => heap.flush());
    await this.settleAll();
    for (const shadow of [...live]) {
      const { allocation } = shadow;
      if (!allocation.isLive) continue;
      const { isWhole, read, known } = await this.look(shadow);
      if (isWhole && read !== undefined) expect(firstDifference(read, known), 'in the end').toBe(-1);
    }
    await this.settleAll();
    this.check(true);
    if (this.setting.guardBytes > 0) {
      const checked = heap.checkGuards().catch((error: unknown) => this.expectFair(error));
      await this.settleAll();
      expect((await checked) ?? []).toEqual([]);
    }
    heap.dispose();
    await this.settleAll();
    for (const watched of this.promises) {
      expect(watched.state, 'a promise after the end').not.toBe('open');
      await watched.told;
    }
    for (const signal of this.signals) expect(signal.listenerCount).toBe(0);
    expect(this.gpu.buffers.size).toBe(0);
    expect(live.every(({ allocation }) => !allocation.isLive)).toBe(true);
  }
}

/** Whether it is known what must be in it. */
function isKnown({ isUnknown, tailFrom }: Shadow): boolean {
  return !isUnknown && tailFrom === undefined;
}

function prefixed(base: Uint8Array, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  bytes.set(base.subarray(0, Math.min(size, base.length)));
  return bytes;
}
