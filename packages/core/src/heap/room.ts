/**
 * Room: what a request could get, without getting it.
 */
import type { Chunk } from '../memory/chunk.ts';
import type { Ladder } from '../memory/ladder.ts';
import type { Pool } from '../memory/pool.ts';
import type { CheckedRequest } from './request.ts';

/**
 * Bytes of the largest request of this kind that a pool would serve now, unless the device refuses.
 * O(chunks + holes).
 */
export function largestIn<Buffer>(
  ladder: Ladder<Buffer>,
  pool: Pool<Buffer>,
  request: CheckedRequest<Buffer>,
): number {
  const grown = pool.rangeIn(ladder.largestGrowth(pool));
  const { placement, dedicatedBytes } = pool.kind;
  if (placement === 'dedicated' || request.dedicated) return grown;
  let largest = 0;
  for (const chunk of pool.chunks) {
    if (chunk.dedicated || chunk.refusal !== undefined || isApart(chunk, request)) continue;
    const alignment = placement === 'whole' ? 1 : request.alignment;
    largest = Math.max(largest, chunk.suballocator.largestAllocatable(alignment));
  }
  return Math.max(grown, Math.min(largest, dedicatedBytes - 1));
}

function isApart<Buffer>(chunk: Chunk<Buffer>, request: CheckedRequest<Buffer>): boolean {
  return request.apartFrom.some((allocation) => allocation.chunk === chunk);
}
