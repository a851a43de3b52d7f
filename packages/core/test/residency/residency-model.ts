/** Residency model: what is done to a heap whose allocations are evicted and come back. */
import { expect } from 'vitest';
import type { MockBuffer } from '../../../mock/src/index.ts';
import { type Allocation, BufferUsage, type Priority, type RestoreHook } from '../../src/index.ts';
import { quickPattern } from '../heap/quick-bytes.ts';
import { ResidencyWorld } from './residency-world.ts';
import { Signal } from './signal.ts';

const { COPY_DST, STORAGE, VERTEX } = BufferUsage;
const PRIORITIES: readonly (Priority | undefined)[] = ['low', 'normal', 'normal', 'high', undefined];

/** All that can be done in it, each by two numbers. */
export class ResidencyModel extends ResidencyWorld {
  allocate(a: number, b: number): void {
    const size = 1 + (a % (b % 7 === 0 ? 40_000 : 5000));
    const usage = b % 3 === 0 ? STORAGE : b % 3 === 1 ? VERTEX : VERTEX | COPY_DST;
    const resident = a % 4 !== 0;
    const base = b % 4 < 2 ? quickPattern(++this.seed, size) : undefined;
    const hostCopy = b % 5 === 0;
    const priority = PRIORITIES[(a + b) % PRIORITIES.length];
    const pool = this.pools[(a + 3 * b) % 9];
    const made = this.attempt(() =>
      this.heap.allocate({
        ...{ size, usage, resident, hostCopy },
        ...(pool === undefined ? {} : { pool }),
        // What a stride asks for, where the kind serves it.
        ...(pool?.name === 'odd' ? { alignment: [36, 64, 1][b % 3] as number } : {}),
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
    for (let k = this.live.length - 1; k >= 0; k--)
      if (!this.live[k]?.allocation.isLive) this.live.splice(k, 1);
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
    this.attempt(() => {
      // Scratch that the device refuses is told of later; what is there until then is what was.
      const isDoubtful = this.isRefusedLate && one.allocation.buffer === other.allocation.buffer;
      this.heap.copy(one.allocation, 0, other.allocation, 0, size);
      other.changes++;
      other.isUnknown ||= one.isUnknown || one.tailFrom !== undefined || isDoubtful;
      other.bytes.set(one.bytes.slice(0, size));
    });
  }

  resize(a: number, b: number): void {
    const one = this.at(a);
    if (one === undefined || one.allocation.block !== undefined || one.pins > 0) return;
    const { allocation } = one;
    const size = 1 + (b % 6000);
    const { size: before, version } = allocation;
    try {
      allocation.resize(size);
    } catch (error) {
      const { code } = error as { code?: string };
      // Dropped, it has no bytes; and what is being brought back stays where it is.
      if (code !== 'not-resident' && code !== 'not-movable') this.expectFair(error);
      expect(allocation.size).toBe(before);
      return;
    }
    this.follow(one);
    // Scratch that the device refuses has taken the bytes along, of which the next call tells.
    one.isUnknown ||= this.isRefusedLate && allocation.version > version;
    if (one.isUnknown) one.tailFrom = 0;
    this.fillTail(one);
    if (one.tailFrom === undefined) one.isUnknown = false;
  }

  resizeLater(a: number, b: number): void {
    const one = this.at(a);
    if (one === undefined || one.allocation.block !== undefined || one.pins > 0) return;
    const { allocation } = one;
    const resized = allocation.resizeAsync(1 + (b % (a % 3 === 0 ? 40_000 : 6000)));
    this.follow(one);
    const watched = this.watch('resized later', resized.catch(expectOnItsWay));
    watched.onResolved = () => {
      if (!allocation.isLive) return;
      this.note('resized later');
      this.follow(one);
      this.fillTail(one);
    };
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
    const scopes = ['across', 'within', 'both'] as const;
    const scope = scopes[b % 3] ?? 'both';
    this.run = this.heap.defragment({ strategy, scope, movesPerPass: 1 + (b % 9) });
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
}

/** It may have been freed or pinned meanwhile, or be dropped, or be brought back. */
function expectOnItsWay(error: unknown): void {
  const { code } = error as { code?: string };
  if (!['dead-allocation', 'not-movable', 'not-resident'].includes(code ?? '')) throw error;
}
