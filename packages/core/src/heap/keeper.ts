/**
 * Keeper: what a heap does for its allocations. Knows which are its own and keeps their counts.
 *
 * Promise  a dead or foreign allocation is refused before anything is touched; a call that fails leaves its
 *          allocation where it was, with its bytes.
 */
import type { WriteData } from '../base/bytes.ts';
import { checkText, show } from '../base/check.ts';
import { BackendError, UsageError } from '../base/errors.ts';
import { roundUp } from '../base/quantities.ts';
import type { Chunk } from '../memory/chunk.ts';
import type { Memory } from '../memory/memory.ts';
import type { Pool } from '../memory/pool.ts';
import { NO_SPACE } from '../ranges/suballocator.ts';
import type { AllocationCounts } from '../telemetry/heap-statistics.ts';
import type { AllocationReport } from '../telemetry/report.ts';
import { Allocation, type AllocationKeeper } from './allocation.ts';
import { AllocationBytes } from './allocation-bytes.ts';
import type { AllocationFacts } from './allocation-state.ts';
import { layOut } from './block.ts';
import { allocationOf, type Books, type OwnerRecord } from './books.ts';
import { Evictions } from './evictions.ts';
import type { Guards } from './guards.ts';
import { makeHostBytes } from './host-bytes.ts';
import { checkWhole, chunksOf, Mover, useOnFirst } from './mover.ts';
import type { CheckedRequest } from './request.ts';
import { Resizer } from './resizer.ts';
import type { Transfers } from './transfers.ts';

export class Keeper<Buffer> implements AllocationKeeper<Buffer> {
  readonly counts: AllocationCounts = {
    requestedBytes: 0,
    allocationCount: 0,
    peakRequestedBytes: 0,
    peakAllocationCount: 0,
  };
  readonly mover: Mover<Buffer>;
  readonly resizer: Resizer<Buffer>;
  readonly evictions: Evictions<Buffer>;
  readonly bytes: AllocationBytes<Buffer>;
  private readonly memory: Memory<Buffer>;
  private readonly transfers: Transfers<Buffer>;
  private readonly books: Books<Buffer>;
  private readonly guards: Guards<Buffer>;
  /** Those that the next `endFrame` frees. */
  private frameAllocations: Allocation<Buffer>[] = [];

  /** `checkUsable` throws when the heap is no more. */
  constructor(
    memory: Memory<Buffer>,
    transfers: Transfers<Buffer>,
    books: Books<Buffer>,
    guards: Guards<Buffer>,
    checkUsable: () => void,
  ) {
    this.memory = memory;
    this.transfers = transfers;
    this.guards = guards;
    this.books = books;
    this.mover = new Mover(memory, transfers, guards, this);
    this.evictions = new Evictions(memory, this, books, guards);
    const checkDevice = () => this.checkDevice();
    this.bytes = new AllocationBytes(transfers, this.evictions, checkDevice);
    const checks = { checkUsable, checkDevice };
    this.resizer = new Resizer(memory, transfers, guards, this.mover, this.evictions, this, checks);
  }

  /** Boundaries that have passed. */
  get now(): number {
    return this.memory.boundaries.count;
  }

  /** One has been used, or would have been. */
  touched(allocation: Allocation<Buffer>): void {
    if (allocation.isResident) this.evictions.hitCount++;
    else this.evictions.missCount++;
  }

  /** A fresh allocation in a pool, or undefined: then `memory.ladder.explain` says why. */
  tryAllocate(pool: Pool<Buffer>, request: CheckedRequest<Buffer>): Allocation<Buffer> | undefined {
    const allocation = this.make(request);
    return this.placeNew(allocation, pool, request, chunksOf(request.apartFrom)) ? allocation : undefined;
  }

  /** Allocations side by side in one range, or undefined, as `tryAllocate`. All requests are of one kind. */
  tryAllocateBlock(
    pool: Pool<Buffer>,
    requests: readonly CheckedRequest<Buffer>[],
    label: string,
  ): Allocation<Buffer> | undefined {
    const { whole, offsets } = layOut(requests, label);
    const block = new Allocation<Buffer>(this, whole, this.memory.frame);
    block.members = requests.map((request, k) => this.make(request, block, offsets[k]));
    if (!this.placeNew(block, pool, whole, chunksOf(whole.apartFrom))) return undefined;
    for (const member of block.members) {
      member.chunk = block.chunk;
      member.handle = block.handle;
    }
    return block;
  }

  /** The object, and its host copy: what may fail on the CPU fails before anything is placed. */
  private make(
    request: CheckedRequest<Buffer>,
    block?: Allocation<Buffer>,
    offset?: number,
  ): Allocation<Buffer> {
    const made = new Allocation<Buffer>(this, request, this.memory.frame, block, offset);
    if (request.hostCopy) made.hostCopy = makeHostBytes(request.size, 'the host copy');
    return made;
  }

