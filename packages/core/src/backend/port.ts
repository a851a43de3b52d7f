/**
 * The port to a graphics API: buffer, copy, map, fence.
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

/** Offsets of `map` are multiples of it, with every backend. */
export const MAP_OFFSET_ALIGNMENT = 8;
/** Sizes of `map`, and of buffers that are born mapped, are multiples of it, with every backend. */
export const MAP_SIZE_ALIGNMENT = 4;

/** Who has a buffer: the GPU; the CPU as soon as the GPU lets go of it; the CPU. */
export type MapState = 'unmapped' | 'pending' | 'mapped';

/** How a buffer is made. */
export interface BufferDescriptor {
  /** Bytes, a positive multiple of `copyAlignment`, at most `maxBufferSize`. */
  readonly size: number;
  /**
   * Bits of {@link BufferUsage}. MAP_READ goes with COPY_DST alone, MAP_WRITE is MAP_WRITE | COPY_SRC and
   * nothing else; both only with a HOST_VISIBLE memory type.
   */
  readonly usage: number;
  /** Index into `memoryTypes`. */
  readonly memoryType: number;
  readonly label?: string;
  /**
   * Whether the buffer is born mapped, to be filled through `CreatedBuffer.bytes`. Only with MAP_WRITE; the
   * size is then also a multiple of {@link MAP_SIZE_ALIGNMENT}. Default false.
   */
  readonly mapped?: boolean;
}

/** What a buffer is that the caller made itself. */
export interface AdoptedBuffer {
  /** All of its bytes. */
  readonly size: number;
  /** Bits of {@link BufferUsage} with which it was made. */
  readonly usage: number;
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
  /** All bytes of a buffer that was born mapped, zero at first; `unmap` detaches them. */
  readonly bytes?: Uint8Array;
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

/** Buffer, copy, map, fence. `Buffer` is what the graphics API calls a buffer. */
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
   * Makes known a buffer that the caller made on the same device by the API itself, so that it can be
   * written, cleared, copied, read and mapped. It stays the caller's: `destroyBuffer` and `dispose` forget it
   * and never destroy it, and who destroys it forgets it here first. A forgotten one may be adopted again.
   * @throws UsageError `foreign-object` for what is no buffer of the API, `bad-argument` for one that is
   *   known, `bad-size`, `bad-usage` also where the buffer itself tells otherwise, `mapped-buffer`,
   *   `dead-buffer`, `unknown-option`, `disposed`
   */
  adoptBuffer(buffer: Buffer, descriptor: AdoptedBuffer): void;

  /**
   * Gives a buffer back, mapped or not. Work submitted before still sees it; anything after is refused.
   * @throws UsageError `dead-buffer`, `foreign-object`, `disposed`
   */
  destroyBuffer(buffer: Buffer): void;

  /**
   * Writes bytes; takes effect before later copies and submissions, after earlier ones. The data is taken at
   * once: the caller may reuse it on return. Needs COPY_DST; offset and byte length are multiples of
   * `copyAlignment`.
   * @throws UsageError `misaligned`, `out-of-bounds`, `bad-usage`, `bad-data`, `mapped-buffer`,
   *   `dead-buffer`, `foreign-object`, `disposed`
   */
  write(buffer: Buffer, offset: number, data: ArrayBufferView): void;

  /**
   * Makes bytes zero; ordered as `write` is. Needs COPY_DST; offset and size are multiples of
   * `copyAlignment`.
   * @throws UsageError as `write`
   */
  clear(buffer: Buffer, offset: number, size: number): void;

  /**
   * Copies in order, as one submission. All regions are checked before the first is recorded.
   * @throws UsageError `same-buffer`, `misaligned`, `out-of-bounds`, `bad-usage`, `mapped-buffer`,
   *   `dead-buffer`, `foreign-object`, `disposed`
   */
  copy(regions: readonly CopyRegion<Buffer>[]): void;

  /**
   * The bytes after everything submitted so far; any offset and size inside the buffer. A buffer with
   * MAP_READ is mapped: all but `read` and `destroyBuffer` refuse it with `mapped-buffer` until the promise
   * settles. One with COPY_SRC is read through the backend's own staging. Bad arguments throw at once, as for
   * `write`; the promise rejects with a BackendError `device-lost` on loss or dispose.
   */
  read(buffer: Buffer, offset: number, size: number): Promise<Uint8Array>;

  /**
   * Maps a part of a buffer with MAP_WRITE as soon as the GPU is done with everything submitted that uses the
   * buffer, and answers its bytes, which what is submitted after `unmap` sees as they are then. Offset a
   * multiple of {@link MAP_OFFSET_ALIGNMENT}, size a positive one of {@link MAP_SIZE_ALIGNMENT}. From the
   * call on the buffer is the CPU's, and all but `unmap` and `destroyBuffer` refuse it, until `unmap` or a
   * rejection: BackendError `device-lost` on loss or dispose, `backend-failed` when the map failed or the
   * buffer was destroyed first. A buffer whose map was rejected is unmapped.
   * @throws UsageError `mapped-buffer`, `bad-usage`, `bad-size`, `misaligned`, `out-of-bounds`,
   *   `dead-buffer`, `foreign-object`, `disposed`
   */
  map(buffer: Buffer, offset: number, size: number): Promise<Uint8Array>;

  /**
   * Gives the bytes of a mapped buffer to the GPU; the array that had them is detached.
   * @throws UsageError `not-mapped`, also while its map is pending, `bad-usage`, `dead-buffer`,
   *   `foreign-object`, `disposed`
   */
  unmap(buffer: Buffer): void;

  /** How many timelines there are, at least 1. What this port submits itself runs on timeline 0. */
  readonly timelineCount: number;

  /**
   * A point on a timeline after everything submitted to it so far; timeline 0 by default. Serials grow by at
   * least 1 from call to call, whatever the timeline: one numbering serves them all.
   * @throws UsageError `bad-argument` for a timeline that does not exist, `disposed`
   */
  signal(timeline?: number): Serial;

  /**
   * The largest serial that is known to be reached with all before it, on every timeline; only grows. Stays
   * where it is once the device is lost.
   */
  readonly completedSerial: Serial;

  /**
   * The latest serial of one timeline that is known to be reached; only grows, and may be ahead of
   * `completedSerial`. 0 before the first.
   * @throws UsageError `bad-argument` for a timeline that does not exist, `disposed`
   */
  completedOn(timeline: number): Serial;

  /**
   * Resolves when `serial` is reached on its own timeline, whatever the others do; rejects with
   * `BackendError` `device-lost` on loss or dispose.
   * @throws UsageError `bad-argument` for a serial that was never signalled, `disposed`
   */
  whenCompleted(serial: Serial): Promise<void>;

  /**
   * When a range may be given away again: WebGPU orders one queue by itself, explicit APIs do not. With
   * several timelines always `completed`.
   */
  readonly reuseAfter: 'submitted' | 'completed';

  /** Resolves when the device is lost, also by `dispose()`; never rejects. */
  readonly lost: Promise<DeviceLoss>;

  /** Whether the device is known to be lost: look here before believing a fence. */
  readonly isLost: boolean;

  /**
   * Destroys every buffer that it made, forgets adopted ones and settles every promise. Does not destroy a
   * device that it was given. May be called twice; afterwards every other call throws `disposed`.
   */
  dispose(): void;
}
