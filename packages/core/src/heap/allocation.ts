/// <reference lib="esnext.disposable" preserve="true" />
/**
 * Allocation: what a user holds. Names a range in a chunk; knows how to write, read, resize and free it.
 *
 * Cost     every member O(1) beside the bytes moved.
 * Promise  once freed, every member but `size`, `label`, `owner`, `version`, `userData` and `isLive` throws
 *          `dead-allocation`, and nothing it held is touched. While it is evicted it is written, read and
 *          freed as ever, and has no `buffer`.
 * Refusal  `write` starts at a multiple of 4 and ends at one, or at the allocation's end.
 */
import type { WriteData } from '../base/bytes.ts';
import { checkOneOf, show } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';
import { roundUp } from '../base/quantities.ts';
import {
  type AllocationEvent,
  type AllocationFacts,
  AllocationState,
  type HeapClock,
} from './allocation-state.ts';

/** What WebGPU's bind-group entries take: always with an explicit size. Sizes are padded to 4 bytes. */
export interface BufferBinding<Buffer> {
  readonly buffer: Buffer;
  readonly offset: number;
  readonly size: number;
}

/** What an allocation needs of its heap. */
export interface AllocationKeeper<Buffer> extends HeapClock {
  touched(allocation: Allocation<Buffer>): void;
  write(allocation: Allocation<Buffer>, data: WriteData, at: number): void;
  read(allocation: Allocation<Buffer>, at: number, size: number): Promise<Uint8Array>;
  resize(allocation: Allocation<Buffer>, size: number): void;
  resizeAsync(allocation: Allocation<Buffer>, size: number, isWanted: () => boolean): Promise<void>;
  rename(allocation: Allocation<Buffer>, label: string): void;
  free(allocation: Allocation<Buffer>): void;
}

/** What a user holds: a range of a shared buffer, or a buffer of its own, until it is freed. */
export class Allocation<Buffer> extends AllocationState<Buffer> {
  /** @internal The block that it is a member of. */
  declare readonly block: Allocation<Buffer> | undefined;
  /** The members of a block, in the order of their requests; undefined for what is no block. */
  declare members: readonly Allocation<Buffer>[] | undefined;
  /** @internal Those that it shares no buffer with. */
  declare apart: Set<Allocation<Buffer>> | undefined;
  private readonly keeper: AllocationKeeper<Buffer>;

  /** Made by `GpuHeap.allocate`. */
  constructor(
    keeper: AllocationKeeper<Buffer>,
    request: AllocationFacts,
    bornFrame: number,
    block?: Allocation<Buffer>,
    delta = 0,
  ) {
    super(keeper, request, bornFrame, block, delta);
    this.keeper = keeper;
  }

  /** Grows whenever `buffer` or `offset` change: rebuild bind groups then. */
  get version(): number {
    return this.moves;
  }

  /**
   * The backend's buffer, shared with other allocations.
   * @throws UsageError `dead-allocation`, `not-resident` · OutOfMemoryError
   */
  get buffer(): Buffer {
    return this.home().buffer;
  }

  /** First byte in `buffer`. @throws UsageError `dead-allocation`, `not-resident` · OutOfMemoryError */
  get offset(): number {
    return this.home().suballocator.offsetOf(this.handle) + this.delta;
  }

  /**
   * Buffer, offset and size as bind groups and draw calls take them; valid until `version` changes. Counts as
   * a use in this frame, as `touch(use)` does.
   * @throws UsageError `dead-allocation`, `not-resident` · OutOfMemoryError `refused-by-device` when the
   *   device went back on its word
   */
  binding(use?: 'read' | 'written'): BufferBinding<Buffer> {
    const chunk = this.home();
    this.noteUse(use);
    const offset = chunk.suballocator.offsetOf(this.handle) + this.delta;
    return { buffer: chunk.buffer, offset, size: roundUp(this.bytes, 4) };
  }

