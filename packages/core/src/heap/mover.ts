/**
 * Mover: takes an allocation from one place to another, its bytes with it.
 *
 * Promise  a move that fails leaves the allocation where it was. Whatever the application does when it is
 *          asked for memory meanwhile, nobody's bytes are touched but those of the allocation.
 * Refusal  moves nothing out of a caller's buffer or a readback, nothing pinned, and no member of a block
 *          alone.
 */
import { show } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';
import { roundUp } from '../base/quantities.ts';
import type { Chunk, Place } from '../memory/chunk.ts';
import type { Memory } from '../memory/memory.ts';
import type { Pool } from '../memory/pool.ts';
import { NO_SPACE } from '../ranges/suballocator.ts';
import type { Allocation } from './allocation.ts';
import type { Guards } from './guards.ts';
import type { Transfers } from './transfers.ts';

/** Who counts the bytes of allocations. */
export interface SizeCounter<Buffer> {
  /** It was `size` bytes long, in `used` reserved ones, and is another size now. */
  noteSize(allocation: Allocation<Buffer>, size: number, used: number): void;
}

/** Where an allocation is, and how long it is there. */
export interface Spot<Buffer> extends Place<Buffer> {
  readonly size: number;
}

/** @throws UsageError `dead-allocation`, `not-resident` · OutOfMemoryError · BackendError */
export function spotOf<Buffer>(allocation: Allocation<Buffer>): Spot<Buffer> {
  return { chunk: allocation.home(), handle: allocation.handle, size: allocation.size };
}

export class Mover<Buffer> {
  private readonly memory: Memory<Buffer>;
  private readonly transfers: Transfers<Buffer>;
  private readonly guards: Guards<Buffer>;
  private readonly counter: SizeCounter<Buffer>;

  constructor(
    memory: Memory<Buffer>,
    transfers: Transfers<Buffer>,
    guards: Guards<Buffer>,
    counter: SizeCounter<Buffer>,
  ) {
    this.memory = memory;
    this.transfers = transfers;
    this.guards = guards;
    this.counter = counter;
  }

  /**
   * Moves an allocation into `pool`, away from the chunks of `apart` and of those that it is kept apart from,
   * and makes it `size` bytes long; then `room` is for its host copy. `version` grows and the hooks are
   * called.
   * @throws UsageError `not-movable`, `too-large` · OutOfMemoryError · BackendError
   */
  move(
    allocation: Allocation<Buffer>,
    pool: Pool<Buffer>,
    size: number,
    apart: readonly Chunk<Buffer>[],
    room?: Uint8Array,
  ): void {
    const spot = spotOf(allocation);
    checkMovable(spot.chunk, allocation);
    // Whatever makes room for it, it stays itself.
    allocation.busyAt = this.memory.boundaries.count;
    const handle = this.placeApart(allocation, pool, size, apart);
    this.moveTo(allocation, { chunk: this.memory.found as Chunk<Buffer>, handle }, spot, size, room);
  }

  /**
   * As `move`, from `spot` to a place that is taken for it, which is given back when it fails. Within a chunk
   * the bytes go by way of `scratch`, if it is given, which stays the caller's.
   * @throws UsageError `not-movable`, also when it is not at `spot` · OutOfMemoryError · BackendError
   */
  moveTo(
    allocation: Allocation<Buffer>,
    to: Place<Buffer>,
    spot: Spot<Buffer>,
    size: number,
    room?: Uint8Array,
    scratch?: Place<Buffer>,
  ): void {
    const { memory } = this;
    const { chunk, handle } = to;
    const bytes = roundUp(Math.min(spot.size, size), 4);
    try {
      this.guards.arm(chunk, handle, size);
      const regionOf = () => {
        checkUnmoved(allocation, spot);
        return {
          source: spot.chunk.buffer,
          sourceOffset: spot.chunk.suballocator.offsetOf(spot.handle),
          target: chunk.buffer,
          targetOffset: chunk.suballocator.offsetOf(handle),
          size: bytes,
        };
      };
      this.transfers.copy(spot.chunk, chunk, allocation, bytes, regionOf, scratch);
    } catch (error) {
      // Asked for memory, the application may have disposed of the heap, with all that was in it.
      if (memory.pools.includes(chunk.pool as Pool<Buffer>)) memory.cancel(chunk, handle);
      throw error;
    }
    const used = spot.chunk.suballocator.sizeOf(spot.handle);
    useOnFirst(allocation);
    memory.release(spot.chunk, spot.handle);
    if (allocation.timelines !== undefined) chunk.setTimelines(handle, allocation.timelines);
    allocation.settleIn(chunk, handle);
    allocation.setSize(size, room);
    this.counter.noteSize(allocation, spot.size, used);
    if (size !== spot.size) noteWrite(allocation);
    allocation.tellMoved();
  }

