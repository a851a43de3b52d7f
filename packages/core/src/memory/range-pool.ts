/**
 * Range pool: ranges of numbers without a backend, free again only when the GPU has left them. For numbered
 * resources: ids, descriptor slots, atlas cells, tiles.
 *
 * Layout   a suballocator of any kind, the queue of what was released, and a byte for each range, by its
 *          index, that says whether it is in the queue.
 *
 *            live ── free ──────────────────────────────→ free
 *              └─ release → pending ─ boundary, reclaim ───↑
 *
 * Cost     allocate, free: the suballocator's. release: O(1). boundary: O(released since the last).
 *          reclaim: O(ranges that fall due). Nothing is allocated in steady state.
 * Promise  a released range serves again only after a `reclaim` of the serial of the boundary that followed
 *          its release. Its handle is dead from the release on. A call that throws has changed nothing.
 * Refusal  knows no fence: who owns the queue passes its serials. Pending ranges keep their place: where
 *          `allocate` answers NO_SPACE and `pendingBytes` is not 0, reclaim and ask again.
 */
import { checkInteger, show } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';
import type { Handle, Serial } from '../base/quantities.ts';
import type { Suballocator, SuballocatorStatistics } from '../ranges/suballocator.ts';
import { SerialQueue } from '../tables/serial-queue.ts';

/** The suballocator's figures, in which pending ranges still count as live, and what is pending of them. */
export interface RangePoolStatistics extends SuballocatorStatistics {
  /** Of `used`: reserved by ranges that were released and are not free yet. */
  pendingBytes: number;
  /** Of `liveCount`. */
  pendingCount: number;
}

const FIRST_RANGES = 64;
const LIVE = 0;
const PENDING = 1;

/** Numbers in ranges, for things that the GPU may still use after they were released. */
export class RangePool {
  /**
   * What the ranges are of. Ask it, allocate from it and grow it as you like, but let ranges end, all of them
   * in a `reset` too, through the pool alone.
   */
  readonly suballocator: Suballocator;
  private readonly releases: SerialQueue<undefined> = new SerialQueue();
  /** By the index of a range: LIVE or PENDING. */
  private states = new Uint8Array(FIRST_RANGES);
  private waitingBytes = 0;
  private lastSerial: Serial = 0;
  private isDisposed = false;

  /** What lives in `suballocator` already is live in the pool. @throws UsageError `bad-argument` */
  constructor(suballocator: Suballocator) {
    const unchecked: unknown = suballocator;
    if (unchecked === null || typeof unchecked !== 'object' || typeof suballocator.allocate !== 'function') {
      throw new UsageError('bad-argument', `suballocator is ${show(unchecked)}; pass one, as new Fixed(…)`);
    }
    this.suballocator = suballocator;
  }

  /** Reserved by released ranges that are not free yet, in bytes. */
  get pendingBytes(): number {
    return this.waitingBytes;
  }

  /** Released ranges that are not free yet. */
  get pendingCount(): number {
    return this.releases.length;
  }

  /**
   * A range, as the suballocator's `allocate`, of one unit if no size is given. NO_SPACE when nothing fits.
   * @throws UsageError `bad-size`, `bad-alignment`, `disposed`
   */
  allocate(size: number = this.suballocator.granularity, alignment = 1): Handle {
    this.checkUsable();
    return this.suballocator.allocate(size, alignment);
  }

  /** First byte of a live range. @throws UsageError as `free` does */
  offsetOf(handle: Handle): number {
    this.indexOfLive(handle);
    return this.suballocator.offsetOf(handle);
  }

  /** Reserved bytes of a live range. @throws UsageError as `free` does */
  sizeOf(handle: Handle): number {
    this.indexOfLive(handle);
    return this.suballocator.sizeOf(handle);
  }

  /**
   * Ends a range that the GPU does not use: its place is free now.
   * @throws UsageError `bad-handle`, `stale-handle` (freed or released), `disposed`
   */
  free(handle: Handle): void {
    this.indexOfLive(handle);
    this.suballocator.free(handle);
  }

  /**
   * Ends a range that the GPU may use: its place is free when the serial of the next `boundary` has
   * completed. O(1). @throws UsageError as `free` does
   */
  release(handle: Handle): void {
    const index = this.indexOfLive(handle);
    const bytes = this.suballocator.sizeOf(handle);
    if (index >= this.states.length) this.growStates(index);
    this.releases.put(undefined, handle);
    this.states[index] = PENDING;
    this.waitingBytes += bytes;
  }

