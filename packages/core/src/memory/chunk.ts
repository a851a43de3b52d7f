/**
 * Chunk: one backend buffer and one suballocator over it.
 *
 * Promise  live and pending ranges tile the chunk with the free ones; the owner of every live range is known.
 *          A range that an open recording has marked is not given back before the recording ends.
 * Refusal  knows no budget; a chunk that the device refused afterwards serves nothing any more.
 */
import { type BackendError, InvariantError, type OutOfMemoryError } from '../base/errors.ts';
import type { Handle } from '../base/quantities.ts';
import { NO_SPACE, type Suballocator, type SuballocatorStatistics } from '../ranges/suballocator.ts';
import type { PoolKind } from './pool-kind.ts';

/** What a chunk remembers of the owner of a range: shown in snapshots. */
export interface RangeOwner {
  readonly label: string;
  /** What its offset is a multiple of; absent in what is not moved. */
  readonly alignment?: number;
  /** Whether it stays where it is, by its own will; absent in what is not moved. */
  readonly isHeld?: boolean;
}

/** The pool of a chunk, as far as a chunk and its ranges need it. */
export interface ChunkPool {
  readonly kind: PoolKind;
  readonly index: number;
}

/** One that puts ranges where it is told to. */
type PlacingSuballocator = Suballocator & Required<Pick<Suballocator, 'allocateAt'>>;

/** A range of a chunk. */
export interface Place<Buffer> {
  readonly chunk: Chunk<Buffer>;
  readonly handle: Handle;
}

const UNKNOWN = -1;
/** Filled by whoever asks for figures, and read at once. */
const FIGURES = {} as SuballocatorStatistics;

export class Chunk<Buffer> {
  /** Unique within the heap, never used again. */
  readonly id: number;
  readonly pool: ChunkPool;
  /** Another one after the device was lost and the heap rebuilt. */
  buffer: Buffer;
  readonly sizeBytes: number;
  readonly suballocator: Suballocator;
  /** Whether one large allocation has it for itself. */
  readonly dedicated: boolean;
  /** Whether the buffer belongs to the caller, who destroys it. */
  readonly adopted: boolean;
  /** Whether the CPU reads it by mapping; else its bytes are copied out. */
  readsByMap: boolean;
  /** Set when the device went back on its word; the bytes of this chunk do not exist. */
  refusal: OutOfMemoryError | BackendError | undefined;
  /** Whether the device is known to have granted the buffer, so that no submission fails for its sake. */
  isGranted = false;
  /** Resolves when the device has given its word on the buffer; then look at `refusal`. */
  settled: Promise<void> = Promise.resolve();
  /** Reserved bytes of ranges that were released but not yet given back. */
  pendingBytes = 0;
  /** Live and pending ranges. */
  rangeCount = 0;
  /** Ranges given out since the chunk was made: a first range reads as zero. */
  servedCount = 0;
  /** The frame in which it became empty, and its turn among all that did; meaningless while it is not. */
  emptySinceFrame = 0;
  emptyTurn = 0;
  /** It was made ahead of its use: until this frame it is given back only when memory is short. */
  keptUntilFrame = 0;
  /** It is being emptied: nothing new goes into it. */
  isLeaving = false;
  private readonly owners: (RangeOwner | undefined)[] = [];
  /** Open recordings that use a range, by the range's index. */
  private readonly marks: number[] = [];
  private markCount = 0;
  /** On which timelines a range is used, by the range's index, where that is not the first alone. */
  private readonly timelines: (readonly number[] | undefined)[] = [];
  /** Timelines whose boundary a released range still waits for, by the range's index, where it is several. */
  private readonly waits: number[] = [];
  /** The longest free range as the suballocator tells it, in bytes; UNKNOWN since something has changed. */
  private knownRoom = UNKNOWN;
  // A request that failed here fails again until something is freed, and so does any larger or stricter one.
  private refusedSize = Number.POSITIVE_INFINITY;
  private refusedAlignment = 1;