  private placeNew(
    allocation: Allocation<Buffer>,
    pool: Pool<Buffer>,
    request: CheckedRequest<Buffer>,
    apart: readonly Chunk<Buffer>[] | undefined,
  ): boolean {
    const { memory } = this;
    if (!request.resident) {
      noteApart(allocation, request);
      this.evictions.begin(allocation, pool);
      return true;
    }
    const bytes = this.guards.bytesFor(pool.kind.location, request.size);
    const handle = memory.place(pool, bytes, request.alignment, allocation, apart, request.dedicated);
    if (handle === NO_SPACE) return false;
    const chunk = memory.found as Chunk<Buffer>;
    if (chunksOf(request.apartFrom)?.includes(chunk)) {
      // Asked for memory, the application has moved one of them into this chunk.
      memory.cancel(chunk, handle);
      return this.placeNew(allocation, pool, request, chunksOf(request.apartFrom));
    }
    allocation.chunk = chunk;
    allocation.handle = handle;
    try {
      if (request.zeroed && chunk.servedCount > 1) {
        memory.backend.clear(chunk.buffer, chunk.suballocator.offsetOf(handle), roundUp(request.size, 4));
      }
      this.guards.arm(chunk, handle, request.size);
    } catch (error) {
      allocation.end();
      memory.cancel(chunk, handle);
      throw error;
    }
    noteApart(allocation, request);
    if (request.lifetime === 'frame') this.frameAllocations.push(allocation);
    if (request.timelines !== undefined) {
      allocation.timelines = request.timelines;
      chunk.setTimelines(handle, request.timelines);
      if (request.zeroed || this.guards.isFor(chunk)) useOnFirst(allocation);
    }
    this.begin(allocation, chunk);
    return true;
  }

  private begin(allocation: Allocation<Buffer>, chunk: Chunk<Buffer>): void {
    const { handle } = allocation;
    this.count(allocation.size, 1);
    if (allocation.rank > 0) this.evictions.rankedCount++;
    const owner = this.books.begin(allocation, chunk, chunk.suballocator.sizeOf(handle));
    if (owner !== allocation) chunk.setOwner(handle, owner);
    this.books.tellBegin(allocation, chunk);
  }

  /** An allocation over a whole buffer that the caller made. @throws UsageError as `adoptBuffer` does */
  adopt(pool: Pool<Buffer>, buffer: Buffer, usage: number, facts: AllocationFacts): Allocation<Buffer> {
    const allocation = new Allocation<Buffer>(this, facts, this.memory.frame);
    const chunk = this.memory.chunks.adopt(pool, buffer, facts.size, usage);
    allocation.chunk = chunk;
    allocation.handle = this.memory.placeIn(chunk, allocation);
    this.begin(allocation, chunk);
    return allocation;
  }

  /** So many bytes of so many resident allocations more, or fewer. */
  count(bytes: number, allocations: number): void {
    const counts = this.counts;
    counts.requestedBytes += bytes;
    counts.allocationCount += allocations;
    if (counts.requestedBytes > counts.peakRequestedBytes) counts.peakRequestedBytes = counts.requestedBytes;
    if (counts.allocationCount > counts.peakAllocationCount) {
      counts.peakAllocationCount = counts.allocationCount;
    }
  }

  free(allocation: Allocation<Buffer>): void {
    allocation.checkLive();
    checkWhole(allocation, 'freed');
    const { chunk } = allocation;
    if (chunk === undefined) {
      this.evictions.free(allocation);
      return;
    }
    const report = this.end(allocation, chunk);
    this.memory.release(chunk, allocation.handle);
    this.books.tellEnd(report);
  }

  /** Gives the range of an allocation back whose object was collected. */
  freeCollected(record: OwnerRecord<Buffer>): void {
    const { chunk, handle } = record;
    if (chunk === undefined) {
      this.books.forget(record, 0);
      this.evictions.forget(record, record.size, record.rank);
      return;
    }
    // A rebuild may have dropped the chunk before anybody was told.
    if (!(chunk.pool as Pool<Buffer>).chunks.includes(chunk)) return;
    this.forgetCollected(record);
    record.handle = NO_SPACE;
    this.memory.release(chunk, handle);
  }

  /** An allocation whose object was collected is counted no more, nor told of. */
  forgetCollected(record: OwnerRecord<Buffer>): void {
    const { handle, size, rank } = record;
    this.books.forget(record, (record.chunk as Chunk<Buffer>).suballocator.sizeOf(handle));
    this.count(-size, -1);
    if (rank > 0) this.evictions.rankedCount--;
  }

