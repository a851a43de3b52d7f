/**
 * Allocation state: what the heap knows of an allocation, behind the part that users see.
 *
 * Cost     every member O(1), beside the members of a block and the bytes of host copies.
 * Promise  one that is live is in a chunk or evicted, never both; members of a block are where it is.
 */
import { show } from '../base/check.ts';
import { type BackendError, type OutOfMemoryError, UsageError } from '../base/errors.ts';
import type { Handle } from '../base/quantities.ts';
import type { Chunk } from '../memory/chunk.ts';
import { NO_SPACE } from '../ranges/suballocator.ts';
import type { Account } from '../telemetry/account.ts';
import type { EvictedBytes, RestoreHook } from './evicted-bytes.ts';
import { makeHostBytes } from './host-bytes.ts';

/** What the heap's books have of one allocation; undefined where there is nothing to note. */
export interface BookEntry {
  ownerAccount: Account | undefined;
  labelAccount: Account | undefined;
  scopeAccount: Account | undefined;
  /** Where it was made, when stacks are kept. */
  stack: string | undefined;
}

/** Stands for an allocation in its chunk where leaks are watched for. */
export interface StandIn<Buffer> extends BookEntry {
  label: string;
  size: number;
  /** Undefined while it is evicted. */
  chunk: Chunk<Buffer> | undefined;
  handle: Handle;
}

/** What is evicted first when memory is short. */
export type Priority = 'low' | 'normal' | 'high';

/** What of a request an allocation keeps. */
export interface AllocationFacts {
  readonly size: number;
  readonly alignment: number;
  /** Whether it has a buffer of its own wherever it is. */
  readonly dedicated: boolean;
  readonly label: string;
  readonly owner: string;
  readonly userData: unknown;
  readonly onRestore: RestoreHook | undefined;
  readonly priority: Priority | undefined;
  /** Whether what a shader or an encoder of the application writes may be in it. */
  readonly isGpuWritten: boolean;
}

/** What `Allocation.on` tells of. */
export type AllocationEvent = 'moved' | 'evicted';

const RANKS: Record<Priority, number> = { low: 1, normal: 2, high: 3 };

/** The heap's time: boundaries that have passed. */
export interface HeapClock {
  readonly now: number;
}

/** The part of an allocation that users do not see. */
export abstract class AllocationState<Buffer> {
  /** Anything that the application wants to find here again; the heap does not look at it. */
  userData: unknown;
  /** @internal Where it lives; undefined once it is freed. */
  chunk: Chunk<Buffer> | undefined;
  /** @internal */
  handle: Handle = NO_SPACE;
  /** @internal Bytes from the start of the range, for the members of a block. */
  readonly delta: number;
  /** @internal The block that it is a member of. */
  readonly block: AllocationState<Buffer> | undefined;
  /** The members of a block, in the order of their requests; undefined for what is no block. */
  members: readonly AllocationState<Buffer>[] | undefined;
  /** @internal Those that it shares no buffer with. */
  apart: Set<AllocationState<Buffer>> | undefined;
  /** @internal The timelines on which it is used; undefined for the first alone. */
  timelines: readonly number[] | undefined;
  /** @internal Gives its bytes again when the GPU has lost them, or it was evicted. */
  readonly onRestore: RestoreHook | undefined;
  /** @internal From 1 on, the lowest; 0 for what is never evicted by itself. */
  readonly rank: number;
  /** @internal */
  readonly isGpuWritten: boolean;
  /** @internal Its bytes while it is evicted. */
  evicted: EvictedBytes<Buffer> | undefined;
  /** @internal Boundaries that had passed when it was last used, and in another frame before that. */
  usedAt: number;
  /** @internal */
  beforeAt = -1;
  /** @internal As `usedAt`, counting what the heap itself does with it. */
  busyAt: number;
  /** @internal Whether it holds what neither `onRestore` nor its host copy gives. */
  isDirty = false;
  /** @internal What it was restored from, until the GPU has it. */
  keptBytes: Uint8Array | undefined;
  /** @internal Calls that need it to stay until they end. */
  neededCount = 0;
  /** @internal Bytes that it was to get are lost; told once, by whatever is asked of it next. */
  loss: OutOfMemoryError | BackendError | undefined;
  /** @internal What has been written to it, where it keeps a copy. */
  hostCopy: Uint8Array | undefined;
  /** @internal What the books have of it. */
  ownerAccount: Account | undefined;
  /** @internal */
  labelAccount: Account | undefined;
  /** @internal */
  scopeAccount: Account | undefined;
  /** @internal Where it was made. */
  stack: string | undefined;
  /** @internal Who stands for it in its chunk, where leaks are watched for. */
  record: StandIn<Buffer> | undefined;
  /** @internal */
  readonly alignment: number;
  /** @internal Whether it has a buffer of its own wherever it is. */
  readonly dedicated: boolean;
  /** @internal The frame in which it was made. */
  readonly bornFrame: number;
  protected bytes: number;
  protected name: string;
  protected moves = 0;
  protected pinCount = 0;
  protected hooks: { readonly event: AllocationEvent; readonly hook: () => void }[] | undefined;
  /** Who made it, for statistics and reports. */
  readonly owner: string;
  private readonly clock: HeapClock;

  constructor(
    clock: HeapClock,
    request: AllocationFacts,
    bornFrame: number,
    block?: AllocationState<Buffer>,
    delta = 0,
  ) {
    this.clock = clock;
    this.bytes = request.size;
    this.name = request.label;
    this.owner = request.owner;
    this.alignment = request.alignment;
    this.dedicated = request.dedicated;
    this.userData = request.userData;
    this.onRestore = request.onRestore;
    this.rank = request.priority === undefined ? 0 : RANKS[request.priority];
    this.isGpuWritten = request.isGpuWritten;
    this.usedAt = clock.now;
    this.busyAt = clock.now;
    this.bornFrame = bornFrame;
    this.block = block;
    this.delta = delta;
  }