  constructor(
    id: number,
    pool: ChunkPool,
    buffer: Buffer,
    suballocator: Suballocator,
    ownership: 'shared' | 'dedicated' | 'adopted',
  ) {
    this.id = id;
    this.pool = pool;
    this.buffer = buffer;
    this.suballocator = suballocator;
    this.sizeBytes = suballocator.capacity;
    this.dedicated = ownership !== 'shared';
    this.adopted = ownership === 'adopted';
    this.readsByMap = pool.kind.location === 'readback';
  }

  /** A range for `owner`, or NO_SPACE. */
  reserve(size: number, alignment: number, owner: RangeOwner): Handle {
    if (this.refusal !== undefined || this.isLeaving) return NO_SPACE;
    if (size >= this.refusedSize && alignment % this.refusedAlignment === 0) return NO_SPACE;
    const handle = this.suballocator.allocate(size, alignment);
    if (handle === NO_SPACE) {
      this.refusedSize = size;
      this.refusedAlignment = alignment;
      return NO_SPACE;
    }
    return this.begin(handle, owner);
  }

  /**
   * A range for `owner` at `offset`, or where the kind can not choose at any; NO_SPACE when that is not free.
   */
  reserveAt(offset: number, size: number, alignment: number, owner: RangeOwner): Handle {
    const { suballocator } = this;
    if (suballocator.allocateAt === undefined) return this.reserve(size, alignment, owner);
    if (this.refusal !== undefined || this.isLeaving) return NO_SPACE;
    const handle = suballocator.allocateAt(offset, size);
    return handle === NO_SPACE ? NO_SPACE : this.begin(handle, owner);
  }

  private begin(handle: Handle, owner: RangeOwner): Handle {
    this.knownRoom = UNKNOWN;
    this.rangeCount++;
    this.servedCount++;
    this.owners[this.suballocator.indexOf(handle)] = owner;
    return handle;
  }

  /** At least so long is the longest free range, in bytes. O(1) but after a change, then as `statistics`. */
  get roomBytes(): number {
    if (this.knownRoom === UNKNOWN) this.knownRoom = this.suballocator.statistics(FIGURES).largestFree;
    return this.knownRoom;
  }

  /** Makes a live range longer where it is; whether that was possible. */
  grow(handle: Handle, size: number): boolean {
    this.knownRoom = UNKNOWN;
    return this.suballocator.resize?.(handle, size) ?? false;
  }

  /**
   * Makes a live range shorter. What it loses is a range of its own, already released: its handle, or
   * NO_SPACE where the kind can not part a range, which then stays as it is.
   */
  cut(handle: Handle, size: number): Handle {
    const { suballocator } = this;
    if (suballocator.resize === undefined || suballocator.allocateAt === undefined) return NO_SPACE;
    this.knownRoom = UNKNOWN;
    const before = suballocator.sizeOf(handle);
    if (!suballocator.resize(handle, size)) return NO_SPACE;
    const after = suballocator.sizeOf(handle);
    if (after === before) return NO_SPACE;
    const tail = suballocator.allocateAt(suballocator.offsetOf(handle) + after, before - after);
    if (tail === NO_SPACE || suballocator.sizeOf(tail) !== before - after) {
      if (tail !== NO_SPACE) suballocator.free(tail);
      suballocator.resize(handle, before);
      return NO_SPACE;
    }
    this.rangeCount++;
    this.pendingBytes += before - after;
    this.owners[suballocator.indexOf(tail)] = undefined;
    const timelines = this.timelinesOf(handle);
    if (timelines !== undefined) this.setTimelines(tail, timelines);
    return tail;
  }

  /** Whether a live range can go where a plan wants it in the chunk: else no `slide`, `retire` and `hold`. */
  get canSlide(): boolean {
    const { allocateAt, exactSizes } = this.suballocator.capabilities;
    return allocateAt && exactSizes;
  }

  /** A live range goes to `offset`, where nothing is in its way but itself. Answers its new handle. */
  slide(handle: Handle, offset: number): Handle {
    const { suballocator, owners } = this;
    const size = suballocator.sizeOf(handle);
    const index = suballocator.indexOf(handle);
    const owner = owners[index];
    owners[index] = undefined;
    suballocator.free(handle);
    return this.takeFree(offset, size, owner);
  }

