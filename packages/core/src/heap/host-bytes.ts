/**
 * Host bytes: arrays on the CPU that are as large as what is on the GPU, and so may be more than it has.
 */
import { UsageError } from '../base/errors.ts';

/** So many bytes, all zero, for `what`. @throws UsageError `too-large` */
export function makeHostBytes(size: number, what: string): Uint8Array {
  try {
    return new Uint8Array(size);
  } catch (cause) {
    throw new UsageError(
      'too-large',
      `${what} of ${size} bytes does not fit the CPU's memory; split the data or do without it`,
      { cause },
    );
  }
}
