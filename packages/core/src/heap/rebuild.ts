/**
 * Rebuild: a heap goes on after its device was lost.
 *
 * Cost     O(allocations), beside the bytes that are written again.
 * Promise  every allocation keeps its place; `version` grows, since every buffer is another. Its bytes are
 *          what `onRestore` gives, or what `write` has written where it keeps a host copy, else zero. What
 *          was released is free. Where the new device has no room nothing has changed. An `onRestore` that
 *          fails stops no other, and is told. Whose `onRestore` takes time is evicted until then; what was
 *          evicted stays so, with its bytes.
 * Refusal  what shaders have written is gone, and so are buffers of the caller's own: allocations over them
 *          are dead.
 */
import type { BackendLimits, GpuBackend } from '../backend/port.ts';
import type { WriteData } from '../base/bytes.ts';
import { show } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';
import { runAll } from '../base/run-all.ts';
import type { Chunk } from '../memory/chunk.ts';
import type { Memory } from '../memory/memory.ts';
import type { Allocation } from './allocation.ts';
import type { OwnerRecord } from './books.ts';
import { allocationOf } from './books.ts';
import type { RestoreHook } from './evicted-bytes.ts';
import type { HeapPools } from './heap-pools.ts';
import type { Keeper } from './keeper.ts';

/** What a rebuild has brought back. */
export interface Rebuilt<Buffer> {
  /** Allocations whose bytes were written again. */
  readonly restoredCount: number;
  /**
   * Those whose bytes are zero now, since nothing gives them again, or what does has failed. Of a block, its
   * members, unless that is all of them: then the block.
   */
  readonly emptied: readonly Allocation<Buffer>[];
  /** What `onRestore` of allocations threw, or what was wrong with the bytes that it gave. */
  readonly failures: readonly RestoreFailure<Buffer>[];
  /** Those whose `onRestore` promises their bytes: they are evicted, and `ensureResident` awaits them. */
  readonly evicted: readonly Allocation<Buffer>[];
  /** Those over buffers of the caller's own: they are dead. */
  readonly dropped: readonly Allocation<Buffer>[];
}

/** An allocation whose bytes could not be given again. */
export interface RestoreFailure<Buffer> {
  readonly allocation: Allocation<Buffer>;
  readonly error: unknown;
}

/** @throws UsageError `bad-argument` · OutOfMemoryError · BackendError */
export function rebuildHeap<Buffer>(
  memory: Memory<Buffer>,
  keeper: Keeper<Buffer>,
  backend: GpuBackend<Buffer>,
  pools: HeapPools<Buffer>,
): Rebuilt<Buffer> {
  if (!memory.backend.isLost) {
    throw new UsageError('bad-argument', 'the device of this heap is not lost; a heap stays on its device');
  }
  if (backend.isLost || backend.timelineCount !== memory.releases.timelineCount) {
    throw new UsageError(
      'bad-argument',
      `the backend is ${backend.isLost ? 'lost itself' : `one of ${backend.timelineCount} timelines`}; pass one like that before, of ${memory.releases.timelineCount}`,
    );
  }
  checkAlignments(memory.backend.limits, backend.limits);
  const memoryTypeOf = pools.memoryTypesOn(backend);
  const adopted = memory.chunks.replaceBackend(backend, memoryTypeOf, () => memory.flush());
  pools.follow(backend);
  const dropped: Allocation<Buffer>[] = [];
  for (const chunk of adopted) {
    for (const owner of chunk.liveOwners()) {
      const allocation = allocationOf<Buffer>(owner);
      if (allocation !== undefined) {
        keeper.forget(allocation, chunk);
        dropped.push(allocation);
      } else keeper.forgetCollected(owner as OwnerRecord<Buffer>);
    }
    memory.drop(chunk);
  }
  const live: Allocation<Buffer>[] = [];
  for (const pool of memory.pools) {
    for (const chunk of pool.chunks) {
      for (const allocation of allocationsIn(chunk)) {
        for (const each of [allocation, ...(allocation.members ?? [])]) each.loss = undefined;
        allocation.settleIn(chunk, allocation.handle);
        keeper.rearm(allocation);
        live.push(allocation);
      }
    }
  }
  const failures: RestoreFailure<Buffer>[] = [];
  const empty: Allocation<Buffer>[] = [];
  const late = new Map<Allocation<Buffer>, Promise<WriteData | undefined>>();
  const restored = live.filter((allocation) => restore(allocation, failures, empty, late));
  const evicted = [...late.keys()].filter(({ isResident }) => isResident);
  for (const allocation of evicted) {
    keeper.evictions.evict(allocation, undefined, 'asked');
    allocation.evicted?.promise(late.get(allocation) as Promise<WriteData | undefined>, allocation);
  }
  keeper.evictions.keepUntilDone(live);
  runAll(live.map((allocation) => () => allocation.tell(allocation.isResident ? 'moved' : 'evicted')));
  const emptied = empty.filter((allocation) => allocation.isLive && !late.has(allocation));
  return { restoredCount: restored.length, emptied, failures, evicted, dropped };
}

