/**
 * Read request: one of several reads that are made together, checked at the door.
 */
import { checkOptions, show } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';
import type { Allocation } from './allocation.ts';
import type { ReadSpan } from './evictions.ts';
import type { Keeper } from './keeper.ts';
import { checkExtent } from './transfer.ts';

/** Which bytes of an allocation are to be read. */
export interface ReadRequest<Buffer> {
  readonly allocation: Allocation<Buffer>;
  /** The first byte. Default 0. */
  readonly at?: number;
  /** Default: to the end. */
  readonly size?: number;
}

/**
 * The bytes that each names. O(reads).
 * @throws UsageError `bad-argument`, `unknown-option`, `foreign-object`, `dead-allocation`, `bad-offset`,
 *   `bad-size`, `out-of-bounds`
 */
export function checkReads<Buffer>(
  keeper: Keeper<Buffer>,
  reads: readonly ReadRequest<Buffer>[],
): ReadSpan<Buffer>[] {
  if (!Array.isArray(reads)) {
    throw new UsageError(
      'bad-argument',
      `reads is ${show(reads)}; pass an array of { allocation, at, size }`,
    );
  }
  return reads.map((read: ReadRequest<Buffer>, k) => {
    checkOptions(read, `reads[${k}]`, ['allocation', 'at', 'size']);
    const allocation = keeper.own(read.allocation, `reads[${k}].allocation`);
    allocation.checkLive();
    const { at = 0, size = allocation.size - at } = read;
    checkExtent(at, size, allocation.size);
    return { allocation, at, size };
  });
}