  /** Bytes, exactly as asked for. */
  get size(): number {
    return this.bytes;
  }

  /** Shown in snapshots, reports and errors. */
  get label(): string {
    return this.name;
  }

  /** Whether it has not been freed. */
  get isLive(): boolean {
    return this.chunk !== undefined || this.evicted !== undefined;
  }

  /** Whether its bytes are on the GPU: not freed, not evicted. */
  get isResident(): boolean {
    return this.chunk !== undefined;
  }

  /** Whether it is pinned. */
  get isPinned(): boolean {
    return this.pinCount > 0;
  }

  /** @internal Whether it, or a member of it, is pinned. */
  get isHeld(): boolean {
    if (this.pinCount > 0 || this.neededCount > 0) return true;
    return this.members?.some((member) => member.isPinned) ?? false;
  }

  /** @internal Room for its host copy when it is `size` bytes long. @throws UsageError `too-large` */
  makeHostCopy(size: number): Uint8Array | undefined {
    return this.hostCopy === undefined ? undefined : makeHostBytes(size, 'the host copy');
  }

  /** @internal It is so long now; `room` is where its host copy goes. */
  setSize(size: number, room: Uint8Array | undefined): void {
    this.bytes = size;
    if (this.record !== undefined) this.record.size = size;
    if (this.keptBytes !== undefined) {
      const kept = makeHostBytes(size, 'the copy of a restore');
      kept.set(this.keptBytes.subarray(0, size));
      this.keptBytes = kept;
    }
    if (this.hostCopy === undefined || room === undefined) return;
    room.set(this.hostCopy.subarray(0, size));
    this.hostCopy = room;
  }

  /** @internal These bytes were written from `at` on: whoever keeps a copy of them has them too. */
  remember(bytes: Uint8Array, at: number): void {
    this.hostCopy?.set(bytes, at);
    (this.block ?? this).keptBytes?.set(bytes, this.delta + at);
    if (this.members === undefined) return;
    for (const { hostCopy, delta } of this.members) {
      if (hostCopy === undefined) continue;
      const from = Math.max(at, delta);
      const to = Math.min(at + bytes.byteLength, delta + hostCopy.byteLength);
      if (from < to) hostCopy.set(bytes.subarray(from - at, to - at), from - delta);
    }
  }

  /** @internal It is called so now. */
  setLabel(label: string): void {
    this.name = label;
    if (this.record !== undefined) this.record.label = label;
  }

  /** @internal It lives elsewhere now, and so do its members. Tells nobody yet: see `tellMoved`. */
  settleIn(chunk: Chunk<Buffer>, handle: Handle): void {
    this.chunk = chunk;
    this.handle = handle;
    this.evicted = undefined;
    this.busyAt = this.clock.now;
    this.moves++;
    if (this.record !== undefined) {
      this.record.chunk = chunk;
      this.record.handle = handle;
    }
    for (const member of this.members ?? []) member.settleIn(chunk, handle);
  }

  /** @internal It has left its chunk, and so have its members. Tells nobody yet. */
  leave(evicted: EvictedBytes<Buffer>): void {
    this.chunk = undefined;
    this.handle = NO_SPACE;
    this.evicted = evicted;
    if (this.record !== undefined) {
      this.record.chunk = undefined;
      this.record.handle = NO_SPACE;
    }
    for (const member of this.members ?? []) member.leave(evicted);
  }

  /** @internal This frame uses it; for a member, its block. */
  noteUse(use?: 'read' | 'written'): void {
    const whole = this.block ?? this;
    const { now } = this.clock;
    if (whole.usedAt !== now) {
      whole.beforeAt = whole.usedAt;
      whole.usedAt = now;
    }
    whole.busyAt = now;
    if (use === 'written' || (use === undefined && whole.chunk?.pool.kind.access === 'write')) {
      whole.isDirty = true;
    }
  }

  /** @internal Calls the hooks, when everything is as it should be. */
  tell(event: AllocationEvent): void {
    for (const each of this.hooks ?? []) if (each.event === event) each.hook();
    for (const member of this.members ?? []) member.tell(event);
  }

  /** @internal As `tell`. */
  tellMoved(): void {
    this.tell('moved');
  }

  /** @internal It is dead from now on, and so are its members. */
  end(): void {
    this.chunk = undefined;
    this.evicted = undefined;
    this.hooks = undefined;
    for (const member of this.members ?? []) member.end();
    if (this.apart === undefined) return;
    for (const other of this.apart) other.apart?.delete(this);
    this.apart = undefined;
  }

  /**
   * @internal The chunk of a resident allocation.
   * @throws UsageError `dead-allocation`, `not-resident` · OutOfMemoryError · BackendError
   */
  home(): Chunk<Buffer> {
    const chunk = this.chunk;
    if (chunk === undefined) {
      this.checkLive();
      throw new UsageError(
        'not-resident',
        `allocation ${show(this.name)} of ${this.bytes} bytes is evicted; await heap.ensureResident([it]) first`,
      );
    }
    if (chunk.refusal !== undefined) throw chunk.refusal;
    const { loss } = this;
    if (loss === undefined) return chunk;
    this.loss = undefined;
    throw loss;
  }

  /** @internal @throws UsageError `dead-allocation` */
  checkLive(): void {
    if (this.isLive) return;
    throw new UsageError(
      'dead-allocation',
      `allocation ${show(this.name)} of ${this.bytes} bytes has been freed; drop it when you free it`,
    );
  }
}
