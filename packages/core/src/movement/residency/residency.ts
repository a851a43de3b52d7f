/**
 * Residency: which allocations are on the GPU and which wait on the CPU, and how they come and go.
 *
 *   resident → (read back, unless it is clean) → evicted → (loaded, where it was dropped) → resident
 *
 * Cost     a frame in which nothing is short: O(1). An eviction or a restore: O(ranges of the pool) a batch,
 *          beside the bytes.
 * Promise  only those go that have a priority, or that somebody has named; never what is pinned, recorded or
 *          used by a frame that the GPU has not done. Nothing is lost: what was used while it was read back
 *          stays, what is restored keeps its copy until the GPU has it. Batches run one after the other.
 * Refusal  within a call that can not wait only clean ones go; for the others there is `allocateAsync`.
 */
import type { OutOfMemoryError } from '../../base/errors.ts';
import { runAll } from '../../base/run-all.ts';
import type { Evictor, Wanted } from '../../memory/evictor.ts';
import type { Memory } from '../../memory/memory.ts';
import { Eviction } from './eviction.ts';
import { type EvictionChoice, EvictionRound } from './eviction-round.ts';
import { Prefetch } from './prefetch.ts';
import { type PieceReader, ReadBack } from './read-back.ts';
import type { AbortSignalLike, EnsureOptions, ResidencySettings } from './residency-options.ts';
import type { Resident, Residents } from './resident.ts';
import { Restore } from './restore.ts';
import { ThrashWatch } from './thrash-watch.ts';
import { Turns } from './turns.ts';
import { checkAborted, untilAborted } from './waiting.ts';

/** What residency needs of its heap. */
export interface ResidencyHost<Buffer> extends PieceReader<Buffer> {
  /** Submits what has been written. */
  flush(): void;
  /** @throws UsageError `disposed` */
  checkUsable(): void;
}

export class Residency<Buffer, R extends Resident<Buffer>> implements Evictor<Buffer> {
  readonly eviction: Eviction<Buffer, R>;
  readonly restore: Restore<Buffer, R>;
  readonly prefetch: Prefetch<Buffer, R>;
  readonly thrash: ThrashWatch = new ThrashWatch();
  /** Evictions and restores of the heap's own that have failed: nobody waits for them. */
  failedCount = 0;
  private readonly memory: Memory<Buffer>;
  private readonly residents: Residents<Buffer, R>;
  private readonly settings: ResidencySettings;
  private readonly host: ResidencyHost<Buffer>;
  private readonly turns: Turns = new Turns();
  /** Whom an ordinary batch may choose, and one that can not wait. */
  private readonly anybody: EvictionChoice;
  private readonly cleanOnes: EvictionChoice;

  constructor(
    memory: Memory<Buffer>,
    residents: Residents<Buffer, R>,
    settings: ResidencySettings,
    host: ResidencyHost<Buffer>,
  ) {
    this.memory = memory;
    this.residents = residents;
    this.settings = settings;
    this.host = host;
    const { order } = settings;
    const most = Number.POSITIVE_INFINITY;
    this.anybody = { order, cleanOnly: false, idleBoundaries: 0, mostRank: most, uses: 'done' };
    this.cleanOnes = { ...this.anybody, cleanOnly: true };
    const readBack = new ReadBack(memory, residents, host);
    this.eviction = new Eviction(residents, readBack, this.thrash);
    const checkUsable = () => host.checkUsable();
    const flush = () => host.flush();
    this.restore = new Restore(memory, residents, this.eviction, this.thrash, checkUsable, flush);
    this.prefetch = new Prefetch(memory, residents, this.restore, this.anybody);
    memory.evictor = this;
  }

  makeRoom(wanted: Wanted<Buffer>): boolean {
    if (!this.residents.hasRanked) return false;
    const found = this.round(this.cleanOnes).find(wanted);
    if (found === undefined || found.victims.length === 0) return false;
    this.eviction.evictClean(found.victims);
    return true;
  }

  /** Whether `makeRoom` would, without doing it. */
  mayMakeRoomNow(wanted: Wanted<Buffer>): boolean {
    return this.residents.hasRanked && this.round(this.cleanOnes).find(wanted) !== undefined;
  }