/**
 * The allocations in a chunk: not what is staged there or on its way there, nor those whose objects were
 * collected.
 */
function allocationsIn<Buffer>(chunk: Chunk<Buffer>): Allocation<Buffer>[] {
  // What is on its way within a chunk has two ranges of it.
  return [...new Set(chunk.liveOwners())]
    .map((owner) => allocationOf<Buffer>(owner))
    .filter((each) => each?.chunk === chunk) as Allocation<Buffer>[];
}

/** What lies at a multiple of the old alignment stays where it is: is that one of the new? */
function checkAlignments(before: BackendLimits, after: BackendLimits): void {
  for (const name of ['uniformOffsetAlignment', 'storageOffsetAlignment', 'copyAlignment'] as const) {
    if (before[name] % after[name] === 0) continue;
    throw new UsageError(
      'bad-argument',
      `${name} of the backend is ${after[name]}, and allocations lie at multiples of ${before[name]}; open a device with at most ${before[name]}, or another heap`,
    );
  }
}

/** Those that are evicted until their bytes are there. */
type Late<Buffer> = Map<Allocation<Buffer>, Promise<WriteData | undefined>>;

/** Writes the bytes of an allocation again, as far as something gives them; whether any were written. */
function restore<Buffer>(
  allocation: Allocation<Buffer>,
  failures: RestoreFailure<Buffer>[],
  empty: Allocation<Buffer>[],
  late: Late<Buffer>,
): boolean {
  const { members, keptBytes } = allocation;
  if (members !== undefined && keptBytes !== undefined) return writeAgain(allocation, failures, late);
  // Else a block keeps no bytes but those of its members.
  const parts = members ?? [allocation];
  const left = parts.filter((part) => !writeAgain(part, failures, late));
  const isRestored = left.length < parts.length;
  if (isRestored) empty.push(...left);
  else empty.push(allocation);
  return isRestored;
}

function writeAgain<Buffer>(
  allocation: Allocation<Buffer>,
  failures: RestoreFailure<Buffer>[],
  late: Late<Buffer>,
): boolean {
  try {
    const data = bytesFor(allocation);
    if (data === undefined || !allocation.isLive) return false;
    if (!isPromise(data)) {
      allocation.write(data);
      if (allocation.hostCopy === undefined && allocation.keptBytes === undefined) allocation.isDirty = false;
      return true;
    }
    // Nobody may wait for it: its failure is told to those who do.
    data.catch(() => {});
    const why = whyItStays(allocation);
    if (why !== undefined) throw lateIsUseless(allocation, why);
    late.set(allocation, data);
    return false;
  } catch (error) {
    // What it holds now is not what its hook gives.
    allocation.isDirty = true;
    failures.push({ allocation, error });
    return false;
  }
}

/** What gives the bytes of one may free another. */
function bytesFor<Buffer>(allocation: Allocation<Buffer>): ReturnType<RestoreHook> {
  if (!allocation.isLive) return undefined;
  return allocation.keptBytes ?? allocation.hostCopy ?? allocation.onRestore?.();
}

function isPromise(data: WriteData | Promise<WriteData | undefined>): data is Promise<WriteData | undefined> {
  return typeof (data as { then?: unknown }).then === 'function';
}

/** Why it can not be evicted until its bytes are there; undefined when it can. */
function whyItStays<Buffer>(allocation: Allocation<Buffer>): string | undefined {
  if (allocation.block !== undefined) return 'is a member of a block';
  if (allocation.timelines !== undefined) return 'is used on other timelines';
  return allocation.isPinned ? 'is pinned' : undefined;
}

function lateIsUseless<Buffer>({ label }: Allocation<Buffer>, why: string): UsageError {
  return new UsageError(
    'not-restored',
    `onRestore of ${show(label)} is asynchronous, but it ${why} and can not be evicted until then; give its bytes at once`,
  );
}
