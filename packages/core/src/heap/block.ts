/**
 * Block: how allocations lie side by side in one range.
 *
 * Layout   in the order of the requests, each at the next offset that its alignment allows.
 * Promise  the block's alignment is a common multiple of all, so that every member is aligned wherever it is.
 */
import { roundUp } from '../base/quantities.ts';
import { commonAlignment } from './request.ts';

/** One block: bytes, alignment, and where each member begins. */
export interface BlockLayout {
  readonly size: number;
  readonly alignment: number;
  readonly offsets: readonly number[];
}

/** O(requests). @throws UsageError `bad-alignment` when the alignments have no common multiple in range */
export function layOut(
  requests: readonly { readonly size: number; readonly alignment: number }[],
): BlockLayout {
  const offsets: number[] = [];
  let end = 0;
  let alignment = 1;
  for (const request of requests) {
    const offset = roundUp(roundUp(end, 4), request.alignment);
    offsets.push(offset);
    end = offset + request.size;
    alignment = commonAlignment(alignment, request.alignment);
  }
  return { size: end, alignment, offsets };
}