  /** Free bytes are a range that has been released: they stay reserved until `giveBack`. */
  retire(offset: number, size: number): Handle {
    this.rangeCount++;
    this.pendingBytes += size;
    return this.takeFree(offset, size, undefined);
  }

  /** Takes bytes that nobody else gets until the suballocator frees them; NO_SPACE unless all are free. */
  hold(offset: number, size: number): Handle {
    return (this.suballocator as PlacingSuballocator).allocateAt(offset, size);
  }

  private takeFree(offset: number, size: number, owner: RangeOwner | undefined): Handle {
    const handle = this.hold(offset, size);
    if (handle === NO_SPACE) {
      throw new InvariantError(`${size} bytes at ${offset} of chunk ${this.id} were free, and are not`);
    }
    this.owners[this.suballocator.indexOf(handle)] = owner;
    this.knownRoom = UNKNOWN;
    this.refusedSize = Number.POSITIVE_INFINITY;
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
    if (this.timelines.length > 0) this.timelines[this.suballocator.indexOf(handle)] = undefined;
    this.suballocator.free(handle);
    this.knownRoom = UNKNOWN;
    this.pendingBytes -= bytes;
    this.rangeCount--;
    this.refusedSize = Number.POSITIVE_INFINITY;
    return bytes;
  }

  /** An open recording uses the range. */
  mark(handle: Handle): void {
    const index = this.suballocator.indexOf(handle);
    this.marks[index] = (this.marks[index] ?? 0) + 1;
    this.markCount++;
  }

  /** Such a recording has ended. Whether it was the last, and the range has been released meanwhile. */
  unmark(handle: Handle): boolean {
    const index = this.suballocator.indexOf(handle);
    const left = (this.marks[index] as number) - 1;
    this.marks[index] = left;
    this.markCount--;
    return left === 0 && this.owners[index] === undefined;
  }

  /** Whether open recordings use any of it. */
  get hasMarks(): boolean {
    return this.markCount > 0;
  }

  /** Whether an open recording uses the range. */
  isMarked(handle: Handle): boolean {
    return this.markCount > 0 && (this.marks[this.suballocator.indexOf(handle)] ?? 0) > 0;
  }

  /** The range is used on these timelines, and not only on the first. */
  setTimelines(handle: Handle, timelines: readonly number[]): void {
    this.timelines[this.suballocator.indexOf(handle)] = timelines;
  }

  /** On which timelines a range is used; undefined for the first alone. */
  timelinesOf(handle: Handle): readonly number[] | undefined {
    return this.timelines.length === 0 ? undefined : this.timelines[this.suballocator.indexOf(handle)];
  }

  /** A released range waits for so many timelines. */
  setWaits(handle: Handle, count: number): void {
    this.waits[this.suballocator.indexOf(handle)] = count;
  }

  /** One of the timelines has come so far; whether it was the last that the range waited for. */
  endWait(handle: Handle): boolean {
    if (this.waits.length === 0) return true;
    const index = this.suballocator.indexOf(handle);
    const left = (this.waits[index] ?? 1) - 1;
    this.waits[index] = left === 0 ? 1 : left;
    return left === 0;
  }

  /** Every open recording is void. Answers the ranges that were released and waited for one alone. */
  endMarks(): Handle[] {
    const { suballocator } = this;
    const left: Handle[] = [];
    if (this.markCount === 0) return left;
    for (const { handle } of suballocator.ranges()) {
      if (handle !== NO_SPACE && this.isMarked(handle) && this.ownerOf(handle) === undefined)
        left.push(handle);
    }
    this.marks.length = 0;
    this.markCount = 0;
    return left;
  }

  /** `owner` stands for the owner of a live range from now on. */
  setOwner(handle: Handle, owner: RangeOwner): void {
    this.owners[this.suballocator.indexOf(handle)] = owner;
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
