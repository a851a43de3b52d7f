/**
 * Chunk: one backend buffer and one suballocator over it.
 *
 * Promise  live and pending ranges tile the chunk with the free ones; the owner of every live range is known.
 * Refusal  knows no pools and no budget; a chunk that the device refused afterwards serves nothing any more.
 */
import type { BackendError, OutOfMemoryError } from '../base/errors.ts';
import type { Handle } from '../base/quantities.ts';
import { NO_SPACE, type Suballocator } from '../ranges/suballocator.ts';

/** What a chunk remembers of the owner of a range: shown in snapshots. */
export interface RangeOwner {
  readonly label: string;
}

export class Chunk<Buffer> {
  /** Unique within the heap, never used again. */
  readonly id: number;
  /** Which of the heap's pools it belongs to. */
  readonly poolIndex: number;
  readonly buffer: Buffer;
  readonly sizeBytes: number;
  readonly suballocator: Suballocator;
  /** Whether one large allocation has it for itself. */
  readonly dedicated: boolean;
  /** Set when the device went back on its word; the bytes of this chunk do not exist. */
  refusal: OutOfMemoryError | BackendError | undefined;
  /** Reserved bytes of ranges that were released but not yet given back. */
  pendingBytes = 0;
  /** Live and pending ranges. */
  rangeCount = 0;
  /** The frame in which it became empty, and its turn among all that did; meaningless while it is not. */
  emptySinceFrame = 0;
  emptyTurn = 0;
  private readonly owners: (RangeOwner | undefined)[] = [];
  // A request that failed here fails again until something is freed, and so does any larger or stricter one.
  private refusedSize = Number.POSITIVE_INFINITY;
  private refusedAlignment = 1;

  constructor(id: number, poolIndex: number, buffer: Buffer, suballocator: Suballocator, dedicated: boolean) {
    this.id = id;
    this.poolIndex = poolIndex;
    this.buffer = buffer;
    this.suballocator = suballocator;
    this.sizeBytes = suballocator.capacity;
    this.dedicated = dedicated;
  }

  /** A range for `owner`, or NO_SPACE. */
  reserve(size: number, alignment: number, owner: RangeOwner): Handle {
    if (this.refusal !== undefined) return NO_SPACE;
    if (size >= this.refusedSize && alignment % this.refusedAlignment === 0) return NO_SPACE;
    const handle = this.suballocator.allocate(size, alignment);
    if (handle === NO_SPACE) {
      this.refusedSize = size;
      this.refusedAlignment = alignment;
      return NO_SPACE;
    }
    this.rangeCount++;
    this.owners[this.suballocator.indexOf(handle)] = owner;
    return handle;
  }

  /** The owner has released a range; it stays reserved until `giveBack`. Answers its reserved bytes. */
  release(handle: Handle): number {
    const bytes = this.suballocator.sizeOf(handle);
    this.pendingBytes += bytes;
    this.owners[this.suballocator.indexOf(handle)] = undefined;
    return bytes;
  }

  /** A released range is free again. Answers its reserved bytes. */
  giveBack(handle: Handle): number {
    const bytes = this.suballocator.sizeOf(handle);
    this.suballocator.free(handle);
    this.pendingBytes -= bytes;
    this.rangeCount--;
    this.refusedSize = Number.POSITIVE_INFINITY;
    return bytes;
  }

  /** The owner of a live range; undefined when it is pending. */
  ownerOf(handle: Handle): RangeOwner | undefined {
    return this.owners[this.suballocator.indexOf(handle)];
  }

  /** The owners of live ranges. */
  liveOwners(): RangeOwner[] {
    return this.owners.filter((owner) => owner !== undefined);
  }
}
