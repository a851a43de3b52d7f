/**
 * The port to a graphics API: buffer, copy, fence.
 *
 * Promise  what `core` may rely on in every backend; `@gpuheap/testing` has the suite that checks it.
 * Refusal  knows nothing of textures, pipelines or bind groups.
 */
import type { Serial } from '../base/quantities.ts';

/** Properties of a memory type, as bit flags. */
export const MemoryProperty = {
  /** Fast for the GPU. */
  DEVICE_LOCAL: 1,
  /** The CPU can fill it, or read it, through the backend without a GPU copy of its own. */
  HOST_VISIBLE: 2,
  /** CPU and GPU see each other's writes without a flush. */
  HOST_COHERENT: 4,
  /** Reading by the CPU is fast. */
  HOST_CACHED: 8,
  /** Backed only while in use (tiled GPUs). */
  LAZILY_ALLOCATED: 16,
} as const;

/** A kind of memory that a backend offers. */
export interface MemoryType {
  /** Bits of {@link MemoryProperty}; unknown bits are ignored. */
  readonly properties: number;
  /** Which heap it draws from. */
  readonly heapIndex: number;
  /** Bytes of that heap, or Infinity when the API does not tell. */
  readonly heapSizeBytes: number;
}

/**
 * What a buffer may be used for. The values are WebGPU's own, so a `GPUBufferUsage` can be passed as it is.
 */
export const BufferUsage = {
  MAP_READ: 0x001,
  MAP_WRITE: 0x002,
  COPY_SRC: 0x004,
  COPY_DST: 0x008,
  INDEX: 0x010,
  VERTEX: 0x020,
  UNIFORM: 0x040,
  STORAGE: 0x080,
  INDIRECT: 0x100,
  QUERY_RESOLVE: 0x200,
} as const;

/** Limits and alignments, in bytes. */
export interface BackendLimits {
  readonly maxBufferSize: number;
  readonly maxUniformBindingSize: number;
  readonly maxStorageBindingSize: number;
  /** Offsets of uniform bindings are multiples of it. */
  readonly uniformOffsetAlignment: number;
  /** Offsets of storage bindings are multiples of it. */
  readonly storageOffsetAlignment: number;
  /** Offsets and sizes of `write` and `copy` are multiples of it. */
  readonly copyAlignment: number;
  /** Whether source and destination of a copy may be one buffer (disjoint ranges). */
  readonly copiesWithinBuffer: boolean;
}

/** How a buffer is made. */
export interface BufferDescriptor {
  /** Bytes, a positive multiple of `copyAlignment`, at most `maxBufferSize`. */
  readonly size: number;
  /**
   * Bits of {@link BufferUsage}. MAP_READ goes with COPY_DST alone and with a HOST_VISIBLE memory type;
   * MAP_WRITE is refused.
   */
  readonly usage: number;
  /** Index into `memoryTypes`. */
  readonly memoryType: number;
  readonly label?: string;
}

/** A buffer, usable at once, and the word whether the device really granted it. */
export interface CreatedBuffer<Buffer> {
  readonly buffer: Buffer;
  /**
   * Resolves when the device has granted the buffer; rejects with an `OutOfMemoryError` (`refused-by-device`)
   * when it has not, or a `BackendError` when the device was lost first. The buffer must still be destroyed.
   */
  readonly settled: Promise<void>;
}

/** One copy between two buffers; offsets and size in bytes. */
export interface CopyRegion<Buffer> {
  readonly source: Buffer;
  readonly sourceOffset: number;
  readonly target: Buffer;
  readonly targetOffset: number;
  readonly size: number;
}

/** Why and when a device was lost. `destroyed` when its owner ended it. */
export interface DeviceLoss {
  readonly reason: 'destroyed' | 'unknown';
  readonly message: string;
}

/** Buffer, copy, fence. `Buffer` is what the graphics API calls a buffer. */
export interface GpuBackend<Buffer> {
  readonly limits: BackendLimits;
  /** At least one. The first DEVICE_LOCAL one is where resources live by default. */
  readonly memoryTypes: readonly MemoryType[];
  /** Bytes of buffers that the backend holds for its own use (staging of reads). */
  readonly stagingBytes: number;

  /**
   * Makes a buffer that reads as zero.
   * @throws UsageError `bad-size`, `bad-usage`, `too-large`, `bad-argument`, `disposed`
   * @throws OutOfMemoryError `refused-by-device`, when the refusal is known at once
   * @throws BackendError `device-lost`
   */
  createBuffer(descriptor: BufferDescriptor): CreatedBuffer<Buffer>;

  /**
   * Gives a buffer back. Work submitted before still sees it; anything after is refused.
   * @throws UsageError `dead-buffer`, `foreign-object`
   */
  destroyBuffer(buffer: Buffer): void;

  /**
   * Writes bytes; takes effect before later copies and submissions, after earlier ones. The data is taken at
   * once: the caller may reuse it on return. Needs COPY_DST; offset and byte length are multiples of
   * `copyAlignment`.
   * @throws UsageError `misaligned`, `out-of-bounds`, `bad-usage`, `bad-data`, `dead-buffer`,
   *   `foreign-object`, `disposed`
   */
  write(buffer: Buffer, offset: number, data: ArrayBufferView): void;

  /**
   * Copies in order, as one submission. All regions are checked before the first is recorded.
   * @throws UsageError `same-buffer`, `misaligned`, `out-of-bounds`, `bad-usage`, `dead-buffer`,
   *   `foreign-object`, `disposed`
   */
  copy(regions: readonly CopyRegion<Buffer>[]): void;

  /**
   * The bytes after everything submitted so far; any offset and size inside the buffer. A buffer with
   * MAP_READ is mapped, and nothing else may use it until the promise settles; one with COPY_SRC is read
   * through the backend's own staging. Bad arguments throw at once, as for `write`; the promise rejects with
   * a BackendError `device-lost` on loss or dispose.
   */
  read(buffer: Buffer, offset: number, size: number): Promise<Uint8Array>;

  /** A point on the timeline after everything submitted so far. Serials grow by at least 1. */
  signal(): Serial;

  /** The latest point known to be reached; only grows. Stays where it is once the device is lost. */
  readonly completedSerial: Serial;

  /**
   * Resolves when `completedSerial >= serial`; rejects with `BackendError` `device-lost` on loss or dispose.
   * @throws UsageError `bad-argument` for a serial that was never signalled
   */
  whenCompleted(serial: Serial): Promise<void>;

  /** When a range may be given away again: WebGPU orders one queue by itself, explicit APIs do not. */
  readonly reuseAfter: 'submitted' | 'completed';

  /** Resolves when the device is lost, also by `dispose()`; never rejects. */
  readonly lost: Promise<DeviceLoss>;

  /** Whether the device is known to be lost: look here before believing a fence. */
  readonly isLost: boolean;

  /**
   * Destroys every buffer that it made and settles every promise. Does not destroy a device that it was
   * given. May be called twice; afterwards every other call throws `disposed`.
   */
  dispose(): void;
}
