/**
 * Placer: the ways to ask a heap for memory, one and many, now and later.
 *
 * Promise  requests are checked before anything is placed; what fails leaves nothing behind.
 */
import { checkText, show } from '../base/check.ts';
import { OutOfMemoryError, UsageError } from '../base/errors.ts';
import { type Wanted, wantedIn } from '../memory/evictor.ts';
import type { Memory } from '../memory/memory.ts';
import { warm } from '../memory/warming.ts';
import { allocateWaiting } from './allocate-async.ts';
import type { Allocation } from './allocation.ts';
import type { Guards } from './guards.ts';
import type { HeapPools } from './heap-pools.ts';
import type { HeapResidency } from './heap-residency.ts';
import type { Keeper } from './keeper.ts';
import { chunksOf } from './mover.ts';
import { type AllocationRequest, type CheckedRequest, checkRequest } from './request.ts';
import { largestIn } from './room.ts';

/** See the head of the file; every method throws what `GpuHeap`'s of the same name does. */
export class Placer<Buffer> {
  private readonly memory: Memory<Buffer>;
  private readonly pools: HeapPools<Buffer>;
  private readonly keeper: Keeper<Buffer>;
  private readonly guards: Guards<Buffer>;
  private readonly residency: HeapResidency<Buffer>;
  private readonly checkUsable: () => void;

  /** `checkUsable` throws when the heap is no more. */
  constructor(
    memory: Memory<Buffer>,
    pools: HeapPools<Buffer>,
    keeper: Keeper<Buffer>,
    guards: Guards<Buffer>,
    residency: HeapResidency<Buffer>,
    checkUsable: () => void,
  ) {
    this.residency = residency;
    this.memory = memory;
    this.pools = pools;
    this.keeper = keeper;
    this.guards = guards;
    this.checkUsable = checkUsable;
  }

  allocate(request: AllocationRequest<Buffer>): Allocation<Buffer> {
    return this.place(this.check(request));
  }

  tryAllocate(request: AllocationRequest<Buffer>): Allocation<Buffer> | undefined {
    try {
      const checked = this.check(request);
      return this.keeper.tryAllocate(this.pools.poolFor(checked), checked);
    } catch (error) {
      // Also of what it shall be apart from, and what the application met with when it was asked for memory.
      if (error instanceof OutOfMemoryError) return undefined;
      throw error;
    }
  }

  allocateAsync(request: AllocationRequest<Buffer>): Promise<Allocation<Buffer>> {
    return allocateWaiting(
      this.memory,
      () => this.allocate(request),
      () => this.makeRoomLater(request),
      (allocation) => this.keeper.cancel(allocation),
      this.checkUsable,
    );
  }

  private makeRoomLater(request: AllocationRequest<Buffer>): Promise<boolean> | undefined {
    return this.residency.engine.makeRoomLater(this.wantedOf(this.check(request)));
  }

  private wantedOf(request: CheckedRequest<Buffer>): Wanted<Buffer> {
    const pool = this.pools.poolFor(request);
    const size = this.guards.bytesFor(pool.kind.location, request.size);
    const apart = chunksOf(request.apartFrom) ?? [];
    return wantedIn(pool, size, request.alignment, request.dedicated, apart);
  }

  allocateMany(requests: readonly AllocationRequest<Buffer>[]): Allocation<Buffer>[] {
    const checked = this.checkAll(requests);
    const { chunks } = this.memory;
    const firstChunk = chunks.nextId;
    const made: Allocation<Buffer>[] = [];
    try {
      for (const request of checked) made.push(this.place(request));
      // Asked for memory, the application may have ended the frame for which some were made.
      for (const [k, request] of checked.entries()) if (!made[k]?.isLive) made[k] = this.place(request);
      const dead = checked[made.findIndex(({ isLive }) => !isLive)];
      // They can not all live in one frame: each ends that of another.
      if (dead !== undefined) throw this.memory.ladder.explain(this.pools.poolFor(dead), dead.size);
    } catch (error) {
      for (const allocation of made.reverse()) if (allocation.isLive) this.keeper.cancel(allocation);
      chunks.undoGrowth(firstChunk);
      throw error;
    }
    return made;
  }

  allocateBlock(requests: readonly AllocationRequest<Buffer>[], label: string): Allocation<Buffer> {
    const checked = this.checkAll(requests);
    checkText(label, 'label');
    const first = checked[0];
    if (first === undefined) {
      throw new UsageError('bad-argument', 'requests is empty; pass one request for each member');
    }
    for (const request of checked) checkAlike(first, request);
    const pool = this.pools.poolFor(first);
    const block = this.keeper.tryAllocateBlock(pool, checked, label);
    if (block !== undefined) return block;
    throw this.memory.ladder.explain(
      pool,
      checked.reduce((bytes, { size }) => bytes + size, 0),
    );
  }

  largestAllocatable(request: AllocationRequest<Buffer>): number {
    const checked = this.check(request);
    const pool = this.pools.poolFor(checked);
    this.memory.reclaim();
    return this.guards.sizeIn(pool.kind.location, largestIn(this.memory.ladder, pool, checked));
  }

  canAllocate(request: AllocationRequest<Buffer>): boolean {
    const checked = this.check(request);
    if (!checked.resident || checked.size <= this.largestAllocatable(request)) return true;
    return this.residency.engine.mayMakeRoomNow(this.wantedOf(checked));
  }

  async warm(request: AllocationRequest<Buffer>): Promise<void> {
    const checked = this.check(request);
    const pool = this.pools.poolFor(checked);
    const made = warm(this.memory, pool, checked.size);
    if (made === undefined) throw this.memory.ladder.explain(pool, checked.size);
    await this.memory.endings.until(Promise.all(made.map(({ settled }) => settled)));
    this.checkUsable();
    for (const { refusal } of made) if (refusal !== undefined) throw refusal;
    const { backend } = this.memory;
    if (made.length > 0) await this.memory.endings.until(backend.whenCompleted(backend.signal()));
  }

  private place(request: CheckedRequest<Buffer>): Allocation<Buffer> {
    const pool = this.pools.poolFor(request);
    const allocation = this.keeper.tryAllocate(pool, request);
    if (allocation === undefined) throw this.memory.ladder.explain(pool, request.size);
    return allocation;
  }

  private check(request: AllocationRequest<Buffer>): CheckedRequest<Buffer> {
    this.checkUsable();
    this.keeper.checkDevice();
    const { limits, timelineCount } = this.memory.backend;
    const checked = checkRequest(request, limits, timelineCount);
    for (const other of checked.apartFrom) {
      const { evicted } = this.keeper.own(other, 'apartFrom');
      if (evicted === undefined) other.home();
    }
    if (checked.priority !== undefined) this.residency.prepare();
    return checked;
  }

  private checkAll(requests: readonly AllocationRequest<Buffer>[]): CheckedRequest<Buffer>[] {
    if (Array.isArray(requests)) return requests.map((request) => this.check(request));
    throw new UsageError('bad-argument', `requests is ${show(requests)}; pass an array of requests`);
  }
}

function checkAlike<Buffer>(first: CheckedRequest<Buffer>, other: CheckedRequest<Buffer>): void {
  for (const name of ['access', 'location', 'lifetime', 'pool', 'priority', 'resident'] as const) {
    if (first[name] === other[name]) continue;
    throw new UsageError(
      'bad-argument',
      `the members of a block differ in ${name}: ${show(first[name])} and ${show(other[name])}; make them alike`,
    );
  }
}
