/**
 * The ways to ask a heap for memory: one and many, now and later, and whether there would be any.
 *
 * Cost     allocate: O(1) beside the pool's walk over its chunks; with what may be evicted, O(ranges of the
 *          pool) more when memory is short.
 * Promise  what fails leaves nothing behind.
 */
import type { Allocation } from './allocation.ts';
import type { Block } from './block.ts';
import { HeapFigures } from './heap-figures.ts';
import type { Placer } from './placer.ts';
import type { AllocationRequest } from './request.ts';

/** The part of `GpuHeap` that gives memory. */
export abstract class HeapRequests<Buffer> extends HeapFigures<Buffer> {
  protected abstract readonly placer: Placer<Buffer>;

  /**
   * A range of a chunk, or a buffer of its own when it is large. Its bytes are whatever was there before.
   * @throws UsageError `bad-argument`, `unknown-option`, `bad-size`, `bad-usage`, `bad-alignment`,
   *   `too-large`, `no-memory-type`, `dead-allocation`, `foreign-object`, `disposed`
   * @throws OutOfMemoryError `over-budget`, `pool-full`, `refused-by-device` · BackendError `device-lost`
   */
  allocate(request: AllocationRequest<Buffer>): Allocation<Buffer> {
    return this.placer.allocate(request);
  }

  /** As `allocate`, but answers `undefined` instead of throwing an OutOfMemoryError, and costs less then. */
  tryAllocate(request: AllocationRequest<Buffer>): Allocation<Buffer> | undefined {
    return this.placer.tryAllocate(request);
  }

  /**
   * As `allocate`, but waits for what was released to become free, and for the device's word on a new buffer.
   * Rejects with what `allocate` throws when waiting can not help, with BackendError when the device is lost
   * and with UsageError `disposed` when the heap is meanwhile.
   */
  allocateAsync(request: AllocationRequest<Buffer>): Promise<Allocation<Buffer>> {
    return this.placer.allocateAsync(request);
  }

  /** All of them or none. O(requests). @throws as `allocate` does */
  allocateMany(requests: readonly AllocationRequest<Buffer>[]): Allocation<Buffer>[] {
    return this.placer.allocateMany(requests);
  }

  /**
   * Allocations side by side in one range, in their order: a mesh's vertices and indices. Answers the block;
   * its `members`, one for each request, are freed and moved with it, as one. All requests are of one access,
   * location, lifetime and pool.
   * @throws as `allocate` does
   */
  allocateBlock<const Requests extends readonly AllocationRequest<Buffer>[]>(
    requests: Requests,
    label = '',
  ): Block<Buffer, Requests> {
    return this.placer.allocateBlock(requests, label) as Block<Buffer, Requests>;
  }

  /**
   * Whether `allocate` of this request would succeed now, unless the device refuses. O(chunks + holes).
   * @throws UsageError as `allocate` does
   */
  canAllocate(request: AllocationRequest<Buffer>): boolean {
    return this.placer.canAllocate(request);
  }

  /**
   * The largest size with which `allocate` of this request would succeed now, in bytes, unless the device
   * refuses; 0 when none would. The size in the request does not matter. O(chunks + holes).
   * @throws UsageError as `allocate` does
   */
  largestAllocatable(request: AllocationRequest<Buffer>): number {
    return this.placer.largestAllocatable(request);
  }

  /**
   * Makes room in advance, outside the frame: when the promise resolves, requests like this one are served
   * from chunks that exist, up to `request.size` bytes together, and the device has cleared them.
   * @throws as `allocate` does · rejects with OutOfMemoryError `refused-by-device`, BackendError
   */
  warm(request: AllocationRequest<Buffer>): Promise<void> {
    return this.placer.warm(request);
  }
}
