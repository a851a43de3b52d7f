/**
 * Evictions: allocations on their way out of the GPU's memory and back, and what is done to them in between.
 *
 * Cost     each O(1) beside the bytes.
 * Promise  an evicted allocation has its bytes on the CPU, or somebody who gives them again; what is written
 *          to it meanwhile is a part of them. Until a restore has been done by the GPU its copy is kept, so
 *          that a device that is lost takes nothing along.
 * Refusal  decides nothing: who goes and when is `movement/residency/residency.ts`.
 */
import { show } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';
import type { Handle } from '../base/quantities.ts';
import type { Chunk, RangeOwner } from '../memory/chunk.ts';
import type { Memory } from '../memory/memory.ts';
import type { Pool } from '../memory/pool.ts';
import type { ReadPiece } from '../memory/readback-ring.ts';
import type { EvictionReason, Residents } from '../movement/residency/resident.ts';
import type { Allocation } from './allocation.ts';
import { allocationOf, type Books, type OwnerRecord } from './books.ts';
import { EvictedBytes } from './evicted-bytes.ts';
import type { Guards } from './guards.ts';
import { chunksOf } from './mover.ts';

/** Bytes of a live allocation, checked. */
export interface ReadSpan<Buffer> {
  readonly allocation: Allocation<Buffer>;
  readonly at: number;
  readonly size: number;
}

/** Who stands for an allocation that is evicted. */
export type EvictedOwner<Buffer> = Allocation<Buffer> | OwnerRecord<Buffer>;

/** Who writes to allocations. */
export interface AllocationWriter<Buffer> {
  write(allocation: Allocation<Buffer>, bytes: Uint8Array): void;
}

/** Who counts the allocations. */
export interface ResidentCounter {
  /** So many bytes of so many resident allocations more, or fewer. */
  count(bytes: number, allocations: number): void;
}

export class Evictions<Buffer> implements Residents<Buffer, Allocation<Buffer>> {
  /** Whoever stands for those that are evicted. */
  readonly owners: Set<EvictedOwner<Buffer>> = new Set();
  /** Their sizes, together. */
  evictedBytes = 0;
  /** Live allocations that may be evicted by themselves. */
  rankedCount = 0;
  /** Uses that were told by `touch`, of those that were resident and of those that were not. */
  hitCount = 0;
  missCount = 0;
  /** Writes what comes back. */
  writer: AllocationWriter<Buffer> | undefined;
  private readonly memory: Memory<Buffer>;
  private readonly keeper: ResidentCounter;
  private readonly books: Books<Buffer>;
  private readonly guards: Guards<Buffer>;

  constructor(memory: Memory<Buffer>, keeper: ResidentCounter, books: Books<Buffer>, guards: Guards<Buffer>) {
    this.memory = memory;
    this.keeper = keeper;
    this.books = books;
    this.guards = guards;
  }

  /** Bytes that are held on the CPU for those that are evicted. O(evicted). */
  get hostBytes(): number {
    let bytes = 0;
    for (const owner of this.owners) bytes += allocationOf<Buffer>(owner)?.evicted?.heldBytes ?? 0;
    return bytes;
  }

  get hasRanked(): boolean {
    return this.rankedCount > 0;
  }

  residentOf(owner: RangeOwner): Allocation<Buffer> | undefined {
    const allocation = allocationOf<Buffer>(owner);
    // What other timelines use is not in order with copies on the first.
    return allocation?.timelines === undefined ? allocation : undefined;
  }

  isClean(allocation: Allocation<Buffer>): boolean {
    if (allocation.isDirty || allocation.members !== undefined) return false;
    return allocation.onRestore !== undefined || isMirrored(allocation);
  }

  apartFrom({ apart }: Allocation<Buffer>): readonly Chunk<Buffer>[] {
    return apart === undefined ? [] : (chunksOf(apart) ?? []);
  }

  ownerOf(allocation: Allocation<Buffer>): EvictedOwner<Buffer> {
    return (allocation.record as OwnerRecord<Buffer> | undefined) ?? allocation;
  }