  /** Ends an allocation that nothing has used yet: its range is free at once. */
  cancel(allocation: Allocation<Buffer>): void {
    const { chunk } = allocation;
    if (chunk === undefined) {
      this.evictions.free(allocation);
      return;
    }
    const report = this.end(allocation, chunk);
    this.memory.cancel(chunk, allocation.handle);
    this.books.tellEnd(report);
  }

  /** Writes the guard of a live allocation again. */
  rearm(allocation: Allocation<Buffer>): void {
    this.guards.arm(allocation.home(), allocation.handle, allocation.size);
  }

  /** It is dead, and counted no more. */
  forget(allocation: Allocation<Buffer>, chunk: Chunk<Buffer>): void {
    this.books.tellEnd(this.end(allocation, chunk));
  }

  /** As `forget`, but answers what is to be told when its range has ended too. */
  private end(allocation: Allocation<Buffer>, chunk: Chunk<Buffer>): AllocationReport | undefined {
    const report = this.books.end(allocation, chunk, chunk.suballocator.sizeOf(allocation.handle));
    allocation.end();
    this.count(-allocation.size, -1);
    if (allocation.rank > 0) this.evictions.rankedCount--;
    return report;
  }

  /** Frees what lived for this frame. O(such allocations). */
  endFrame(): void {
    const { frameAllocations } = this;
    if (frameAllocations.length === 0) return;
    // What a logger makes meanwhile is for the next frame.
    this.frameAllocations = [];
    for (const allocation of frameAllocations) if (allocation.isLive) this.free(allocation);
  }

  rename(allocation: Allocation<Buffer>, label: string): void {
    const chunk = allocation.isResident ? allocation.home() : undefined;
    allocation.checkLive();
    checkText(label, 'label');
    if (allocation.block === undefined) {
      this.books.renamed(allocation, label, chunk?.suballocator.sizeOf(allocation.handle) ?? 0);
    }
    allocation.setLabel(label);
  }

  resize(allocation: Allocation<Buffer>, size: number): void {
    this.resizer.resize(allocation, size);
  }

  resizeAsync(allocation: Allocation<Buffer>, size: number, isWanted: () => boolean): Promise<void> {
    return this.resizer.resizeAsync(allocation, size, isWanted);
  }

  /** It was `size` bytes long, in `used` reserved ones, and is another size now. */
  noteSize(allocation: Allocation<Buffer>, size: number, used: number): void {
    const chunk = allocation.chunk as Chunk<Buffer>;
    this.count(allocation.size - size, 0);
    const usedNow = chunk.suballocator.sizeOf(allocation.handle);
    this.books.resized(allocation, allocation.size - size, usedNow - used);
  }

  write(allocation: Allocation<Buffer>, data: WriteData, at: number): void {
    this.bytes.write(allocation, data, at);
  }

  read(allocation: Allocation<Buffer>, at: number, size: number): Promise<Uint8Array> {
    return this.bytes.read({ allocation, at, size });
  }

  /** Every allocation is dead from now on. O(chunks + allocations). */
  dispose(): void {
    this.transfers.dispose();
    this.books.dispose();
    this.evictions.dispose();
    for (const pool of this.memory.pools) {
      for (const chunk of pool.chunks) {
        for (const owner of chunk.liveOwners()) allocationOf(owner)?.end();
      }
    }
    this.frameAllocations = [];
    this.counts.requestedBytes = 0;
    this.counts.allocationCount = 0;
  }

  /** @throws UsageError `foreign-object` unless it is an allocation of this heap */
  own(allocation: unknown, name: string): Allocation<Buffer> {
    if (allocation instanceof Allocation && allocation.belongsTo(this)) return allocation;
    throw new UsageError(
      'foreign-object',
      `${name} is ${allocation instanceof Allocation ? 'an allocation of another heap' : show(allocation)}; pass an allocation of this heap`,
    );
  }

  /** @throws BackendError `device-lost` */
  checkDevice(): void {
    if (!this.memory.backend.isLost) return;
    throw new BackendError('device-lost', 'the device is lost; rebuild this heap on another device');
  }
}

/** What `request` shall be apart from knows of it, and it of them. */
function noteApart<Buffer>(one: Allocation<Buffer>, request: CheckedRequest<Buffer>): void {
  for (const other of request.apartFrom) if (other.isLive) keepApart(one, other.block ?? other);
}

function keepApart<Buffer>(one: Allocation<Buffer>, other: Allocation<Buffer>): void {
  one.apart = (one.apart ?? new Set()).add(other);
  other.apart = (other.apart ?? new Set()).add(one);
}
