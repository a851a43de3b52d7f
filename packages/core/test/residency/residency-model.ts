/**
 * Residency model: a heap whose allocations are evicted and come back, and a naive list of what each holds.
 *
 * Promise  what is done is a function of numbers, so that any script can be repeated and cut short. Whatever
 *          was evicted, moved and restored holds what it would hold had nothing of that happened.
 */
import { expect } from 'vitest';
import { type MockBuffer, MockGpu, type Sighting } from '../../../mock/src/index.ts';
import {
  type Allocation,
  BufferUsage,
  type Defragmentation,
  type GpuHeap,
  GpuMemoryError,
  type Priority,
  type RecordingToken,
  type RestoreHook,
} from '../../src/index.ts';
import { recountHeap } from '../heap/heap-recount.ts';
import { openHeap } from '../heap/open-heap.ts';
import { firstDifference, quickPattern } from '../heap/quick-bytes.ts';
import { drain, Watched } from '../heap/watched.ts';

const { COPY_DST, STORAGE, VERTEX } = BufferUsage;
const PRIORITIES: readonly (Priority | undefined)[] = ['low', 'normal', 'normal', 'high', undefined];

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

/** A signal that a test aborts. */
class Signal {
  aborted = false;
  readonly reason: unknown = new Error('had enough');
  private readonly listeners = new Set<() => void>();

  addEventListener(_: 'abort', listener: () => void): void {
    this.listeners.add(listener);
  }

  removeEventListener(_: 'abort', listener: () => void): void {
    this.listeners.delete(listener);
  }

  abort(): void {
    this.aborted = true;
    for (const listener of [...this.listeners]) listener();
  }

  get listenerCount(): number {
    return this.listeners.size;
  }
}