  /** A place for it, found in `memory.found`, in no chunk of those that it is kept apart from. */
  private placeApart(
    allocation: Allocation<Buffer>,
    pool: Pool<Buffer>,
    size: number,
    apart: readonly Chunk<Buffer>[],
  ): number {
    const { memory } = this;
    const { alignment, dedicated } = allocation;
    const owner = allocation.record ?? allocation;
    const needed = this.guards.bytesFor(pool.kind.location, size);
    const kept = chunksOf(allocation.apart ?? []) ?? [];
    const handle = memory.place(pool, needed, alignment, owner, [...apart, ...kept], dedicated);
    if (handle === NO_SPACE) throw memory.ladder.explain(pool, needed);
    const to = memory.found as Chunk<Buffer>;
    if (!chunksOf(allocation.apart ?? [])?.includes(to)) return handle;
    // Asked for memory, the application has moved one of them into this chunk.
    memory.cancel(to, handle);
    return this.placeApart(allocation, pool, size, apart);
  }

  /** Whether it may be moved: not out of a caller's buffer or a readback. */
  isMovable(allocation: Allocation<Buffer>): boolean {
    const chunk = allocation.home();
    const isLoose = allocation.block === undefined && !allocation.isHeld;
    return isLoose && !chunk.adopted && chunk.pool.kind.location !== 'readback';
  }
}

/**
 * What the heap itself does with an allocation it does on the first timeline: then its range waits for that
 * one too when it is released, whichever it was said to be used on.
 */
export function useOnFirst<Buffer>(allocation: Allocation<Buffer>): void {
  const whole = allocation.block ?? allocation;
  const { timelines, chunk } = whole;
  if (timelines === undefined || chunk === undefined || timelines.includes(0)) return;
  whole.timelines = [0, ...timelines];
  chunk.setTimelines(whole.handle, whole.timelines);
}

/** The heap has written to it: from now on it holds more than `onRestore` gives. */
export function noteWrite<Buffer>(allocation: Allocation<Buffer>): void {
  const whole = allocation.block ?? allocation;
  whole.noteUse('read');
  if (whole.hostCopy === undefined || whole.isGpuWritten) whole.isDirty = true;
}

/** The chunks of those that live, each once; undefined when there are none. O(allocations × chunks). */
export function chunksOf<Buffer>(allocations: Iterable<Allocation<Buffer>>): Chunk<Buffer>[] | undefined {
  let chunks: Chunk<Buffer>[] | undefined;
  for (const { chunk } of allocations) {
    if (chunk === undefined) continue;
    if (chunks === undefined) chunks = [chunk];
    else if (!chunks.includes(chunk)) chunks.push(chunk);
  }
  return chunks;
}

/**
 * Asked for memory, the application may do anything but move, resize or pin what is being moved.
 * @throws UsageError `dead-allocation`, `not-movable`
 */
function checkUnmoved<Buffer>(allocation: Allocation<Buffer>, { chunk, handle, size }: Spot<Buffer>): void {
  const isThere = allocation.home() === chunk && allocation.handle === handle && allocation.size === size;
  if (isThere && !allocation.isHeld) return;
  throw new UsageError(
    'not-movable',
    `${show(allocation.label)} was moved, resized or pinned by onPressure while it was being moved; leave it alone there, and try again`,
  );
}

/** @throws UsageError `not-movable`, `part-of-block` */
export function checkMovable(chunk: Chunk<unknown>, allocation: Allocation<unknown>): void {
  checkWhole(allocation, 'moved');
  if (allocation.isHeld) {
    throw new UsageError('not-movable', `${show(allocation.label)} is pinned where it is; unpin it first`);
  }
  const { location } = chunk.pool.kind;
  if (location !== 'readback' && !chunk.adopted) return;
  throw new UsageError(
    'not-movable',
    `${show(allocation.label)} ${chunk.adopted ? "lives in a caller's buffer" : 'is for readback, which no GPU copy can leave'}; free it and allocate another`,
  );
}

/** @throws UsageError `part-of-block` for a member of a block */
export function checkWhole(allocation: Allocation<unknown>, what: string): void {
  if (allocation.block === undefined) return;
  throw new UsageError(
    'part-of-block',
    `${show(allocation.label)} is a member of block ${show(allocation.block.label)} and is not ${what} alone; take the block`,
  );
}
