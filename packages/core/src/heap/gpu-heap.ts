/// <reference lib="esnext.disposable" preserve="true" />
/**
 * GpuHeap: the facade that users hold. Few large backend buffers serve many allocations.
 *
 * Cost     allocate, free: O(1) beside the pool's walk over its chunks; see `memory/memory.ts`.
 * Promise  bytes written to an allocation are the bytes read from it; a freed range is reused only when the
 *          GPU can no longer confuse the two; the budget holds; a call that throws has changed nothing.
 * Refusal  moves and evicts nothing yet: allocations stay where they are.
 */
import { MemoryTypeSelector, type MemoryTypeWish } from '../backend/memory-type-selector.ts';
import { type DeviceLoss, type GpuBackend, MemoryProperty } from '../backend/port.ts';
import { CHUNK_USAGE, READBACK_USAGE, TRANSFER_USAGE } from '../backend/usage.ts';
import { checkInteger, checkOptions, show } from '../base/check.ts';
import { OutOfMemoryError, UsageError } from '../base/errors.ts';
import type { Serial } from '../base/quantities.ts';
import { Memory, type MemorySettings } from '../memory/memory.ts';
import type { Access, Location, Pool } from '../memory/pool.ts';
import { type HeapStatistics, reportStatistics } from '../telemetry/heap-statistics.ts';
import { type HeapSnapshot, takeSnapshot } from '../telemetry/snapshot.ts';
import type { Allocation } from './allocation.ts';
import { Keeper } from './keeper.ts';
import { type AllocationRequest, checkRequest } from './request.ts';

/** How a heap is made. All optional, in bytes. */
export interface GpuHeapOptions {
  /** The most that is ever held from the device, staging included. Default: no limit. */
  readonly budgetBytes?: number;
  /** Chunks grow up to this size. A multiple of 65,536; default 16 MiB. */
  readonly chunkBytes?: number;
  /** Allocations of this size or more get a buffer of their own. Default: `chunkBytes`. */
  readonly dedicatedBytes?: number;
}

const KNOWN = ['budgetBytes', 'chunkBytes', 'dedicatedBytes'] as const;
const DEFAULT_CHUNK_BYTES: number = 16 * 1024 * 1024;
const CHUNK_BYTES_STEP = 65_536;
/** A chunk's suballocator counts in units of 16 bytes, of which it takes 2^31-1. */
const MAX_CHUNK_BYTES: number = 2 ** 34;

/** Few large buffers of one device serve many allocations. */
export class GpuHeap<Buffer> {
  /** The backend it was made with, which it does not own. */
  readonly backend: GpuBackend<Buffer>;
  private readonly memory: Memory<Buffer>;
  private readonly keeper: Keeper<Buffer>;
  private readonly selector: MemoryTypeSelector;
  private isDisposed = false;

  /** @throws UsageError `bad-argument`, `unknown-option`, `bad-size` */
  constructor(backend: GpuBackend<Buffer>, options: GpuHeapOptions = {}) {
    if (backend === null || typeof backend !== 'object' || typeof backend.createBuffer !== 'function') {
      throw new UsageError('bad-argument', `backend is ${show(backend)}; pass a GpuBackend`);
    }
    const settings = checkHeapOptions(options);
    this.backend = backend;
    this.selector = new MemoryTypeSelector(backend.memoryTypes);
    this.memory = new Memory(backend, settings);
    this.keeper = new Keeper(this.memory, () => this.poolFor('readback', 'read'));
  }

  /** Resolves when the device is lost. */
  get lost(): Promise<DeviceLoss> {
    return this.backend.lost;
  }

  /**
   * A range of a chunk, or a buffer of its own when it is large. Its bytes are whatever was there before.
   * @throws UsageError `bad-argument`, `unknown-option`, `bad-size`, `bad-usage`, `bad-alignment`,
   *   `too-large`, `no-memory-type`, `disposed`
   * @throws OutOfMemoryError `over-budget`, `refused-by-device` · BackendError `device-lost`
   */
  allocate(request: AllocationRequest): Allocation<Buffer> {
    this.checkUsable();
    const checked = checkRequest(request, this.backend.limits);
    return this.keeper.allocate(this.poolFor(checked.location, checked.access), checked);
  }

  /** As `allocate`, but answers `undefined` instead of throwing an OutOfMemoryError. */
  tryAllocate(request: AllocationRequest): Allocation<Buffer> | undefined {
    try {
      return this.allocate(request);
    } catch (error) {
      if (error instanceof OutOfMemoryError) return undefined;
      throw error;
    }
  }

