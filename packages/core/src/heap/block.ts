/**
 * Block: how allocations lie side by side in one range.
 *
 * Layout   in the order of the requests, each at the next offset that its alignment allows.
 * Promise  the block's alignment is a common multiple of all, so that every member is aligned wherever it is.
 */
import { roundUp } from '../base/quantities.ts';
import type { Allocation } from './allocation.ts';
import { type CheckedRequest, commonAlignment } from './request.ts';

/** An allocation with members: one for each request that it was made of. */
export type Block<Buffer, Requests extends readonly unknown[] = readonly unknown[]> = Allocation<Buffer> & {
  readonly members: { readonly [Each in keyof Requests]: Allocation<Buffer> };
};

/** One block: the request for all of it, and where each member begins. */
export interface BlockLayout<Buffer> {
  readonly whole: CheckedRequest<Buffer>;
  readonly offsets: readonly number[];
}

/**
 * At least one request, all of one kind. O(requests).
 * @throws UsageError `bad-alignment` when the alignments have no common multiple in range
 */
export function layOut<Buffer>(
  requests: readonly CheckedRequest<Buffer>[],
  label: string,
): BlockLayout<Buffer> {
  const offsets: number[] = [];
  let size = 0;
  let alignment = 1;
  for (const request of requests) {
    const offset = roundUp(roundUp(size, 4), request.alignment);
    offsets.push(offset);
    size = offset + request.size;
    alignment = commonAlignment(alignment, request.alignment);
  }
  const whole: CheckedRequest<Buffer> = {
    ...(requests[0] as CheckedRequest<Buffer>),
    size,
    alignment,
    label,
    userData: undefined,
    apartFrom: requests.flatMap((request) => request.apartFrom),
    zeroed: requests.some((request) => request.zeroed),
    dedicated: requests.some((request) => request.dedicated),
    timelines: allTimelines(requests),
    // Each member keeps its own bytes.
    onRestore: undefined,
    hostCopy: false,
    isGpuWritten: true,
  };
  return { whole, offsets };
}

/** Every timeline that one of them is used on; undefined for the first alone. */
function allTimelines<Buffer>(requests: readonly CheckedRequest<Buffer>[]): readonly number[] | undefined {
  if (requests.every(({ timelines }) => timelines === undefined)) return undefined;
  return [...new Set(requests.flatMap(({ timelines = [0] }) => timelines))];
}
