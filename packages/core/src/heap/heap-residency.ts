/**
 * Heap residency: what a heap evicts and brings back by request, and what it says of both;
 * `GpuHeap.residency`.
 *
 * Cost     O(allocations that are named) beside what the engine does; statistics O(evicted).
 * Promise  what is named is checked before anything begins; a member of a block stands for its block.
 * Refusal  decides nothing: see `movement/residency/residency.ts`.
 */
import { show } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';
import type { Memory } from '../memory/memory.ts';
import { Residency } from '../movement/residency/residency.ts';
import {
  checkEnsureOptions,
  type EnsureOptions,
  type ResidencySettings,
} from '../movement/residency/residency-options.ts';
import type { Allocation } from './allocation.ts';
import type { Keeper } from './keeper.ts';
import type { Staging } from './staging.ts';
import type { Transfers } from './transfers.ts';
import type { Uploads } from './uploads.ts';

/** What a heap has evicted and brought back. Bytes unless the name says count. */
export interface ResidencyStatistics {
  /** Allocations that are evicted now, and their sizes. */
  evictedNowCount: number;
  evictedNowBytes: number;
  /** Held on the CPU for them. */
  hostBytes: number;
  /** Evictions since the heap was made, and the sizes of what went. */
  evictedCount: number;
  evictedBytes: number;
  /** Of those, the ones that `onRestore` or a host copy give again, so that nothing was read back. */
  droppedCount: number;
  readBackBytes: number;
  restoredCount: number;
  restoredBytes: number;
  /** Calls of `touch` that found the allocation resident, and those that did not. */
  hitCount: number;
  missCount: number;
  /** Brought back less than 60 boundaries after memory was short of it. */
  returnedBytes: number;
  /** Whether that was half of what was evicted, or more, in the last 60 boundaries. */
  isThrashing: boolean;
  /** Hints of `prefetch` that have not been followed yet. */
  hintCount: number;
  /** Evictions and prefetches of the heap's own that have failed; whoever needs the memory is told then. */
  failedCount: number;
}

/** What is on the GPU and what is not; `GpuHeap.residency`. */
export class HeapResidency<Buffer> {
  /** @internal */
  readonly engine: Residency<Buffer, Allocation<Buffer>>;
  private readonly memory: Memory<Buffer>;
  private readonly keeper: Keeper<Buffer>;
  private readonly staging: Staging<Buffer>;
  private readonly checkUsable: () => void;

  /** Made by `GpuHeap`. `checkUsable` throws when the heap is no more. */
  constructor(
    memory: Memory<Buffer>,
    keeper: Keeper<Buffer>,
    staging: Staging<Buffer>,
    transfers: Transfers<Buffer>,
    uploads: Uploads<Buffer>,
    settings: ResidencySettings,
    checkUsable: () => void,
  ) {
    this.memory = memory;
    this.keeper = keeper;
    this.staging = staging;
    this.checkUsable = checkUsable;
    this.engine = new Residency(memory, keeper.evictions, settings, {
      readMany: (pieces) => transfers.readMany(pieces),
      flush: () => uploads.flush(),
      checkUsable,
    });
    keeper.evictions.writer = uploads;
  }

  /**
   * Evicts these now rather than when memory is short, whatever their priority: reads back what is not clean,
   * after the GPU is done with it. What this frame has used, is pinned or recorded stays. Answers those that
   * have gone. Rejects with OutOfMemoryError, for the staging, and BackendError.
   * @throws UsageError `bad-argument`, `foreign-object`, `dead-allocation`, `disposed`
   */
  evict(allocations: Iterable<Allocation<Buffer>>): Promise<Allocation<Buffer>[]> {
    return this.engine.evictNamed(this.check(allocations).filter(isEvictable));
  }

  /**
   * Hints that these will be needed soon: they are brought back at the next boundaries (`endFrame`,
   * `submitted`), some bytes at each, into room that is free or that of what has not been used for 60 of
   * them. What their `onRestore` takes time for begins now. A hint that finds no room is forgotten.
   * @throws UsageError `bad-argument`, `foreign-object`, `dead-allocation`, `disposed`
   */
  prefetch(allocations: Iterable<Allocation<Buffer>>): void {
    this.engine.prefetch.hint(this.check(allocations));
  }

  /** Fills and returns `into`, or a fresh record. O(evicted allocations). */
  statistics(into?: ResidencyStatistics): ResidencyStatistics {
    const out = into ?? ({} as ResidencyStatistics);
    const { evictions } = this.keeper;
    const { eviction, restore, thrash, prefetch, failedCount } = this.engine;
    out.evictedNowCount = evictions.owners.size;
    out.evictedNowBytes = evictions.evictedBytes;
    out.hostBytes = evictions.hostBytes;
    out.hitCount = evictions.hitCount;
    out.missCount = evictions.missCount;
    Object.assign(out, eviction.figures, restore.figures);
    out.returnedBytes = thrash.returnedBytes;
    out.isThrashing = thrash.isThrashing;
    out.hintCount = prefetch.count;
    out.failedCount = failedCount;
    return out;
  }

  /** @internal As `GpuHeap.ensureResident`. */
  ensure(allocations: Iterable<Allocation<Buffer>>, options: EnsureOptions): Promise<void> {
    return this.engine.ensure(this.check(allocations), checkEnsureOptions(options));
  }

  /** @internal Room for reading back is held from the first allocation on that may be evicted. */
  prepare(): void {
    const { memory } = this;
    if (memory.evictionStagingBytes > 0 || memory.backend.budgetBytes === Number.POSITIVE_INFINITY) return;
    memory.evictionStagingBytes = this.staging.holdReads(memory.backend.budgetBytes);
  }

  /** Each once, blocks for their members. */
  private check(allocations: Iterable<Allocation<Buffer>>): Allocation<Buffer>[] {
    this.checkUsable();
    if (typeof allocations?.[Symbol.iterator] !== 'function') {
      throw new UsageError(
        'bad-argument',
        `allocations is ${show(allocations)}; pass an array of allocations, or something else to walk over`,
      );
    }
    const wholes = new Set<Allocation<Buffer>>();
    for (const each of allocations) {
      const allocation = this.keeper.own(each, 'an allocation');
      allocation.checkLive();
      wholes.add(allocation.block ?? allocation);
    }
    return [...wholes];
  }
}

/** Whether copies on the first timeline can take it away and back. */
function isEvictable<Buffer>({ chunk, timelines }: Allocation<Buffer>): boolean {
  if (chunk === undefined || timelines !== undefined) return false;
  const { location, lifetime } = chunk.pool.kind;
  return location === 'gpu' && lifetime !== 'frame' && !chunk.adopted;
}
