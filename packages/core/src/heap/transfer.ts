/**
 * Transfer: the checks of bytes on their way in and out of an allocation.
 */
import { checkInteger } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';

/**
 * Checks that `size` bytes from `at` on lie inside an allocation of `whole` bytes.
 * @throws UsageError `bad-offset`, `bad-size`, `out-of-bounds`
 */
export function checkExtent(at: number, size: number, whole: number): void {
  checkInteger(at, 'at', 0, Number.MAX_SAFE_INTEGER, 'bad-offset');
  checkInteger(size, 'size', 0, Number.MAX_SAFE_INTEGER, 'bad-size');
  if (at > whole || size > whole - at) {
    throw new UsageError(
      'out-of-bounds',
      `${size} bytes from ${at} on reach beyond the allocation's ${whole}; pass less or resize it`,
    );
  }
}

/**
 * Checks that a GPU write of `size` bytes at `at` touches nothing else: both are multiples of 4, or it ends
 * where the allocation ends, whose reserved bytes go on to the next multiple of 4.
 * @throws UsageError `misaligned`
 */
export function checkGranules(at: number, size: number, whole: number): void {
  if (at % 4 !== 0 || (size % 4 !== 0 && at + size !== whole)) {
    throw new UsageError(
      'misaligned',
      `${size} bytes at ${at} of ${whole}: start at a multiple of 4, and end at one or at the allocation's end`,
    );
  }
}