  remedyFor(wanted: Wanted<Buffer>): 'evict' | 'end-frame' | undefined {
    if (!this.residents.hasRanked) return undefined;
    if (this.isLaterRoom(wanted, 'submitted')) return 'evict';
    return this.isLaterRoom(wanted, 'any') ? 'end-frame' : undefined;
  }

  private round(choice: EvictionChoice): EvictionRound<Buffer, R> {
    return new EvictionRound(this.memory, this.residents, choice);
  }

  /** Whether there would be room if the GPU was done with all uses, or with those that were submitted. */
  private isLaterRoom(wanted: Wanted<Buffer>, uses: 'submitted' | 'any'): boolean {
    return this.round({ ...this.anybody, uses }).find(wanted) !== undefined;
  }

  /**
   * As `makeRoom`, with time: reads back what is not clean, and waits for the GPU. Resolves to whether
   * anything has gone; undefined when nothing could go. Rejects with OutOfMemoryError, for the staging, and
   * BackendError.
   */
  makeRoomLater(wanted: Wanted<Buffer>): Promise<boolean> | undefined {
    if (!this.residents.hasRanked || !this.isLaterRoom(wanted, 'submitted')) return undefined;
    return this.turns.take(async () => {
      for (;;) {
        this.host.checkUsable();
        const found = this.round(this.anybody).find(wanted);
        if (found !== undefined) {
          const gone = await this.evict(found.victims, 'pressure');
          this.tellEvicted();
          return gone.length > 0;
        }
        if (!this.awaitsGpu(wanted)) return false;
        await this.untilBoundary(undefined);
      }
    });
  }

  private evict(victims: readonly R[], reason: 'pressure' | 'asked'): Promise<R[]> {
    return this.eviction.evictAll(victims, reason, () => this.host.checkUsable());
  }

  /** Whether there would be room when the GPU has come to the last boundary. */
  private awaitsGpu(wanted: Wanted<Buffer>): boolean {
    const { settledBoundaries, boundaries } = this.memory;
    return settledBoundaries < boundaries.count && this.isLaterRoom(wanted, 'submitted');
  }

  /** Waits until the GPU has come to the last boundary. */
  private async untilBoundary(signal: AbortSignalLike | undefined): Promise<void> {
    const { endings, backend, boundaries } = this.memory;
    await untilAborted(endings.until(backend.whenCompleted(boundaries.last)), signal);
    this.host.checkUsable();
  }

  /**
   * Evicts these, so far as nothing speaks against it: what is used by this frame, pinned or recorded stays.
   * Answers those that have gone. Rejects with OutOfMemoryError, for the staging, and BackendError.
   */
  evictNamed(named: readonly R[]): Promise<R[]> {
    return this.turns.take(async () => {
      this.host.checkUsable();
      const { count } = this.memory.boundaries;
      const isInFlight = ({ busyAt }: R): boolean => busyAt >= this.memory.settledBoundaries;
      if (named.some((each) => each.busyAt < count && isInFlight(each))) await this.untilBoundary(undefined);
      const ready = new Set(named.filter((each) => each.chunk !== undefined && !isInFlight(each)));
      const gone = await this.evict([...ready].filter(canGo), 'asked');
      this.tellEvicted();
      return gone;
    });
  }

  /**
   * Brings these back, as `GpuHeap.ensureResident` says. Each is in `wanted` once.
   * @throws nothing; rejects
   */
  ensure(wanted: readonly R[], options: EnsureOptions): Promise<void> {
    const { signal } = options;
    for (const each of wanted) each.neededCount++;
    const work = this.bringAll(wanted, options).finally(() => {
      for (const each of wanted) {
        each.neededCount--;
        if (each.neededCount === 0 && each.chunk === undefined) this.residents.unload(each);
      }
    });
    return untilAborted(work, signal);
  }