  poolOf(allocation: Allocation<Buffer>): Pool<Buffer> {
    const { pool } = allocation.evicted as EvictedBytes<Buffer>;
    if (this.memory.pools.includes(pool)) return pool;
    throw new UsageError(
      'disposed',
      `pool ${show(pool.kind.name)} of ${show(allocation.label)} has been disposed of; free it too`,
    );
  }

  bytesOf(allocation: Allocation<Buffer>, pool: Pool<Buffer>): number {
    return this.guards.bytesFor(pool.kind.location, allocation.size);
  }

  pressedOutAt({ evicted }: Allocation<Buffer>): number | undefined {
    return evicted?.reason === 'pressure' ? evicted.since : undefined;
  }

  isLoaded(allocation: Allocation<Buffer>): boolean {
    return allocation.evicted?.bytes !== undefined;
  }

  async load(allocation: Allocation<Buffer>): Promise<void> {
    await allocation.evicted?.load(allocation.size, allocation.label, allocation.onRestore);
  }

  unload({ evicted }: Allocation<Buffer>): void {
    evicted?.unload();
  }

  pieceOf(allocation: Allocation<Buffer>, at: number, size: number): ReadPiece<Buffer> {
    const chunk = allocation.home();
    const { handle } = allocation;
    const locate = () => ({ chunk: allocation.home(), offset: allocation.offset + at });
    return { chunk, offset: allocation.offset + at, size, handle, locate };
  }

  /** A new allocation begins its life without memory. */
  begin(allocation: Allocation<Buffer>, pool: Pool<Buffer>): void {
    const bytes = allocation.onRestore === undefined ? allocation.hostCopy : undefined;
    allocation.leave(new EvictedBytes(pool, this.memory.boundaries.count, 'begun', bytes));
    this.books.begin(allocation, undefined, 0);
    this.owners.add(this.ownerOf(allocation));
    this.evictedBytes += allocation.size;
    if (allocation.rank > 0) this.rankedCount++;
    this.books.tellBegin(allocation, undefined);
  }

  evict(allocation: Allocation<Buffer>, read: Uint8Array | undefined, reason: EvictionReason): void {
    const chunk = allocation.chunk as Chunk<Buffer>;
    const { handle, size, hostCopy } = allocation;
    const used = chunk.suballocator.sizeOf(handle);
    if (read !== undefined) {
      // What it keeps a copy of is known better now.
      allocation.remember(read, 0);
      if (isMirrored(allocation)) allocation.isDirty = false;
    }
    allocation.keptBytes = undefined;
    const bytes = hostCopy ?? read;
    const pool = chunk.pool as Pool<Buffer>;
    this.books.leave(allocation, used);
    this.keeper.count(-size, -1);
    allocation.leave(new EvictedBytes(pool, this.memory.boundaries.count, reason, bytes));
    this.owners.add(this.ownerOf(allocation));
    this.evictedBytes += size;
    this.memory.cancel(chunk, handle);
  }

  settle(allocation: Allocation<Buffer>, chunk: Chunk<Buffer>, handle: Handle): void {
    const evicted = allocation.evicted as EvictedBytes<Buffer>;
    const bytes = evicted.bytes as Uint8Array;
    const { isDirty, beforeAt } = allocation;
    this.guards.arm(chunk, handle, allocation.size);
    allocation.settleIn(chunk, handle);
    try {
      this.writer?.write(allocation, bytes);
    } catch (error) {
      allocation.leave(evicted);
      throw error;
    } finally {
      // There is nothing new in it; and it was used once by that, not twice.
      allocation.isDirty = isDirty;
      allocation.beforeAt = beforeAt;
    }
    allocation.keptBytes = allocation.hostCopy === undefined ? bytes : undefined;
    this.owners.delete(this.ownerOf(allocation));
    this.evictedBytes -= allocation.size;
    this.keeper.count(allocation.size, 1);
    this.books.comeBack(allocation, chunk.suballocator.sizeOf(handle));
  }

