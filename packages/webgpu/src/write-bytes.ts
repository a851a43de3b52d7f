/** Write bytes: what the caller passed, as bytes that a queue takes. */
import { UsageError } from '@gpuheap/core';
import { checkData } from '@gpuheap/core/backend';

/**
 * The bytes of a typed array or a DataView, where they lie.
 * @throws UsageError `bad-data`, also for a view whose memory was detached
 */
export function bytesOf(data: ArrayBufferView): Uint8Array {
  checkData(data);
  try {
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  } catch (cause) {
    // The language itself refuses a view on memory that is no longer there.
    throw new UsageError('bad-data', 'data is a view of memory that was detached; pass a live one', {
      cause,
    });
  }
}

/**
 * `bytes` in memory that every implementation takes: nothing resizable, nothing shared where `copyShared`.
 * O(1), or O(bytes) when they must be copied.
 */
export function plainBytes(bytes: Uint8Array, copyShared: boolean): Uint8Array {
  const memory = bytes.buffer as { resizable?: boolean; growable?: boolean };
  const isShared = Object.prototype.toString.call(memory) === '[object SharedArrayBuffer]';
  const canResize = memory.resizable === true || memory.growable === true;
  return canResize || (isShared && copyShared) ? bytes.slice() : bytes;
}
