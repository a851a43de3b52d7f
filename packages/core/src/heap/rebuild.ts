/**
 * Rebuild: a heap goes on after its device was lost.
 *
 * Cost     O(allocations), beside the bytes that are written again.
 * Promise  every allocation keeps its place; `version` grows, since every buffer is another. Its bytes are
 *          what `restore` gives, or what `write` has written where it keeps a host copy, else zero. What was
 *          released is free. Where the new device has no room nothing has changed.
 * Refusal  what shaders have written is gone, and so are buffers of the caller's own: allocations over them
 *          are dead.
 */
import type { GpuBackend } from '../backend/port.ts';
import { UsageError } from '../base/errors.ts';
import type { Memory } from '../memory/memory.ts';
import type { Location } from '../memory/pool-kind.ts';
import type { Allocation } from './allocation.ts';
import { allocationOf, type Keeper } from './keeper.ts';

/** What a rebuild has brought back. */
export interface Rebuilt<Buffer> {
  /** Allocations whose bytes were written again. */
  readonly restoredCount: number;
  /** Those whose bytes are zero now, since nothing gives them again. */
  readonly emptied: readonly Allocation<Buffer>[];
  /** Those over buffers of the caller's own: they are dead. */
  readonly dropped: readonly Allocation<Buffer>[];
}

/** @throws UsageError `bad-argument` · OutOfMemoryError · BackendError */
export function rebuildHeap<Buffer>(
  memory: Memory<Buffer>,
  keeper: Keeper<Buffer>,
  backend: GpuBackend<Buffer>,
  memoryTypeOf: (location: Location) => number,
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
  const adopted = memory.chunks.replaceBackend(backend, memoryTypeOf, () => memory.flush());
  const dropped: Allocation<Buffer>[] = [];
  for (const chunk of adopted) {
    for (const owner of chunk.liveOwners()) {
      const allocation = allocationOf<Buffer>(owner);
      if (allocation === undefined) continue;
      keeper.forget(allocation, chunk);
      dropped.push(allocation);
    }
    memory.drop(chunk);
  }
  const live: Allocation<Buffer>[] = [];
  for (const pool of memory.pools) {
    for (const chunk of pool.chunks) {
      for (const owner of chunk.liveOwners()) {
        const allocation = allocationOf<Buffer>(owner);
        if (allocation === undefined) continue;
        allocation.settleIn(chunk, allocation.handle);
        keeper.rearm(allocation);
        live.push(allocation);
      }
    }
  }
  const written = live.filter((allocation) => restore(allocation));
  for (const allocation of live) allocation.tellMoved();
  return {
    restoredCount: written.length,
    emptied: live.filter((allocation) => !written.includes(allocation)),
    dropped,
  };
}

/** Writes the bytes of an allocation again, if something gives them. */
function restore<Buffer>(allocation: Allocation<Buffer>): boolean {
  let any = false;
  for (const member of allocation.members ?? []) if (restore(member)) any = true;
  const data = allocation.hostCopy ?? allocation.restore?.();
  if (data === undefined) return any;
  allocation.write(data);
  return true;
}