  /**
   * Says that this frame uses it, so that it is not evicted before the GPU is done with that, and others are
   * sooner. Answers whether it is resident. `written` says that the frame writes it, on the GPU, too: then
   * its bytes are read back when it is evicted, whatever `onRestore` gives. Where shaders may write it
   * (`access: 'write'`) that is taken for granted unless you say `read`.
   * @throws UsageError `dead-allocation`, `bad-argument`
   */
  touch(use?: 'read' | 'written'): boolean {
    this.checkLive();
    if (use !== undefined) checkOneOf(use, 'use', ['read', 'written']);
    this.keeper.touched(this);
    if (this.chunk !== undefined) this.noteUse(use);
    return this.chunk !== undefined;
  }

  /**
   * Says that `onRestore` gives just the bytes that it holds, so that it may be evicted without reading them
   * back, until it is written again. @throws UsageError `dead-allocation`
   */
  markClean(): void {
    this.checkLive();
    this.isDirty = false;
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
  read(at = 0, size: number = this.bytes - at): Promise<Uint8Array> {
    return this.keeper.read(this, at, size);
  }

  /**
   * Makes it `size` bytes long: where it is, if what follows it is free, else by one move, which raises
   * `version`. Bytes up to the shorter length stay; those gained are whatever was there before. Should the
   * device refuse the new memory later, the bytes are lost, and the next use of it says so.
   * @throws UsageError `dead-allocation`, `bad-size`, `too-large`, `not-movable`, `not-resident` ·
   *   OutOfMemoryError · BackendError
   */
  resize(size: number): void {
    this.keeper.resize(this, size);
  }

  /**
   * As `resize`, but waits as `GpuHeap.allocateAsync` does, and leaves the old memory only when the device
   * has granted the new one: no refusal loses bytes. Until it resolves the allocation is as it was, and may
   * be used, written and freed; then it is `size` bytes long.
   * @throws what `resize` throws, as a rejection; UsageError `dead-allocation` when it was freed meanwhile,
   *   `disposed` when the heap was disposed of
   */
  resizeAsync(size: number): Promise<void> {
    return this.resizeWhile(size, () => true);
  }

  /** @internal As `resizeAsync`, but leaves it as it is as soon as that is not wanted any more. */
  resizeWhile(size: number, isWanted: () => boolean): Promise<void> {
    return this.keeper.resizeAsync(this, size, isWanted);
  }

  /** Gives it another label. @throws UsageError `dead-allocation`, `bad-argument` */
  rename(label: string): void {
    this.keeper.rename(this, label);
  }

  /**
   * Holds it where it is until as many `unpin`: what would move it is refused with `not-movable`, and it is
   * not evicted.
   * @throws UsageError `dead-allocation`, `not-resident`
   */
  pin(): void {
    this.home();
    this.pinCount++;
  }

  /** Ends one `pin`. @throws UsageError `dead-allocation`, `bad-argument` when it is not pinned */
  unpin(): void {
    this.checkLive();
    if (this.pinCount === 0) {
      throw new UsageError(
        'bad-argument',
        `allocation ${show(this.name)} is not pinned; unpin once for each pin`,
      );
    }
    this.pinCount--;
  }

  /**
   * Calls `hook` after every move, when `buffer`, `offset` and `version` are new, as they are too when it is
   * resident again; or whenever it was evicted. Answers how to stop that.
   * @throws UsageError `bad-argument`
   */
  on(event: AllocationEvent, hook: () => void): () => void {
    if ((event !== 'moved' && event !== 'evicted') || typeof hook !== 'function') {
      throw new UsageError(
        'bad-argument',
        `on(${show(event)}, ${show(hook)}): pass 'moved' or 'evicted', and a function`,
      );
    }
    const made = { event, hook };
    this.hooks = [...(this.hooks ?? []), made];
    return () => {
      this.hooks = this.hooks?.filter((each) => each !== made);
    };
  }

  /**
   * Ends it; the bytes are reused when the GPU is done with them.
   * @throws UsageError `dead-allocation`, `part-of-block`, `disposed`
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
}
