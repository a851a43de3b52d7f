/**
 * Resizer: gives allocations another length, where they are or elsewhere.
 *
 *   resize        in place, or into whatever memory there is: new memory may be refused later, and the bytes
 *                 with it
 *   resizeAsync   in place, or into memory that the device has granted: the bytes leave the old one then
 *
 * Promise  a call that fails, now or later, leaves the allocation as it was.
 * Refusal  resizes no block and no member of one, and moves nothing that is pinned. Holds nothing where it is
 *          while it waits: what is moved, resized or evicted meanwhile is another try.
 */
import { checkInteger } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';
import { roundUp } from '../base/quantities.ts';
import type { Chunk, Place } from '../memory/chunk.ts';
import { type Wanted, wantedIn } from '../memory/evictor.ts';
import type { Memory } from '../memory/memory.ts';
import type { Pool } from '../memory/pool.ts';
import { NO_SPACE } from '../ranges/suballocator.ts';
import { allocateWaiting } from './allocate-async.ts';
import type { Allocation } from './allocation.ts';
import type { Evictions } from './evictions.ts';
import type { Guards } from './guards.ts';
import { checkMovable, checkWhole, type Mover, noteWrite, type SizeCounter, spotOf } from './mover.ts';
import type { Transfers } from './transfers.ts';

/** What may be in the way of every call. */
interface Checks {
  /** Throws when the heap is no more. */
  readonly checkUsable: () => void;
  /** Throws when the device is lost. */
  readonly checkDevice: () => void;
}

/** Where the host copy of an allocation goes, if it has one. */
interface Room {
  readonly hostCopy: Uint8Array | undefined;
}

export class Resizer<Buffer> {
  private readonly memory: Memory<Buffer>;
  private readonly transfers: Transfers<Buffer>;
  private readonly guards: Guards<Buffer>;
  private readonly mover: Mover<Buffer>;
  private readonly evictions: Evictions<Buffer>;
  private readonly counter: SizeCounter<Buffer>;
  private readonly checks: Checks;

  constructor(
    memory: Memory<Buffer>,
    transfers: Transfers<Buffer>,
    guards: Guards<Buffer>,
    mover: Mover<Buffer>,
    evictions: Evictions<Buffer>,
    counter: SizeCounter<Buffer>,
    checks: Checks,
  ) {
    this.memory = memory;
    this.transfers = transfers;
    this.guards = guards;
    this.mover = mover;
    this.evictions = evictions;
    this.counter = counter;
    this.checks = checks;
  }

  /** As `Allocation.resize`. */
  resize(allocation: Allocation<Buffer>, size: number): void {
    this.check(allocation, size);
    const room = this.resizeThere(allocation, size);
    if (room === undefined) return;
    const { pool } = allocation.home();
    this.mover.move(allocation, pool as Pool<Buffer>, size, [], room.hostCopy);
  }

  /** As `Allocation.resizeAsync`, as long as it is wanted. */
  async resizeAsync(allocation: Allocation<Buffer>, size: number, isWanted: () => boolean): Promise<void> {
    while (isWanted()) {
      this.check(allocation, size);
      if (this.resizeThere(allocation, size) === undefined) return;
      checkMovable(allocation.home(), allocation);
      const place = await this.granted(
        () => this.placeFor(allocation, size),
        () => this.memory.evictor?.makeRoomLater(this.wantedFor(allocation, size)),
      );
      const scratch = await this.scratchFor(allocation, place);
      try {
        if (this.moveTo(allocation, size, place, scratch, isWanted)) return;
      } finally {
        if (scratch !== undefined) this.giveBack(scratch, true);
      }
    }
  }

  /** @throws UsageError `dead-allocation`, `bad-size`, `part-of-block` · BackendError `device-lost` */
  private check(allocation: Allocation<Buffer>, size: number): void {
    allocation.checkLive();
    checkInteger(size, 'size', 1, Number.MAX_SAFE_INTEGER, 'bad-size');
    checkWhole(allocation, 'resized');
    if (allocation.members !== undefined) {
      throw new UsageError('part-of-block', 'a block has the size of its members; allocate another');
    }
    this.checks.checkDevice();
  }

  /** Where it is, if that is possible; else answers what it takes with it elsewhere. */
  private resizeThere(allocation: Allocation<Buffer>, size: number): Room | undefined {
    const before = allocation.size;
    if (allocation.evicted !== undefined) {
      if (size !== before) this.evictions.resize(allocation, size);
      return undefined;
    }
    const chunk = allocation.home();
    if (size === before) return undefined;
    const used = chunk.suballocator.sizeOf(allocation.handle);
    const hostCopy = allocation.makeHostCopy(size);
    if (!this.resizeInPlace(chunk, allocation, size)) return { hostCopy };
    allocation.setSize(size, hostCopy);
    this.counter.noteSize(allocation, before, used);
    noteWrite(allocation);
    return undefined;
  }

  /** Fits its range and its guard; whether that was possible. Nothing has changed when it throws. */
  private resizeInPlace(chunk: Chunk<Buffer>, allocation: Allocation<Buffer>, size: number): boolean {
    const { kind } = chunk.pool;
    const { handle } = allocation;
    const bytes = this.guards.isFor(chunk) ? this.guards.bytesFor(kind.location, size) : size;
    const isWhole = chunk.dedicated || kind.placement !== 'shared';
    // Of a whole buffer, one of up to twice the bytes will do.
    if (isWhole && (bytes > chunk.sizeBytes || (!chunk.adopted && bytes <= chunk.sizeBytes / 2)))
      return false;
    if (!isWhole && bytes >= kind.dedicatedBytes) return false;
    if (isWhole || size < allocation.size) {
      // While the range is as long as it was: what may fail comes first.
      this.guards.arm(chunk, handle, size);
      return isWhole || this.memory.resizeInPlace(chunk, handle, bytes);
    }
    return this.growInPlace(chunk, allocation, size, bytes);
  }

