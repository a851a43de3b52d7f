/// <reference lib="esnext.disposable" preserve="true" />
/**
 * Growable buffer: bytes on the GPU that become more. Owns one allocation at a time, and a larger one when
 * that is full.
 *
 * Cost     append, resize: O(1) beside the bytes, amortised; see `grown-bytes.ts`.
 * Promise  bytes in use stay through growth. Where there is no room for more than what is needed, it takes
 *          what is needed. A call that fails leaves size and bytes as they were.
 * Refusal  bytes that `resize` adds are whatever was there before. Never shrinks by itself. An append whose
 *          write fails after growth keeps the room that it gained. While the application is asked for memory
 *          for it, it may be freed and detached, and is `not-movable` for all else that changes its size.
 */
import { bytesOfData, type WriteData } from '../base/bytes.ts';
import { checkInteger, checkOptions, show } from '../base/check.ts';
import { OutOfMemoryError, UsageError } from '../base/errors.ts';
import { roundUp } from '../base/quantities.ts';
import type { Lifetime } from '../memory/pool-kind.ts';
import type { Allocation, BufferBinding } from './allocation.ts';
import { GpuHeap } from './gpu-heap.ts';
import { grownBytes } from './grown-bytes.ts';
import type { AllocationRequest } from './request.ts';
import { checkExtent, checkGranules } from './transfer.ts';

/**
 * What a growable buffer asks of its heap, each time that it needs an allocation. Not `zeroed`, which bytes
 * that it grows by are not.
 */
export interface GrowableRequest<Buffer = unknown>
  extends Omit<AllocationRequest<Buffer>, 'size' | 'lifetime' | 'zeroed' | 'priority' | 'resident'> {
  /** Bytes in use from the start. Default 0: then it holds nothing before the first byte. */
  readonly size?: number;
  /** As in any request, but `frame`: it outlives the frame. */
  readonly lifetime?: Exclude<Lifetime, 'frame'>;
}

const KNOWN = [
  'size',
  'usage',
  'alignment',
  'access',
  'location',
  'lifetime',
  'apartFrom',
  'pool',
  'label',
  'owner',
  'userData',
  'onRestore',
  'hostCopy',
  'timelines',
] as const;

/** An owned buffer that grows. */
export class GrowableBuffer<Buffer> {
  private readonly heap: GpuHeap<Buffer>;
  private readonly request: Omit<GrowableRequest<Buffer>, 'size'>;
  private held: Allocation<Buffer> | undefined;
  private inUse = 0;
  private places = 0;
  private hooks: readonly (() => void)[] = [];
  private unhook: (() => void) | undefined;
  /** While the heap looks for room, and may ask the application for memory. */
  private isGrowing = false;

  /** @throws as `GpuHeap.allocate` does */
  constructor(heap: GpuHeap<Buffer>, request: GrowableRequest<Buffer>) {
    if (!(heap instanceof GpuHeap)) {
      throw new UsageError('bad-argument', `heap is ${show(heap)}; pass a GpuHeap`);
    }
    checkOptions(request, 'request', KNOWN);
    const { size = 0, ...rest } = request;
    checkInteger(size, 'size', 0, Number.MAX_SAFE_INTEGER, 'bad-size');
    if ((rest.lifetime as unknown) === 'frame') {
      throw new UsageError('bad-argument', "lifetime is 'frame', and a growable buffer stays; leave it out");
    }
    this.heap = heap;
    this.request = rest;
    // Asked for its checks: a request that no allocation will ever be made of is refused here and now.
    if (size === 0) heap.canAllocate({ ...rest, size: 1 });
    else this.resizeTo(roundUp(size, 4));
    this.inUse = size;
  }

  /** Bytes in use. */
  get size(): number {
    return this.inUse;
  }

  /** Bytes that may be in use before it grows. */
  get capacity(): number {
    return this.held?.size ?? 0;
  }

  /** Grows whenever `buffer` or `offset` change: rebuild bind groups then. */
  get version(): number {
    return this.places;
  }

  /**
   * What it owns now, `capacity` bytes long; undefined when it holds nothing. Nobody else resizes and frees
   * it.
   */
  get allocation(): Allocation<Buffer> | undefined {
    return this.held;
  }

  /** The backend's buffer. @throws UsageError `dead-allocation` when it holds nothing · OutOfMemoryError */
  get buffer(): Buffer {
    return this.home().buffer;
  }

  /** First byte in `buffer`. @throws as `buffer` */
  get offset(): number {
    return this.home().offset;
  }

  /**
   * Buffer, offset and size of the bytes in use, padded to 4; valid until `version` or `size` changes.
   * @throws UsageError `bad-size` when there are none, `dead-allocation` · OutOfMemoryError
   */
  binding(): BufferBinding<Buffer> {
    if (this.inUse === 0) {
      throw new UsageError(
        'bad-size',
        'the buffer is empty, and no binding may be; bind it when it has bytes',
      );
    }
    const { buffer, offset } = this.home();
    return { buffer, offset, size: roundUp(this.inUse, 4) };
  }

