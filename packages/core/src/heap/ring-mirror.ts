/**
 * Ring mirror: the bytes of a ring on the CPU, seen in all the ways in which bytes may come.
 *
 * Cost     put: O(bytes); for typed arrays of 8 and 32 bits nothing is allocated.
 */
import { bytesOfData, type WriteData } from '../base/bytes.ts';
import { UsageError } from '../base/errors.ts';

export class RingMirror {
  /** Bytes. */
  readonly size: number;
  readonly bytes: Uint8Array;
  private readonly floats: Float32Array;
  private readonly words: Uint32Array;
  private readonly integers: Int32Array;

  /** `size`: bytes, a multiple of 4. @throws UsageError `too-large` */
  constructor(size: number) {
    const memory = memoryOf(size);
    this.size = size;
    this.bytes = new Uint8Array(memory);
    this.floats = new Float32Array(memory);
    this.words = new Uint32Array(memory);
    this.integers = new Int32Array(memory);
  }

  /** Copies data to byte `at`, a multiple of 4; it fits. */
  put(data: WriteData, at: number): void {
    // Of one kind on both sides, a copy needs no view.
    if (data instanceof Float32Array) this.floats.set(data, at / 4);
    else if (data instanceof Uint32Array) this.words.set(data, at / 4);
    else if (data instanceof Int32Array) this.integers.set(data, at / 4);
    else this.bytes.set(data instanceof Uint8Array ? data : bytesOfData(data), at);
  }
}

/** How many bytes data has; an array that is detached has none. @throws UsageError `bad-data` for all else */
export function sizeOfData(data: WriteData): number {
  return ArrayBuffer.isView(data) && !(data instanceof DataView)
    ? data.byteLength
    : bytesOfData(data).byteLength;
}

function memoryOf(size: number): ArrayBuffer {
  try {
    return new ArrayBuffer(size);
  } catch (cause) {
    throw new UsageError('too-large', `a ring of ${size} bytes does not fit the CPU's memory; push less`, {
      cause,
    });
  }
}