  /**
   * Copies bytes between two allocations, or within one, as one submission that takes effect at once. Offsets
   * are multiples of 4, and so is the size unless it ends at the end of both. Ranges of one buffer go through
   * scratch.
   * @throws UsageError `dead-allocation`, `foreign-object`, `bad-offset`, `bad-size`, `misaligned`,
   *   `out-of-bounds`, `disposed`
   * @throws OutOfMemoryError when there is no room for scratch · BackendError `device-lost`
   */
  copy(
    source: Allocation<Buffer>,
    sourceOffset: number,
    target: Allocation<Buffer>,
    targetOffset: number,
    size: number,
  ): void {
    this.checkUsable();
    this.keeper.copy(source, sourceOffset, target, targetOffset, size);
  }

  /**
   * Call after `queue.submit` when you do not think in frames: what was freed before becomes reusable. Free
   * what a submission used between the submit and this call, and it is reusable at once.
   * O(ranges that fall due). @throws UsageError `disposed`
   */
  submitted(): Serial {
    this.checkUsable();
    return this.memory.submitted();
  }

  /**
   * Call after the frame's last `queue.submit`: as `submitted`, and chunks that stayed empty are given back.
   * O(ranges that fall due + chunks). @throws UsageError `disposed`
   */
  endFrame(): Serial {
    this.checkUsable();
    return this.memory.endFrame();
  }

  /** Fills and returns `into`, or a fresh record. O(chunks). */
  statistics(into?: HeapStatistics): HeapStatistics {
    return reportStatistics(this.memory as Memory<unknown>, this.keeper.counts, into);
  }

  /** Every chunk and range, as versioned JSON. O(ranges). */
  snapshot(): HeapSnapshot {
    return takeSnapshot(this.memory as Memory<unknown>, this.statistics());
  }

  /**
   * Gives every buffer back. Every allocation is dead afterwards, and every other call but the figures throws
   * `disposed`. May be called twice. The backend stays as it is: it belongs to whoever made it.
   */
  dispose(): void {
    if (this.isDisposed) return;
    this.isDisposed = true;
    this.keeper.dispose();
    this.memory.dispose();
  }

  /** So that `using heap = …` disposes of it. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  private poolFor(location: Location, access: Access): Pool<Buffer> {
    const wish = WISHES[location];
    const memoryType = this.selector.select(wish);
    if (memoryType === -1) {
      throw new UsageError(
        'no-memory-type',
        `no memory type for location '${location}' among ${this.backend.memoryTypes.length}; ask for location 'gpu'`,
      );
    }
    return this.memory.poolOf(memoryType, USAGES[location], access, location);
  }

  private checkUsable(): void {
    if (this.isDisposed) throw new UsageError('disposed', 'this heap has been disposed of; open another');
  }
}

/** What the chunks of each location can do. */
const USAGES: Record<Location, number> = {
  gpu: CHUNK_USAGE,
  scratch: TRANSFER_USAGE,
  upload: TRANSFER_USAGE,
  readback: READBACK_USAGE,
};

/** What kind of memory each location wants. */
const WISHES: Record<Location, MemoryTypeWish> = {
  gpu: { required: 0, preferred: MemoryProperty.DEVICE_LOCAL, avoided: MemoryProperty.LAZILY_ALLOCATED },
  scratch: { required: 0, preferred: MemoryProperty.DEVICE_LOCAL, avoided: MemoryProperty.LAZILY_ALLOCATED },
  upload: {
    required: MemoryProperty.HOST_VISIBLE,
    preferred: MemoryProperty.HOST_COHERENT,
    avoided: MemoryProperty.HOST_CACHED,
  },
  readback: { required: MemoryProperty.HOST_VISIBLE, preferred: MemoryProperty.HOST_CACHED },
};

function checkHeapOptions(options: GpuHeapOptions): MemorySettings {
  checkOptions(options, 'options', KNOWN);
  const { chunkBytes = DEFAULT_CHUNK_BYTES, budgetBytes = Number.POSITIVE_INFINITY } = options;
  const { dedicatedBytes = chunkBytes } = options;
  checkInteger(chunkBytes, 'chunkBytes', CHUNK_BYTES_STEP, MAX_CHUNK_BYTES, 'bad-size');
  if (chunkBytes % CHUNK_BYTES_STEP !== 0) {
    throw new UsageError('bad-size', `chunkBytes is ${chunkBytes}; pass a multiple of ${CHUNK_BYTES_STEP}`);
  }
  checkInteger(dedicatedBytes, 'dedicatedBytes', 1, Number.MAX_SAFE_INTEGER, 'bad-size');
  if (budgetBytes !== Number.POSITIVE_INFINITY) {
    checkInteger(budgetBytes, 'budgetBytes', 1, Number.MAX_SAFE_INTEGER, 'bad-size');
  }
  return { chunkBytes, dedicatedBytes, budgetBytes };
}