  private growInPlace(
    chunk: Chunk<Buffer>,
    allocation: Allocation<Buffer>,
    size: number,
    bytes: number,
  ): boolean {
    const { handle } = allocation;
    const used = chunk.suballocator.sizeOf(handle);
    if (!this.memory.resizeInPlace(chunk, handle, bytes)) return false;
    try {
      this.guards.arm(chunk, handle, size);
    } catch (error) {
      this.memory.resizeInPlace(chunk, handle, used);
      // Some kinds can not part a range again.
      this.counter.noteSize(allocation, allocation.size, used);
      throw error;
    }
    return true;
  }

  /** Within a chunk: what goes by way of new scratch could be lost with it. */
  private async scratchFor(
    allocation: Allocation<Buffer>,
    place: Place<Buffer>,
  ): Promise<Place<Buffer> | undefined> {
    if (place.chunk !== allocation.chunk) return undefined;
    const bytes = roundUp(allocation.size, 4);
    try {
      return await this.granted(() => this.transfers.takeScratch(bytes));
    } catch (error) {
      this.giveBack(place, false);
      throw error;
    }
  }

  /** Moves it to where room was made; whether that is where it may go still, else another try is due. */
  private moveTo(
    allocation: Allocation<Buffer>,
    size: number,
    place: Place<Buffer>,
    scratch: Place<Buffer> | undefined,
    isWanted: () => boolean,
  ): boolean {
    let room: Room | undefined;
    try {
      if (isWanted() && this.mayGo(allocation, size, place, scratch)) {
        room = this.resizeThere(allocation, size);
      }
      if (room !== undefined) checkMovable(allocation.home(), allocation);
    } catch (error) {
      this.giveBack(place, false);
      throw error;
    }
    if (room === undefined) {
      this.giveBack(place, false);
      return false;
    }
    place.chunk.setOwner(place.handle, allocation.record ?? allocation);
    this.mover.moveTo(allocation, place, spotOf(allocation), size, room.hostCopy, scratch);
    return true;
  }

  private mayGo(
    allocation: Allocation<Buffer>,
    size: number,
    { chunk }: Place<Buffer>,
    scratch: Place<Buffer> | undefined,
  ): boolean {
    this.check(allocation, size);
    // Evicted, it needs none; and others that it shares no buffer with may have come there.
    if (allocation.chunk === undefined || this.evictions.apartFrom(allocation).includes(chunk)) return false;
    const scratchBytes = scratch?.chunk.suballocator.sizeOf(scratch.handle) ?? 0;
    return chunk !== allocation.chunk || allocation.size <= scratchBytes;
  }

  /** A place in memory that the device has granted; as `allocateAsync`. */
  private granted(
    take: () => Place<Buffer>,
    makeRoomLater: () => Promise<boolean> | undefined = () => undefined,
  ): Promise<Place<Buffer>> {
    return allocateWaiting(
      this.memory,
      () => ({ ...take(), isLive: true }),
      makeRoomLater,
      (place) => this.giveBack(place, false),
      this.checks.checkUsable,
    );
  }

  /** `isUsed`: the GPU may still read it. */
  private giveBack({ chunk, handle }: Place<Buffer>, isUsed: boolean): void {
    const { memory } = this;
    // The heap may have been disposed of meanwhile, with all that was in it.
    if (!memory.pools.includes(chunk.pool as Pool<Buffer>)) return;
    if (isUsed) memory.release(chunk, handle);
    else memory.cancel(chunk, handle);
  }

  /** @throws UsageError `dead-allocation`, `not-resident`, `too-large` · OutOfMemoryError · BackendError */
  private wantedFor(allocation: Allocation<Buffer>, size: number): Wanted<Buffer> {
    const { pool, bytes, apart } = this.needOf(allocation, size);
    return wantedIn(pool, bytes, allocation.alignment, allocation.dedicated, apart);
  }

  private placeFor(allocation: Allocation<Buffer>, size: number): Place<Buffer> {
    const { memory } = this;
    const { alignment, dedicated, label } = allocation;
    const { pool, bytes, apart } = this.needOf(allocation, size);
    // Whatever makes room for it, it stays.
    allocation.busyAt = memory.boundaries.count;
    const handle = memory.place(pool, bytes, alignment, { label }, apart, dedicated);
    if (handle === NO_SPACE) throw memory.ladder.explain(pool, bytes);
    return { chunk: memory.found as Chunk<Buffer>, handle };
  }

  /** Where it may go when it is `size` bytes long, and what it takes there. */
  private needOf(
    allocation: Allocation<Buffer>,
    size: number,
  ): { readonly pool: Pool<Buffer>; readonly bytes: number; readonly apart: readonly Chunk<Buffer>[] } {
    const pool = allocation.home().pool as Pool<Buffer>;
    const bytes = this.guards.bytesFor(pool.kind.location, size);
    return { pool, bytes, apart: this.evictions.apartFrom(allocation) };
  }
}