  /** Drops the copies of what was restored, when the GPU has done it. */
  keepUntilDone(restored: readonly Allocation<Buffer>[]): void {
    const kept = restored.filter(({ keptBytes }) => keptBytes !== undefined);
    if (kept.length === 0) return;
    const copies = kept.map(({ keptBytes }) => keptBytes);
    const { backend } = this.memory;
    const drop = (): void => {
      for (const [k, allocation] of kept.entries()) {
        if (allocation.keptBytes === copies[k]) allocation.keptBytes = undefined;
      }
    };
    // Lost with the device: then they are needed.
    backend.whenCompleted(backend.signal()).then(drop, () => {});
  }

  /** An evicted allocation is freed. */
  free(allocation: Allocation<Buffer>): void {
    const report = this.books.end(allocation, undefined, 0);
    this.forget(this.ownerOf(allocation), allocation.size, allocation.rank);
    allocation.end();
    this.books.tellEnd(report);
  }

  /** One that was evicted is no more. */
  forget(owner: EvictedOwner<Buffer>, size: number, rank: number): void {
    this.owners.delete(owner);
    this.evictedBytes -= size;
    if (rank > 0) this.rankedCount--;
  }

  /** As `Allocation.write`, of one that is evicted, or a member of such a block. */
  write(allocation: Allocation<Buffer>, bytes: Uint8Array, at: number): void {
    const whole = allocation.block ?? allocation;
    (whole.evicted as EvictedBytes<Buffer>).write(bytes, allocation.delta + at, whole.size);
    allocation.remember(bytes, at);
    if (!isMirrored(whole)) whole.isDirty = true;
  }

  /** What is read of several of which some are evicted; `copied`: what is read of the others. */
  async readAmong(
    spans: readonly ReadSpan<Buffer>[],
    copied: Promise<readonly Uint8Array[]>,
  ): Promise<Uint8Array[]> {
    const held = spans.map((span) => (span.allocation.evicted === undefined ? undefined : this.read(span)));
    const [read, kept] = await Promise.all([copied, Promise.all(held)]);
    let next = 0;
    return kept.map((bytes) => bytes ?? (read[next++] as Uint8Array));
  }

  /** As `Allocation.read`, of the same. */
  private async read({ allocation, at, size }: ReadSpan<Buffer>): Promise<Uint8Array> {
    const whole = allocation.block ?? allocation;
    const evicted = whole.evicted as EvictedBytes<Buffer>;
    const from = allocation.delta + at;
    if (evicted.bytes !== undefined) return evicted.read(from, size);
    // What is loaded stays until it has been read, whoever else has had enough of it.
    whole.neededCount++;
    try {
      await this.memory.endings.until(this.load(whole));
      if (evicted.bytes === undefined) allocation.checkLive();
      return evicted.read(from, size);
    } finally {
      whole.neededCount--;
      if (whole.neededCount === 0) evicted.unload();
    }
  }

  /** As `Allocation.resize`, of one that is evicted. @throws UsageError `not-resident`, `too-large` */
  resize(allocation: Allocation<Buffer>, size: number): void {
    const evicted = allocation.evicted as EvictedBytes<Buffer>;
    if (evicted.bytes === undefined) {
      throw new UsageError(
        'not-resident',
        `${show(allocation.label)} was dropped, and its bytes are nowhere to be resized; await heap.ensureResident([it]) first`,
      );
    }
    const before = allocation.size;
    const room = allocation.makeHostCopy(size);
    // What was loaded may be more than the host copy has.
    evicted.resize(size, evicted.bytes === allocation.hostCopy ? room : undefined);
    allocation.setSize(size, room);
    allocation.isDirty ||= allocation.onRestore !== undefined;
    this.evictedBytes += size - before;
  }

  tellEvicted(allocation: Allocation<Buffer>): void {
    allocation.tell('evicted');
  }

  /** All of them have ended. */
  dispose(): void {
    for (const owner of this.owners) allocationOf<Buffer>(owner)?.end();
    this.owners.clear();
    this.evictedBytes = 0;
    this.rankedCount = 0;
  }
}

/** Whether its host copy is all that it ever holds. */
function isMirrored({ hostCopy, isGpuWritten }: Allocation<unknown>): boolean {
  return hostCopy !== undefined && !isGpuWritten;
}
