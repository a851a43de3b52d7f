/// <reference lib="esnext.disposable" preserve="true" />
/**
 * Allocation: what a user holds. Names a range in a chunk; knows how to write, read, resize and free it.
 *
 * Cost     every member O(1) beside the bytes moved.
 * Promise  once freed, every member but `size`, `label`, `owner`, `version`, `userData` and `isLive` throws
 *          `dead-allocation`, and nothing it held is touched.
 * Refusal  `write` starts at a multiple of 4 and ends at one, or at the allocation's end.
 */
import type { WriteData } from '../base/bytes.ts';
import { show } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';
import { type Handle, roundUp } from '../base/quantities.ts';
import type { Chunk } from '../memory/chunk.ts';
import { NO_SPACE } from '../ranges/suballocator.ts';
import type { Account } from '../telemetry/account.ts';
import { makeHostBytes } from './host-bytes.ts';

/** What WebGPU's bind-group entries take: always with an explicit size. Sizes are padded to 4 bytes. */
export interface BufferBinding<Buffer> {
  readonly buffer: Buffer;
  readonly offset: number;
  readonly size: number;
}

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
  chunk: Chunk<Buffer>;
  handle: Handle;
}

/** What of a request an allocation keeps. */
export interface AllocationFacts {
  readonly size: number;
  readonly alignment: number;
  /** Whether it has a buffer of its own wherever it is. */
  readonly dedicated: boolean;
  readonly label: string;
  readonly owner: string;
  readonly userData: unknown;
  readonly restore: (() => WriteData | undefined) | undefined;
}

/** What an allocation needs of its heap. */
export interface AllocationKeeper<Buffer> {
  write(allocation: Allocation<Buffer>, data: WriteData, at: number): void;
  read(allocation: Allocation<Buffer>, at: number, size: number): Promise<Uint8Array>;
  resize(allocation: Allocation<Buffer>, size: number): void;
  rename(allocation: Allocation<Buffer>, label: string): void;
  free(allocation: Allocation<Buffer>): void;
}

/** What a user holds: a range of a shared buffer, or a buffer of its own, until it is freed. */
export class Allocation<Buffer> {
  /** Anything that the application wants to find here again; the heap does not look at it. */
  userData: unknown;
  /** @internal Where it lives; undefined once it is freed. */
  chunk: Chunk<Buffer> | undefined;
  /** @internal */
  handle: Handle = NO_SPACE;
  /** @internal Bytes from the start of the range, for the members of a block. */
  readonly delta: number;
  /** @internal The block that it is a member of. */
  readonly block: Allocation<Buffer> | undefined;
  /** The members of a block, in the order of their requests; undefined for what is no block. */
  members: readonly Allocation<Buffer>[] | undefined;
  /** @internal Those that it shares no buffer with. */
  apart: Set<Allocation<Buffer>> | undefined;
  /** @internal The timelines on which it is used; undefined for the first alone. */
  timelines: readonly number[] | undefined;
  /** @internal Gives its bytes again when the GPU has lost them. */
  readonly restore: (() => WriteData | undefined) | undefined;
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
  private readonly keeper: AllocationKeeper<Buffer>;
  private bytes: number;
  private name: string;
  private moves = 0;
  private pinCount = 0;
  private hooks: (() => void)[] | undefined;
  /** Who made it, for statistics and reports. */
  readonly owner: string;