export class ResidencyModel {
  readonly live: Shadow[] = [];
  /** What has happened, so that a test can see that enough did. */
  readonly seen: Record<string, number> = {};
  gpu: MockGpu;
  readonly heap: GpuHeap<MockBuffer>;
  private readonly setting: Setting;
  private allowedBytes: number;
  private isRefusedLate = false;
  private isRebuilding = false;
  private serial = 0;
  private seed = 0;
  private run: Defragmentation<MockBuffer> | undefined;
  private token: RecordingToken<MockBuffer> | undefined;
  private readonly looks: Look[] = [];
  private readonly promises: Watched<unknown>[] = [];
  private readonly signals: Signal[] = [];
  /** What asynchronous `onRestore`s wait for. */
  private loads: (() => void)[] = [];

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
  }

  private note(what: string, count = 1): void {
    this.seen[what] = (this.seen[what] ?? 0) + count;
  }

  /** The `k`-th of those that live, counted round. */
  private at(k: number): Shadow | undefined {
    return this.live[k % Math.max(1, this.live.length)];
  }

  /** Some of those that live, from the `a`-th on. */
  private some(a: number, count: number): Allocation<MockBuffer>[] {
    const found: Allocation<MockBuffer>[] = [];
    for (let k = 0; k < count; k++) {
      const shadow = this.at(a + k * (1 + (a % 3)));
      if (shadow !== undefined) found.push(shadow.allocation);
    }
    return found;
  }

  private watch(name: string, promise: Promise<unknown>): Watched<unknown> {
    const watched = new Watched<unknown>(promise, (error) => {
      this.note(`${name} failed`);
      this.expectFair(error);
    });
    watched.onResolved = () => this.note(name);
    this.promises.push(watched);
    return watched;
  }

  /** What calls may fail with in this world. */
  private expectFair(error: unknown): void {
    if (this.signals.some(({ reason, aborted }) => aborted && reason === error)) return;
    const isOurs = error instanceof GpuMemoryError;
    const codes = ['over-budget', 'refused-by-device', 'device-lost', 'backend-failed', 'not-restored'];
    if (!isOurs || !codes.includes(error.code)) throw error;
  }

  private attempt<T>(act: () => T): T | undefined {
    try {
      return act();
    } catch (error) {
      this.expectFair(error);
      return undefined;
    }
  }

  allocate(a: number, b: number): void {
    const size = 1 + (a % (b % 7 === 0 ? 40_000 : 5000));
    const usage = b % 3 === 0 ? STORAGE : b % 3 === 1 ? VERTEX : VERTEX | COPY_DST;
    const resident = a % 4 !== 0;
    const base = b % 4 < 2 ? quickPattern(++this.seed, size) : undefined;
    const hostCopy = b % 5 === 0;
    const priority = PRIORITIES[(a + b) % PRIORITIES.length];
    const made = this.attempt(() =>
      this.heap.allocate({
        ...{ size, usage, resident, hostCopy },
        ...(priority === undefined ? {} : { priority }),
        ...(base === undefined ? {} : { onRestore: this.restoreHook(base, b) }),
      }),
    );
    if (made !== undefined) this.remember(made, made, base, usage === STORAGE, resident);
  }

  private restoreHook(base: Uint8Array, b: number): RestoreHook {
    let calls = 0;
    return () => {
      calls++;
      this.note('restored by hook');
      if (b % 11 === 0 && calls === 1) throw new Error('not this time');
      if (b % 2 === 0) return base;
      return new Promise((resolve) => {
        this.loads.push(() => resolve(base));
      });
    };
  }

  private remember(
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
    const shadow: Shadow = { allocation, whole, ...known, pins: 0, changes: 0, isUnknown };
    allocation.on('moved', () => {
      // After a loss nothing has come from anywhere.
      if (!this.isRebuilding) shadow.kept = shadow.bytes.slice();
    });
    this.live.push(shadow);
  }

  block(a: number, b: number): void {
    const priority = PRIORITIES[b % PRIORITIES.length];
    const requests = [1 + (a % 3000), 1 + (b % 3000)].map((size) => ({
      ...{ size, usage: VERTEX },
      ...(priority === undefined ? {} : { priority }),
    }));
    const block = this.attempt(() => this.heap.allocateBlock(requests));
    for (const member of block?.members ?? []) this.remember(member, block ?? member, undefined, false, true);
  }

  allocateLater(a: number): void {
    const size = 1 + (a % 20_000);
    const later = this.heap.allocateAsync({ size, usage: VERTEX, priority: 'normal' });
    const watched = this.watch('allocated later', later);
    watched.onResolved = (made) => {
      this.note('allocated later');
      const allocation = made as Allocation<MockBuffer>;
      if (allocation.isLive) this.remember(allocation, allocation, undefined, false, true);
    };
  }

  free(a: number): void {
    const one = this.at(a);
    if (one === undefined) return;
    one.whole.free();
    for (let k = this.live.length - 1; k >= 0; k--) if (!this.live[k]?.allocation.isLive) this.live.splice(k, 1);
  }

  write(a: number, b: number): void {
    const one = this.at(a);
    if (one === undefined) return;
    const at = b % 4 === 0 ? 0 : 4 * (b % (1 + Math.floor(one.bytes.length / 8)));
    const bytes = quickPattern(++this.seed, one.bytes.length - at);
    if (!one.allocation.isResident) this.note('written while evicted');
    this.attempt(() => {
      if (b % 2 === 0) one.allocation.write(bytes, at);
      else this.heap.uploads.write(one.allocation, bytes, at);
      one.changes++;
      one.bytes.set(bytes, at);
      one.written.set(bytes, at);
      one.kept.set(bytes, at);
    });
  }

  copy(a: number, b: number): void {
    const one = this.at(a);
    const other = this.at(b);
    if (one === undefined || other === undefined) return;
    if (!one.allocation.isResident || !other.allocation.isResident) return;
    const size = Math.min(one.bytes.length, other.bytes.length) & ~3;
    // A copy within a buffer would go through scratch that the device refuses when it is too late to tell.
    if (this.isRefusedLate && one.allocation.buffer === other.allocation.buffer) return;
    this.attempt(() => {
      this.heap.copy(one.allocation, 0, other.allocation, 0, size);
      other.changes++;
      other.isUnknown ||= one.isUnknown;
      other.bytes.set(one.bytes.slice(0, size));
    });
  }

  resize(a: number, b: number): void {
    const one = this.at(a);
    if (one === undefined || one.allocation.block !== undefined || one.pins > 0) return;
    const { allocation } = one;
    const size = 1 + (b % 6000);
    const before = allocation.size;
    try {
      allocation.resize(size);
    } catch (error) {
      const { code } = error as { code?: string };
      // Dropped, it has no bytes; and what is being brought back stays where it is.
      if (code !== 'not-resident' && code !== 'not-movable') this.expectFair(error);
      expect(allocation.size).toBe(before);
      return;
    }
    const bytes = new Uint8Array(size);
    bytes.set(one.bytes.subarray(0, size));
    one.bytes = bytes;
    one.changes++;
    const written = new Uint8Array(size);
    written.set(one.written.subarray(0, size));
    one.written = written;
    one.kept = written.slice();
    // What came with the size is anything.
    const fresh = quickPattern(++this.seed, size);
    const isWritten = this.attempt(() => {
      allocation.write(fresh);
      return true;
    });
    if (isWritten === undefined) {
      one.isUnknown = true;
      return;
    }
    one.bytes.set(fresh);
    one.written.set(fresh);
    one.kept.set(fresh);
    one.isUnknown = false;
  }

  pin(a: number): void {
    const one = this.at(a);
    if (one === undefined) return;
    if (one.pins > 0) {
      one.allocation.unpin();
      one.pins--;
    } else if (one.allocation.isResident) {
      this.attempt(() => {
        one.allocation.pin();
        one.pins++;
      });
    }
  }

  record(a: number): void {
    const one = this.at(a);
    if (this.token !== undefined) {
      this.token.end();
      this.token = undefined;
    } else if (one?.allocation.isResident) {
      this.attempt(() => {
        this.token = this.heap.record().use(one.allocation);
      });
    }
  }

  /** The GPU reads it in this frame, or writes it. */
  use(a: number, b: number): void {
    const one = this.at(a);
    if (one === undefined || this.gpu.isLost || one.bytes.length < 8) return;
    const isWriting = b % 3 === 0 && one.isStorage;
    this.heap.flush();
    if (!one.allocation.touch(isWriting ? 'written' : b % 2 === 0 ? 'read' : undefined)) {
      this.note('missed');
      return;
    }
    this.attempt(() => {
      const { buffer, offset } = one.allocation.binding();
      const encoder = this.gpu.recordEncoder();
      if (isWriting) {
        const size = 4 * (1 + (b % Math.floor(one.bytes.length / 8)));
        const store = quickPattern(++this.seed, size);
        encoder.dispatch([{ buffer, offset, size, access: 'write', as: 'storage', store }]);
        one.changes++;
        if (encoder.submit()) one.bytes.set(store);
      } else {
        const sighting = encoder.read(buffer, offset, one.bytes.length & ~3);
        if (encoder.submit()) {
          this.looks.push({ sighting, bytes: one.bytes.slice(), shadow: one, changes: one.changes });
        }
      }
    });
  }

  evict(a: number, b: number): void {
    const named = this.some(a, 1 + (b % 5));
    const asked = this.attempt(() => this.heap.residency.evict(named));
    if (asked === undefined) return;
    const watched = this.watch('evicted', asked);
    watched.onResolved = (gone) => this.note('evicted', (gone as unknown[]).length);
  }

  ensure(a: number, b: number): void {
    const signal = b % 4 === 0 ? new Signal() : undefined;
    if (signal !== undefined) this.signals.push(signal);
    const wanted = this.some(a, 1 + (b % 6));
    const options = signal === undefined ? {} : { signal };
    const watched = this.watch('ensured', this.heap.ensureResident(wanted, options));
    watched.onResolved = () => {
      this.note('ensured');
      for (const each of wanted) if (each.isLive) this.note(each.isResident ? 'there' : 'gone again');
    };
  }

  abort(a: number): void {
    const { signals } = this;
    signals[a % Math.max(1, signals.length)]?.abort();
  }

  load(a: number): void {
    for (let k = 0; k <= a % 3; k++) this.loads.shift()?.();
  }

  prefetch(a: number, b: number): void {
    this.heap.residency.prefetch(this.some(a, 1 + (b % 4)));
  }

  setBudget(a: number): void {
    const { budgetBytes } = this.setting;
    if (budgetBytes === Number.POSITIVE_INFINITY) return;
    const asked = Math.floor(budgetBytes * (a % 3 === 0 ? 0.6 : 1));
    this.heap.setBudget(asked);
    // What was held stays until it is given back; so does what the device has refused, and may grant again.
    this.allowedBytes = Math.max(asked, this.heap.statistics().reservedBytes);
  }

  defragment(a: number, b: number): void {
    const strategies = ['fast', 'balanced', 'full'] as const;
    this.run?.cancel();
    const strategy = strategies[a % 3] ?? 'full';
    this.run = this.heap.defragment({ strategy, movesPerPass: 1 + (b % 9) });
  }

  complete(a: number): void {
    if (a % 2 === 0) this.gpu.completeAll();
    else this.gpu.completeUpTo(Math.max(0, this.serial - (a % 3)));
  }

  frame(isFrame: boolean): void {
    this.attempt(() => {
      this.serial = isFrame ? this.heap.endFrame() : this.heap.submitted();
    });
  }

  /** The next call of some kind fails, or is late. */
  fail(a: number, b: number): void {
    const { faults, counts } = this.gpu;
    faults.clear();
    this.isRefusedLate = a % 5 === 2 && b % 2 === 0;
    const further = 1 + (b % 3);
    if (a % 5 === 0) faults.failAtCall(counts.copy + further, { kind: 'copy' });
    else if (a % 5 === 1) faults.failAtCall(counts.read + further, { kind: 'read', when: 'late' });
    else if (a % 5 === 2) {
      faults.refuseCreation({
        atCall: counts.createBuffer + further,
        when: b % 2 === 0 ? 'late' : 'now',
      });
    } else if (a % 5 === 3) faults.delayAtCall(counts.read + further, 1 + (b % 4), 'read');
    else faults.failAtCall(counts.write + further, { kind: 'write' });
  }

  endFaults(): void {
    this.gpu.faults.clear();
    this.isRefusedLate = false;
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
  private async lookAfterLoss(away: ReadonlySet<Shadow>): Promise<void> {
    for (const shadow of [...this.live]) {
      const { allocation } = shadow;
      if (!allocation.isLive) continue;
      const reading = this.read(allocation);
      await this.settleAll();
      const read = await reading;
      if (!(read instanceof Uint8Array)) {
        shadow.isUnknown = true;
        continue;
      }
      if (away.has(shadow) && !shadow.isUnknown) {
        expect(firstDifference(read, shadow.bytes), 'what was evicted before the loss').toBe(-1);
        continue;
      }
      if (!shadow.isUnknown) this.expectHeld(shadow, read);
      shadow.isUnknown = false;
      shadow.bytes = read.slice();
      shadow.written = read.slice();
      shadow.kept = read.slice();
    }
  }

  /** After a loss: what somebody gave, or nothing. */
  private expectHeld({ bytes, written, kept, base }: Shadow, read: Uint8Array): void {
    const given = base === undefined ? [] : [base, prefixed(base, bytes.length)];
    const possible = [bytes, written, kept, new Uint8Array(bytes.length), ...given];
    const isOne = possible.some((each) => each.length === read.length && firstDifference(read, each) === -1);
    expect(isOne, 'what the loss has left is something that it held').toBe(true);
  }

  /** Its bytes; undefined where they can not be had. */
  private async read(allocation: Allocation<MockBuffer>): Promise<Uint8Array | undefined> {
    try {
      return await allocation.read();
    } catch (error) {
      this.expectFair(error);
      return undefined;
    }
  }

  /** Everything that is due happens. */
  private async settleAll(): Promise<void> {
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
      if (sighting.bytes === undefined || shadow.changes !== changes || shadow.isUnknown) continue;
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
      if (!allocation.isLive || shadow.isUnknown) continue;
      const reading = this.read(allocation);
      await this.settleAll();
      const read = await reading;
      if (read instanceof Uint8Array) expect(firstDifference(read, shadow.bytes), 'in the end').toBe(-1);
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

function prefixed(base: Uint8Array, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  bytes.set(base.subarray(0, size));
  return bytes;
}
