/// <reference lib="esnext.disposable" preserve="true" />
/**
 * Recording token: protects what an encoder uses that is recorded now and submitted in a later frame.
 *
 * Cost     use, end: O(allocations).
 * Promise  as long as the token is open, the ranges that it was told of are neither reused nor moved away
 *          under the encoder, and their buffers are not destroyed, whoever frees or resizes them meanwhile.
 *          It ends with its device, if not before.
 * Refusal  not needed for an encoder that is submitted before the `endFrame()` or `submitted()` that follows
 *          its recording: that is protected anyway.
 */
import { show } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';
import type { Handle } from '../base/quantities.ts';
import type { Chunk } from '../memory/chunk.ts';
import type { Memory } from '../memory/memory.ts';
import { Allocation, type AllocationKeeper } from './allocation.ts';

/** Made by `GpuHeap.record`. */
export class RecordingToken<Buffer> {
  private readonly memory: Memory<Buffer>;
  private readonly keeper: AllocationKeeper<Buffer>;
  private readonly chunks: Chunk<Buffer>[] = [];
  private readonly handles: Handle[] = [];
  private readonly epoch: number;
  private isOpen = true;

  /** Made by `GpuHeap.record`. */
  constructor(memory: Memory<Buffer>, keeper: AllocationKeeper<Buffer>) {
    this.memory = memory;
    this.keeper = keeper;
    this.epoch = memory.epoch;
  }

  /**
   * The encoder uses these, where they are now. All are checked before the first is marked.
   * @throws UsageError `token-ended`, `dead-allocation`, `foreign-object` · OutOfMemoryError
   */
  use(...allocations: readonly Allocation<Buffer>[]): this {
    if (!this.isOpen || this.epoch !== this.memory.epoch) {
      throw new UsageError('token-ended', 'this recording has ended; begin another with heap.record()');
    }
    for (const allocation of allocations) {
      if (!(allocation instanceof Allocation) || !allocation.belongsTo(this.keeper)) {
        throw new UsageError(
          'foreign-object',
          `${show(allocation)} is no allocation of this heap; pass those that it made`,
        );
      }
      allocation.home();
    }
    for (const allocation of allocations) {
      const chunk = allocation.home();
      chunk.mark(allocation.handle);
      this.chunks.push(chunk);
      this.handles.push(allocation.handle);
    }
    return this;
  }

  /**
   * The encoder has been submitted, or never will be. What was freed meanwhile becomes reusable as if it had
   * been freed now. May be called twice.
   */
  end(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    const { memory, epoch } = this;
    for (const [k, chunk] of this.chunks.entries()) memory.unmark(chunk, this.handles[k] as Handle, epoch);
  }

  /** As `end`. */
  [Symbol.dispose](): void {
    this.end();
  }
}
