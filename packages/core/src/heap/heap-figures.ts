/**
 * What a heap says of itself: its device and budget, totals, who holds what, every range. Only reads; the
 * figures work after `dispose()` too.
 *
 * Cost     `statistics` and the accounts O(1) and without garbage; the others walk what they tell of.
 * Promise  figures equal a recount; asking changes nothing.
 * Refusal  none: there is nothing to refuse.
 */
import type { DeviceLoss, GpuBackend } from '../backend/port.ts';
import type { Memory } from '../memory/memory.ts';
import type { HistogramBar } from '../ranges/histogram.ts';
import type { AccountsView } from '../telemetry/accounts.ts';
import { collectHistogram } from '../telemetry/fragmentation.ts';
import { type HeapStatistics, reportStatistics } from '../telemetry/heap-statistics.ts';
import type { HeapReport } from '../telemetry/report.ts';
import type { Scopes } from '../telemetry/scopes.ts';
import { type HeapSnapshot, takeSnapshot } from '../telemetry/snapshot.ts';
import type { Books } from './books.ts';
import { reportHeap } from './heap-report.ts';
import type { Keeper } from './keeper.ts';

/** The part of `GpuHeap` that tells what it holds. */
export abstract class HeapFigures<Buffer> {
  protected abstract readonly memory: Memory<Buffer>;
  protected abstract readonly books: Books<Buffer>;
  protected abstract readonly keeper: Keeper<Buffer>;

  /** The backend that it works on, which it does not own. */
  get backend(): GpuBackend<Buffer> {
    return this.memory.backend.inner;
  }

  /** Resolves when the device is lost. */
  get lost(): Promise<DeviceLoss> {
    return this.backend.lost;
  }

  /** The most that is ever held from the device, in bytes. */
  get budgetBytes(): number {
    return this.memory.backend.budgetBytes;
  }

  /** Fills and returns `into`, or a fresh record. O(texture ports). */
  statistics(into?: HeapStatistics): HeapStatistics {
    return reportStatistics(this.memory as Memory<unknown>, this.keeper.counts, into);
  }

  /** What the allocations of each owner hold, by the `owner` of their requests. */
  get owners(): AccountsView {
    return this.books.owners;
  }

  /** What the allocations of each label hold. */
  get labels(): AccountsView {
    return this.books.labels;
  }

  /** Named nested stretches of the program; what is allocated in one is counted in it. */
  get scopes(): Scopes {
    return this.books.scopes;
  }

  /** Every live allocation, largest first, and every chunk; `formatReport` makes text of it. O(n log n). */
  report(): HeapReport {
    return reportHeap(this.memory as Memory<unknown>);
  }

  /** Live and free ranges of all chunks by length, in powers of two of bytes. O(ranges). */
  histogram(): HistogramBar[] {
    return collectHistogram(this.memory.pools.flatMap((pool) => pool.chunks));
  }

  /** Every chunk and range, as versioned JSON. O(ranges). */
  snapshot(): HeapSnapshot {
    return takeSnapshot(this.memory as Memory<unknown>, this.statistics());
  }
}