  /**
   * Everything recorded so far has been submitted, and `serial` is a point after it: what was released since
   * the last boundary waits for it. Serials never go back. O(released since).
   * @throws UsageError `bad-argument`, `disposed`
   */
  boundary(serial: Serial): void {
    this.checkUsable();
    checkInteger(serial, 'serial', this.lastSerial, Number.MAX_SAFE_INTEGER, 'bad-argument');
    this.lastSerial = serial;
    this.releases.stamp(serial);
  }

  /**
   * Frees what waits for nothing later than `completedSerial`; answers how many ranges. On a backend whose
   * `reuseAfter` is `submitted` this may be the serial of the last boundary. O(ranges that fall due).
   * @throws UsageError `bad-argument`, `disposed`
   */
  reclaim(completedSerial: Serial): number {
    this.checkUsable();
    checkInteger(completedSerial, 'completedSerial', 0, Number.MAX_SAFE_INTEGER, 'bad-argument');
    const before = this.releases.length;
    while (this.releases.isDue(completedSerial)) this.giveBack();
    return before - this.releases.length;
  }

  /**
   * The device is idle: frees all that is pending, with a serial or without; answers how many ranges.
   * O(pending ranges). @throws UsageError `disposed`
   */
  flush(): number {
    this.checkUsable();
    const count = this.releases.length;
    while (this.releases.length > 0) this.giveBack();
    return count;
  }

  /**
   * Manages `[offset, offset + size)` too, as the suballocator's `track`. O(regions).
   * @throws UsageError `bad-offset`, `bad-size`, `bad-region` (as where the kind tracks none), `disposed`
   */
  track(offset: number, size: number): void {
    this.checkUsable();
    if (this.suballocator.track === undefined) throw this.tracksNothing();
    this.suballocator.track(offset, size);
  }

  /**
   * Stops managing the region at `offset`; false while a range in it is live or pending. O(regions).
   * @throws UsageError `bad-offset`, `bad-region`, `disposed`
   */
  untrack(offset: number): boolean {
    this.checkUsable();
    if (this.suballocator.untrack === undefined) throw this.tracksNothing();
    return this.suballocator.untrack(offset);
  }

  /** Fills and returns `into`, or a fresh record. O(1), and allowed after `dispose`. */
  statistics(into?: RangePoolStatistics): RangePoolStatistics {
    const out = into ?? ({} as RangePoolStatistics);
    this.suballocator.statistics(out);
    out.pendingBytes = this.waitingBytes;
    out.pendingCount = this.releases.length;
    return out;
  }

  /** Frees everything, live or pending; every handle is stale. O(ranges). @throws UsageError `disposed` */
  reset(): void {
    this.checkUsable();
    while (this.releases.length > 0) this.releases.drop();
    this.states.fill(LIVE);
    this.waitingBytes = 0;
    this.suballocator.reset();
  }

  /**
   * Frees everything: call it when the device is idle, or no longer matters. Every handle is stale and every
   * call but the figures throws `disposed`. May be called twice. O(ranges).
   */
  dispose(): void {
    if (this.isDisposed) return;
    this.reset();
    this.isDisposed = true;
  }

  /** The oldest release takes effect. */
  private giveBack(): void {
    const handle = this.releases.peekNumber();
    const index = this.suballocator.indexOf(handle);
    const bytes = this.suballocator.sizeOf(handle);
    this.suballocator.free(handle);
    this.releases.drop();
    this.states[index] = LIVE;
    this.waitingBytes -= bytes;
  }

  /** The index of a range that is live, and not pending. */
  private indexOfLive(handle: Handle): number {
    this.checkUsable();
    const index = this.suballocator.indexOf(handle);
    if (this.states[index] === PENDING) {
      throw new UsageError(
        'stale-handle',
        `handle ${handle} names a range that was released and waits for the GPU; end a range once`,
      );
    }
    return index;
  }

  private growStates(index: number): void {
    const grown = new Uint8Array(Math.max(index + 1, this.states.length * 2));
    grown.set(this.states);
    this.states = grown;
  }

  private tracksNothing(): UsageError {
    return new UsageError(
      'bad-region',
      `a suballocator of kind ${this.suballocator.kind} tracks no regions; take one whose capability is there`,
    );
  }

  private checkUsable(): void {
    if (this.isDisposed) throw new UsageError('disposed', 'this pool has been disposed of; make another');
  }
}
