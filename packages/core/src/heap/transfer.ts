/**
 * Transfer: the checks of bytes on their way in and out of an allocation.
 */
import { checkInteger, show } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';
import type { WriteData } from './allocation.ts';

/** The bytes of any data, as a view on them. @throws UsageError `bad-data` */
export function viewBytes(data: WriteData): Uint8Array {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  if (typeof SharedArrayBuffer === 'function' && data instanceof SharedArrayBuffer)
    return new Uint8Array(data);
  throw new UsageError(
    'bad-data',
    `data is ${show(data)}; pass a typed array, a DataView or an array buffer`,
  );
}

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