  /** Made by `GpuHeap.allocate`. */
  constructor(
    keeper: AllocationKeeper<Buffer>,
    request: AllocationFacts,
    bornFrame: number,
    block?: Allocation<Buffer>,
    delta = 0,
  ) {
    this.keeper = keeper;
    this.bytes = request.size;
    this.name = request.label;
    this.owner = request.owner;
    this.alignment = request.alignment;
    this.dedicated = request.dedicated;
    this.userData = request.userData;
    this.restore = request.restore;
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

  /** Grows whenever `buffer` or `offset` change: rebuild bind groups then. */
  get version(): number {
    return this.moves;
  }

  /** Whether it has not been freed. */
  get isLive(): boolean {
    return this.chunk !== undefined;
  }

  /**
   * The backend's buffer, shared with other allocations.
   * @throws UsageError `dead-allocation` · OutOfMemoryError
   */
  get buffer(): Buffer {
    return this.home().buffer;
  }

  /** First byte in `buffer`. @throws UsageError `dead-allocation` · OutOfMemoryError */
  get offset(): number {
    return this.home().suballocator.offsetOf(this.handle) + this.delta;
  }

  /**
   * Buffer, offset and size as bind groups and draw calls take them; valid until `version` changes.
   * @throws UsageError `dead-allocation` · OutOfMemoryError `refused-by-device` when the device went back on
   *   its word
   */
  binding(): BufferBinding<Buffer> {
    const chunk = this.home();
    const offset = chunk.suballocator.offsetOf(this.handle) + this.delta;
    return { buffer: chunk.buffer, offset, size: roundUp(this.bytes, 4) };
  }

  /**
   * Writes bytes from byte `at` on; takes effect before anything submitted later. The data may be reused on
   * return.
   * @throws UsageError `dead-allocation`, `bad-data`, `bad-offset`, `misaligned`, `out-of-bounds` ·
   *   BackendError
   */
  write(data: WriteData, at = 0): void {
    this.keeper.write(this, data, at);
  }

  /**
   * The bytes from `at` on, `size` of them (default: to the end), after everything submitted so far.
   * @throws UsageError `dead-allocation`, `bad-offset`, `bad-size`, `out-of-bounds`, at once · rejects with
   *   BackendError
   */
  read(at = 0, size: number = this.bytes - at): Promise<Uint8Array> {
    return this.keeper.read(this, at, size);
  }

  /**
   * Makes it `size` bytes long: where it is, if what follows it is free, else by one move, which raises
   * `version`. Bytes up to the shorter length stay; those gained are whatever was there before.
   * @throws UsageError `dead-allocation`, `bad-size`, `too-large`, `not-movable` · OutOfMemoryError ·
   *   BackendError
   */
  resize(size: number): void {
    this.keeper.resize(this, size);
  }

  /** Gives it another label. @throws UsageError `dead-allocation`, `bad-argument` */
  rename(label: string): void {
    this.keeper.rename(this, label);
  }

  /** Whether it is pinned. */
  get isPinned(): boolean {
    return this.pinCount > 0;
  }

  /** @internal Whether it, or a member of it, is pinned. */
  get isHeld(): boolean {
    return this.isPinned || (this.members?.some((member) => member.isPinned) ?? false);
  }

  /**
   * Holds it where it is until as many `unpin`: what would move it is refused with `not-movable`.
   * @throws UsageError `dead-allocation`
   */
  pin(): void {
    this.home();
    this.pinCount++;
  }

  /** Ends one `pin`. @throws UsageError `dead-allocation`, `bad-argument` when it is not pinned */
  unpin(): void {
    this.home();
    if (this.pinCount === 0) {
      throw new UsageError(
        'bad-argument',
        `allocation ${show(this.name)} is not pinned; unpin once for each pin`,
      );
    }
    this.pinCount--;
  }

  /**
   * Calls `hook` after every move, when `buffer`, `offset` and `version` are new. Answers how to stop that.
   * @throws UsageError `bad-argument`
   */
  on(event: 'moved', hook: () => void): () => void {
    if (event !== 'moved' || typeof hook !== 'function') {
      throw new UsageError('bad-argument', `on(${show(event)}, ${show(hook)}): pass 'moved' and a function`);
    }
    this.hooks = [...(this.hooks ?? []), hook];
    return () => {
      this.hooks = this.hooks?.filter((each) => each !== hook);
    };
  }

  /**
   * Ends it; the bytes are reused when the GPU is done with them.
   * @throws UsageError `dead-allocation`, `part-of-block`, `disposed`
   */
  free(): void {
    this.keeper.free(this);
  }

  /** Frees it unless that has been done, so that `using` and an early `free()` go together. */
  [Symbol.dispose](): void {
    if (this.isLive) this.keeper.free(this);
  }

  /** @internal Whether `keeper` made it. */
  belongsTo(keeper: AllocationKeeper<Buffer>): boolean {
    return this.keeper === keeper;
  }

  /** @internal Room for its host copy when it is `size` bytes long. @throws UsageError `too-large` */
  makeHostCopy(size: number): Uint8Array | undefined {
    return this.hostCopy === undefined ? undefined : makeHostBytes(size, 'the host copy');
  }

  /** @internal It is so long now; `room` is where its host copy goes. */
  setSize(size: number, room: Uint8Array | undefined): void {
    this.bytes = size;
    if (this.record !== undefined) this.record.size = size;
    if (this.hostCopy === undefined || room === undefined) return;
    room.set(this.hostCopy.subarray(0, size));
    this.hostCopy = room;
  }

  /** @internal These bytes were written from `at` on: whoever keeps a copy of them has them too. */
  remember(bytes: Uint8Array, at: number): void {
    this.hostCopy?.set(bytes, at);
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
    this.moves++;
    if (this.record !== undefined) {
      this.record.chunk = chunk;
      this.record.handle = handle;
    }
    for (const member of this.members ?? []) member.settleIn(chunk, handle);
  }

  /** @internal Calls the hooks, when everything is as it should be. */
  tellMoved(): void {
    for (const hook of this.hooks ?? []) hook();
    for (const member of this.members ?? []) member.tellMoved();
  }

  /** @internal It is dead from now on, and so are its members. */
  end(): void {
    this.chunk = undefined;
    this.hooks = undefined;
    for (const member of this.members ?? []) member.end();
    if (this.apart === undefined) return;
    for (const other of this.apart) other.apart?.delete(this);
    this.apart = undefined;
  }

  /**
   * @internal The chunk of a live allocation.
   * @throws UsageError `dead-allocation` · OutOfMemoryError · BackendError
   */
  home(): Chunk<Buffer> {
    const chunk = this.chunk;
    if (chunk === undefined) {
      throw new UsageError(
        'dead-allocation',
        `allocation ${show(this.name)} of ${this.bytes} bytes has been freed; drop it when you free it`,
      );
    }
    if (chunk.refusal !== undefined) throw chunk.refusal;
    return chunk;
  }
}
