/**
 * Replay: runs a recorded workload through a suballocator and sums what it answered.
 *
 * Cost     O(operations) beside the suballocator's own; nothing allocated but one array of handles.
 * Promise  equal placements give equal checksums; the checksum weighs every offset by its position.
 */
import { type Handle, NO_SPACE, type Suballocator } from '@gpuheap/core/ranges';
import { OPERATION_ALLOCATE } from './operation-list.ts';
import type { Workload } from './workload.ts';

/** What a replay saw. */
export interface ReplayResult {
  readonly allocatedCount: number;
  readonly freedCount: number;
  /** Allocations that were refused. */
  readonly failedCount: number;
  /** Sum of offset × position, modulo 2^32. */
  readonly checksum: number;
}

/**
 * Replays operations `from` to `to` (default: all); `handles` carries the live slots from one part to the
 * next.
 */
export function replayWorkload(
  workload: Workload,
  suballocator: Suballocator,
  from = 0,
  to: number = workload.operationCount,
  handles: Handle[] = new Array<Handle>(workload.slotCount).fill(NO_SPACE),
): ReplayResult {
  const { kind, slot, size, alignment } = workload.operations;
  let allocatedCount = 0;
  let freedCount = 0;
  let failedCount = 0;
  let checksum = 0;
  for (let i = from; i < to; i++) {
    const at = slot[i] as number;
    if (kind[i] === OPERATION_ALLOCATE) {
      const handle = suballocator.allocate(size[i] as number, alignment[i] as number);
      handles[at] = handle;
      if (handle === NO_SPACE) {
        failedCount++;
      } else {
        allocatedCount++;
        checksum = (checksum + (suballocator.offsetOf(handle) % 2 ** 20) * ((i % 2 ** 20) + 1)) % 2 ** 32;
      }
    } else if (handles[at] !== NO_SPACE) {
      suballocator.free(handles[at] as Handle);
      handles[at] = NO_SPACE;
      freedCount++;
    }
  }
  return { allocatedCount, freedCount, failedCount, checksum };
}
