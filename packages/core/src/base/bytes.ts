/**
 * Bytes: any data that callers hand over, seen as bytes.
 *
 * Cost     O(1): a view, not a copy.
 */
import { show } from './check.ts';
import { UsageError } from './errors.ts';

/** Data to write: any view, or a whole buffer. */
export type WriteData = ArrayBufferView | ArrayBuffer | SharedArrayBuffer;

/** The bytes of a typed array or DataView. @throws UsageError `bad-data`, also for memory that is detached */
export function bytesOfView(data: ArrayBufferView): Uint8Array {
  if (!ArrayBuffer.isView(data)) {
    throw new UsageError('bad-data', `data is ${show(data)}; pass a typed array or a DataView`);
  }
  try {
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  } catch (cause) {
    throw new UsageError('bad-data', 'data is detached; pass a view of memory that is still here', { cause });
  }
}

/** The bytes of any data. @throws UsageError `bad-data`, also for memory that is detached */
export function bytesOfData(data: WriteData): Uint8Array {
  const isShared = typeof SharedArrayBuffer === 'function' && data instanceof SharedArrayBuffer;
  if (!isShared && !(data instanceof ArrayBuffer)) return bytesOfView(data as ArrayBufferView);
  try {
    return new Uint8Array(data);
  } catch (cause) {
    throw new UsageError('bad-data', 'data is detached; pass memory that is still here', { cause });
  }
}