  private async bringAll(wanted: readonly R[], { signal, onProgress }: EnsureOptions): Promise<void> {
    const bytes = wanted.reduce((sum, { size }) => sum + size, 0);
    const failures: unknown[] = [];
    const failed = new Set<R>();
    let arrivals = new Arrivals();
    const loads = new Set<R>();
    for (let known = -1; ; ) {
      this.host.checkUsable();
      checkAborted(signal);
      const resident = wanted.filter((each) => each.isLive && each.chunk !== undefined);
      if (resident.length !== known) {
        known = resident.length;
        const residentBytes = resident.reduce((sum, { size }) => sum + size, 0);
        onProgress?.({ residentCount: known, count: wanted.length, residentBytes, bytes });
      }
      const missing = wanted.filter((each) => each.isLive && each.chunk === undefined && !failed.has(each));
      if (missing.length === 0) break;
      const loaded = missing.filter((each) => this.residents.isLoaded(each));
      if (loaded.length > 0) {
        await this.bringLoaded(loaded, signal);
        continue;
      }
      for (const each of missing) {
        if (loads.has(each)) continue;
        loads.add(each);
        this.residents
          .load(each)
          .catch((error: unknown) => {
            failed.add(each);
            failures.push(error);
          })
          .finally(() => {
            loads.delete(each);
            arrivals.tell();
          });
      }
      await untilAborted(this.memory.endings.until(arrivals.next), signal);
      arrivals = new Arrivals();
    }
    if (failures.length > 0) throw failures[0];
  }

  /** In one batch. Rejects with OutOfMemoryError when some find no room. */
  private bringLoaded(loaded: readonly R[], signal: AbortSignalLike | undefined): Promise<void> {
    return this.turns.take(async () => {
      for (let isAsked = false; ; ) {
        this.host.checkUsable();
        const left = await this.restore.bring(loaded, this.anybody, signal);
        this.tellEvicted();
        // Whoever was told may have freed some.
        const [first] = this.restore.evictedOf(left);
        if (first === undefined) return;
        const wanted = this.restore.wantedOf(first);
        if (this.awaitsGpu(wanted)) {
          await this.untilBoundary(signal);
          continue;
        }
        if (await this.waitForFreer(signal)) continue;
        const { ladder } = this.memory;
        if (isAsked || !ladder.askForMemory(wanted.bytes)) throw this.explain(wanted, first);
        isAsked = true;
      }
    });
  }

  private explain(wanted: Wanted<Buffer>, { size }: R): OutOfMemoryError {
    const { ladder } = this.memory;
    ladder.note(wanted);
    return ladder.explain(wanted.pool, size);
  }

  private async waitForFreer(signal: AbortSignalLike | undefined): Promise<boolean> {
    const freer = this.memory.whenFreer();
    if (freer === undefined) return false;
    await untilAborted(this.memory.endings.until(freer), signal);
    this.host.checkUsable();
    this.memory.reclaim();
    return true;
  }

  /** After a boundary: begins what is due, for which nobody waits, and tells. */
  afterBoundary(): void {
    const { memory, prefetch, settings } = this;
    const { backend } = memory;
    const thrashing = this.thrash.pass(memory.boundaries.count);
    if (!this.turns.isBusy && !backend.isLost) {
      const excess = backend.reservedBytes - backend.budgetBytes;
      if (excess > 0 && this.residents.hasRanked) this.inBackground(() => this.shrink());
      else if (prefetch.hasHints) {
        this.inBackground(() => prefetch.bring(settings.prefetchBytesPerFrame));
      }
    }
    runAll([() => this.tellEvicted(), () => thrashing && settings.onThrash?.(thrashing)]);
  }

  /** The budget has become less than what is held. */
  private async shrink(): Promise<void> {
    const { backend, chunks } = this.memory;
    const victims = this.round(this.anybody).findExcess(backend.reservedBytes - backend.budgetBytes);
    if (victims.length > 0) await this.evict(victims, 'pressure');
    chunks.trimTo(backend.budgetBytes);
    this.tellEvicted();
  }

  private inBackground(job: () => Promise<void>): void {
    this.turns.take(job).catch(() => {
      this.failedCount++;
    });
  }

  private tellEvicted(): void {
    runAll(this.eviction.takeUntold().map((each) => () => this.residents.tellEvicted(each)));
  }

  /** Nothing is brought back any more of what was only hinted at. */
  dispose(): void {
    this.prefetch.clear();
  }
}

/** One of several things that somebody waits for. */
class Arrivals {
  readonly next: Promise<void>;
  private resolve!: () => void;

  constructor() {
    this.next = new Promise((resolve) => {
      this.resolve = resolve;
    });
  }

  tell(): void {
    this.resolve();
  }
}

function canGo<Buffer>({ isHeld, chunk, handle }: Resident<Buffer>): boolean {
  return !isHeld && chunk !== undefined && !chunk.adopted && !chunk.isMarked(handle);
}