  /**
   * Has `size` bytes in use from now on. Bytes up to the shorter length stay; the memory only grows.
   * @throws UsageError `bad-size`, `too-large`, `not-movable` · OutOfMemoryError · BackendError
   */
  resize(size: number): void {
    checkInteger(size, 'size', 0, Number.MAX_SAFE_INTEGER, 'bad-size');
    this.checkSettled();
    const before = this.inUse;
    // First, so that whoever is told of the move sees the new size.
    this.inUse = size;
    try {
      if (size > this.capacity) this.grow(size);
    } catch (error) {
      // Asked for memory, the application may have freed it.
      this.inUse = Math.min(before, this.capacity);
      throw error;
    }
  }

  /** Holds room for `capacity` bytes, no more. @throws as `resize` */
  reserve(capacity: number): void {
    checkInteger(capacity, 'capacity', 0, Number.MAX_SAFE_INTEGER, 'bad-size');
    this.checkSettled();
    if (capacity > this.capacity) this.resizeTo(roundUp(capacity, 4));
  }

  /**
   * As `reserve`, but waits as `Allocation.resizeAsync` does: what is appended then needs no memory that
   * the device could refuse. Until it resolves the buffer may be used as ever.
   * @throws what `reserve` throws, as a rejection; UsageError `dead-allocation` when what it held was freed
   *   or detached meanwhile, `disposed`
   */
  async reserveAsync(capacity: number): Promise<void> {
    checkInteger(capacity, 'capacity', 0, Number.MAX_SAFE_INTEGER, 'bad-size');
    this.checkSettled();
    const bytes = roundUp(capacity, 4);
    while (bytes > this.capacity) {
      const { held } = this;
      if (held === undefined) await this.beginAsync(bytes);
      else await held.resizeWhile(bytes, () => this.held === held && bytes > this.capacity);
      if (held === undefined || this.held === held) continue;
      throw new UsageError(
        'dead-allocation',
        `what the buffer held was freed or detached before it had room for ${bytes} bytes; reserve again if it is wanted`,
      );
    }
  }

  private async beginAsync(bytes: number): Promise<void> {
    const made: Allocation<Buffer> = await this.heap.allocateAsync(this.requestFor(bytes, () => made));
    // Something may have been appended meanwhile.
    if (this.held === undefined) this.hold(made);
    else made.free();
  }

  /** Gives back what is not in use, which may move it; all of it when nothing is. @throws as `resize` */
  shrinkToFit(): void {
    this.checkSettled();
    const fit = roundUp(this.inUse, 4);
    if (fit === 0) this.free();
    else if (fit < this.capacity) this.resizeTo(fit);
  }

  /**
   * Puts bytes behind those in use; answers where, in bytes.
   * @throws UsageError `bad-data`, `misaligned` when the size so far is no multiple of 4, and as `resize`
   */
  append(data: WriteData): number {
    const bytes = bytesOfData(data);
    const at = this.inUse;
    if (bytes.byteLength === 0) return at;
    if (at % 4 !== 0) {
      throw new UsageError('misaligned', `the buffer ends at byte ${at}; resize it to a multiple of 4 first`);
    }
    this.resize(at + bytes.byteLength);
    try {
      this.put(bytes, at);
    } catch (error) {
      this.inUse = Math.min(at, this.capacity);
      throw error;
    }
    return at;
  }

  /**
   * Writes bytes from byte `at` on, a multiple of 4, to a multiple of 4 or to the end of those in use.
   * @throws UsageError `bad-data`, `bad-offset`, `misaligned`, `out-of-bounds`, `dead-allocation` ·
   *   BackendError
   */
  write(data: WriteData, at = 0): void {
    const bytes = bytesOfData(data);
    checkExtent(at, bytes.byteLength, this.inUse);
    checkGranules(at, bytes.byteLength, this.inUse);
    if (bytes.byteLength > 0) this.put(bytes, at);
  }

  /**
   * The bytes from `at` on, `size` of them (default: to the end of those in use), after everything submitted
   * so far.
   * @throws UsageError `bad-offset`, `bad-size`, `out-of-bounds`, `dead-allocation`, at once · rejects with
   *   BackendError
   */
  read(at = 0, size: number = this.inUse - at): Promise<Uint8Array> {
    checkExtent(at, size, this.inUse);
    return size === 0 ? Promise.resolve(new Uint8Array(0)) : this.home().read(at, size);
  }

  /**
   * Calls `hook` whenever the bytes are somewhere else, when `buffer`, `offset`, `size` and `version` are
   * new. Answers how to stop that.
   * @throws UsageError `bad-argument`
   */
  on(event: 'moved', hook: () => void): () => void {
    if (event !== 'moved' || typeof hook !== 'function') {
      throw new UsageError('bad-argument', `on(${show(event)}, ${show(hook)}): pass 'moved' and a function`);
    }
    this.hooks = [...this.hooks, hook];
    return () => {
      this.hooks = this.hooks.filter((each) => each !== hook);
    };
  }

