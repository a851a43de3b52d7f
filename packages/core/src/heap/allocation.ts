/// <reference lib="esnext.disposable" preserve="true" />
/**
 * Allocation: what a user holds. Names a range in a chunk; knows how to write, read and free it.
 *
 * Cost     every member O(1) beside the bytes moved.
 * Promise  once freed, every member but `size`, `label` and `isLive` throws `dead-allocation`, and nothing it
 *          held is touched.
 * Refusal  `write` starts at a multiple of 4 and ends at one, or at the allocation's end.
 */
import type { WriteData } from '../base/bytes.ts';
import { show } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';
import { type Handle, roundUp } from '../base/quantities.ts';
import type { Chunk } from '../memory/chunk.ts';
import { NO_SPACE } from '../ranges/suballocator.ts';

/** What WebGPU's bind-group entries take: always with an explicit size. Sizes are padded to 4 bytes. */
export interface BufferBinding<Buffer> {
  readonly buffer: Buffer;
  readonly offset: number;
  readonly size: number;
}

/** What an allocation needs of its heap. */
export interface AllocationKeeper<Buffer> {
  write(allocation: Allocation<Buffer>, data: WriteData, at: number): void;
  read(allocation: Allocation<Buffer>, at: number, size: number): Promise<Uint8Array>;
  free(allocation: Allocation<Buffer>): void;
}

/** What a user holds: a range of a shared buffer, or a buffer of its own, until it is freed. */
export class Allocation<Buffer> {
  /** Bytes, exactly as asked for. */
  readonly size: number;
  readonly label: string;
  /** Grows whenever `buffer` or `offset` change: rebuild bind groups then. */
  readonly version: number = 0;
  /** @internal Where it lives; undefined once it is freed. */
  chunk: Chunk<Buffer> | undefined;
  /** @internal */
  handle: Handle = NO_SPACE;
  private readonly keeper: AllocationKeeper<Buffer>;

  /** Made by `GpuHeap.allocate`. */
  constructor(keeper: AllocationKeeper<Buffer>, size: number, label: string) {
    this.keeper = keeper;
    this.size = size;
    this.label = label;
  }

  /** Whether it has not been freed. */
  get isLive(): boolean {
    return this.chunk !== undefined;
  }

  /**
   * The backend's buffer, shared with other allocations.
   * @throws UsageError `dead-allocation` · OutOfMemoryError
   */
  get buffer(): Buffer {
    return this.home().buffer;
  }

  /** First byte in `buffer`. @throws UsageError `dead-allocation` · OutOfMemoryError */
  get offset(): number {
    return this.home().suballocator.offsetOf(this.handle);
  }

  /**
   * Buffer, offset and size as bind groups and draw calls take them; valid until `version` changes.
   * @throws UsageError `dead-allocation` · OutOfMemoryError `refused-by-device` when the device went back on
   *   its word
   */
  binding(): BufferBinding<Buffer> {
    const chunk = this.home();
    const offset = chunk.suballocator.offsetOf(this.handle);
    return { buffer: chunk.buffer, offset, size: roundUp(this.size, 4) };
  }

  /**
   * Writes bytes from byte `at` on; takes effect before anything submitted later. The data may be reused on
   * return.
   * @throws UsageError `dead-allocation`, `bad-data`, `bad-offset`, `misaligned`, `out-of-bounds` ·
   *   BackendError
   */
  write(data: WriteData, at = 0): void {
    this.keeper.write(this, data, at);
  }

  /**
   * The bytes from `at` on, `size` of them (default: to the end), after everything submitted so far.
   * @throws UsageError `dead-allocation`, `bad-offset`, `bad-size`, `out-of-bounds`, at once · rejects with
   *   BackendError
   */
  read(at = 0, size: number = this.size - at): Promise<Uint8Array> {
    return this.keeper.read(this, at, size);
  }

  /**
   * Ends it; the bytes are reused when the GPU is done with them.
   * @throws UsageError `dead-allocation`, `disposed`
   */
  free(): void {
    this.keeper.free(this);
  }

  /** Frees it unless that has been done, so that `using` and an early `free()` go together. */
  [Symbol.dispose](): void {
    if (this.isLive) this.keeper.free(this);
  }

  /** @internal Whether `keeper` made it. */
  belongsTo(keeper: AllocationKeeper<Buffer>): boolean {
    return this.keeper === keeper;
  }

  /**
   * @internal The chunk of a live allocation.
   * @throws UsageError `dead-allocation` · OutOfMemoryError · BackendError
   */
  home(): Chunk<Buffer> {
    const chunk = this.chunk;
    if (chunk === undefined) {
      throw new UsageError(
        'dead-allocation',
        `allocation ${show(this.label)} of ${this.size} bytes has been freed; drop it when you free it`,
      );
    }
    if (chunk.refusal !== undefined) throw chunk.refusal;
    return chunk;
  }
}
