/** Write bytes: what the caller passed, as bytes that a queue takes. */
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