  /**
   * Gives its allocation away, which is the caller's from now on, and is empty; undefined if it holds none.
   */
  detach(): Allocation<Buffer> | undefined {
    const { held } = this;
    // Of what is about to be its first bytes, nothing can be given away.
    if (held === undefined && this.isGrowing) return undefined;
    if (held !== undefined) this.hold(undefined);
    this.inUse = 0;
    return held;
  }

  /**
   * Takes an allocation of the same heap over, of which `size` bytes are in use (default: all).
   * @throws UsageError `bad-argument` when it holds another or the allocation lives for a frame,
   *   `foreign-object`, `dead-allocation`, `part-of-block`, `bad-size`, `not-movable`, `disposed`
   */
  attach(allocation: Allocation<Buffer>, size: number = allocation?.size): void {
    // A copy of nothing is legal for every live allocation of this heap, and refused for all else.
    this.heap.copy(allocation, 0, allocation, 0, 0);
    if (allocation.block !== undefined || allocation.members !== undefined) {
      throw new UsageError('part-of-block', 'a block and its members keep their size; attach another');
    }
    if (allocation.home().pool.kind.lifetime === 'frame') {
      throw new UsageError('bad-argument', 'the allocation ends with its frame; attach one that stays');
    }
    checkInteger(size, 'size', 0, allocation.size, 'bad-size');
    this.checkSettled();
    if (this.held !== undefined) {
      throw new UsageError(
        'bad-argument',
        `the buffer holds ${this.capacity} bytes already; detach() or free() them first`,
      );
    }
    this.inUse = size;
    this.hold(allocation);
  }

  /** Gives its memory back and is empty; it may be used again. */
  free(): void {
    const { held } = this;
    if (held?.isLive) held.free();
    this.detach();
  }

  /** As `free`. */
  [Symbol.dispose](): void {
    this.free();
  }

  private home(): Allocation<Buffer> {
    if (this.held !== undefined) return this.held;
    throw new UsageError('dead-allocation', 'the buffer holds no memory; append, resize or reserve first');
  }

  /** @throws UsageError `not-movable` */
  private checkSettled(): void {
    if (!this.isGrowing) return;
    throw new UsageError(
      'not-movable',
      `the buffer of ${this.capacity} bytes is growing, for which onPressure was called; leave it alone there, or free it`,
    );
  }

  private grow(needed: number): void {
    const { held } = this;
    const wanted = grownBytes(this.capacity, needed);
    try {
      this.resizeTo(wanted);
    } catch (error) {
      const least = roundUp(needed, 4);
      // Asked for memory, the application may have freed it: there is nothing left to grow.
      if (least === wanted || !isTooMuch(error) || this.held !== held) throw error;
      this.resizeTo(least);
    }
  }

  private resizeTo(bytes: number): void {
    this.isGrowing = true;
    try {
      if (this.held === undefined) this.hold(this.allocate(bytes));
      else this.held.resize(bytes);
    } finally {
      this.isGrowing = false;
    }
  }

  private allocate(bytes: number): Allocation<Buffer> {
    const made: Allocation<Buffer> = this.heap.allocate(this.requestFor(bytes, () => made));
    return made;
  }

  /** `made`: what the request was for. */
  private requestFor(bytes: number, made: () => Allocation<Buffer>): AllocationRequest<Buffer> {
    const { onRestore, ...request } = this.request;
    if (onRestore === undefined) return { ...request, size: bytes };
    // What restores these bytes says nothing of an allocation that was given away.
    return { ...request, size: bytes, onRestore: () => (this.held === made() ? onRestore() : undefined) };
  }

  private hold(allocation: Allocation<Buffer> | undefined): void {
    this.unhook?.();
    this.held = allocation;
    this.unhook = allocation?.on('moved', () => this.tellMoved());
    if (allocation === undefined) this.places++;
    else this.tellMoved();
  }

  private tellMoved(): void {
    this.isGrowing = false;
    this.places++;
    for (const hook of this.hooks) hook();
  }

  /** Writes bytes of which the last word may be a part: what follows it is in use by nobody. */
  private put(bytes: Uint8Array, at: number): void {
    const home = this.home();
    const over = bytes.byteLength % 4;
    if (over === 0 || at + bytes.byteLength === home.size) {
      home.write(bytes, at);
      return;
    }
    const whole = new Uint8Array(Math.min(bytes.byteLength - over + 4, home.size - at));
    whole.set(bytes);
    home.write(whole, at);
  }
}

/** Whether asking for less may help. */
function isTooMuch(error: unknown): boolean {
  if (error instanceof OutOfMemoryError) return true;
  return error instanceof UsageError && (error.code === 'too-large' || error.code === 'bad-size');
}
