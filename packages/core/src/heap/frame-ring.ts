/// <reference lib="esnext.disposable" preserve="true" />
/**
 * Frame ring: thousands of small pieces of bytes a frame, mostly uniforms, in one buffer that stays, without
 * an allocation for each.
 *
 * Layout   a buffer of its own, from its first byte on, and a mirror of it on the CPU. From `head` back,
 *          `usedBytes` of the ring belong to somebody: first to this frame, then to frames in flight, a mark
 *          each with how many bytes are theirs. Plain arithmetic instead of a suballocator: what was pushed
 *          in a frame ends with it, all at once and in order, so that a piece needs no handle and no record.
 *
 *            [ this frame ][ pending ][ free      ][ frame 7 ][ frame 8 ][ this frame ][ skipped ]
 *                                     ↑ head       ↑ oldest                a piece did not fit ↑
 *
 * Cost     push: O(bytes); for typed arrays of 8 and 32 bits nothing is allocated. flush: at most two
 *          writes. endFrame: O(frames that fall due). Growth: O(capacity), and a copy of this frame's bytes.
 * Promise  what a frame pushed stays until its encoders, submitted before `endFrame`, have read it. When the
 *          ring is full it goes on in a buffer twice as large: pieces of this frame are then in both, at the
 *          same offsets, so that what is recorded already and what is recorded next read the same bytes.
 * Refusal  an encoder that is submitted after the frame in which it was recorded is not protected; it needs
 *          an allocation and a recording token. Never shrinks: it keeps what its fullest frames needed.
 */
import type { GpuBackend } from '../backend/port.ts';
import { offsetAlignment } from '../backend/usage.ts';
import type { WriteData } from '../base/bytes.ts';
import { checkInteger, checkOptions, show } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';
import { roundUp, type Serial } from '../base/quantities.ts';
import { MAX_ALIGNMENT } from '../ranges/suballocator.ts';
import { SerialQueue } from '../tables/serial-queue.ts';
import type { Allocation, BufferBinding } from './allocation.ts';
import { GpuHeap } from './gpu-heap.ts';
import type { HeapPool } from './heap-pool.ts';
import { type AllocationRequest, commonAlignment } from './request.ts';
import { RingMirror, sizeOfData } from './ring-mirror.ts';

/** How a ring is made. */
export interface FrameRingOptions {
  /** Bits of {@link BufferUsage}, mostly UNIFORM. Shaders only read it. */
  readonly usage: number;
  /** Bytes to begin with: of all pieces of the frames in flight together. Default 65,536. */
  readonly bytes?: number;
  /** Offsets are multiples of it and of what the device asks for this usage. Default 1. */
  readonly alignment?: number;
  /** Shown in snapshots, reports and errors. */
  readonly label?: string;
  /** Who makes it, for statistics and reports. */
  readonly owner?: string;
  /** Where there are several queues: those on which it is used, by number. Default: the first alone. */
  readonly timelines?: readonly number[];
}

const KNOWN = ['usage', 'bytes', 'alignment', 'label', 'owner', 'timelines'] as const;
const FIRST_BYTES = 65_536;

/** A ring of small pieces, each of which lives for its frame. */
export class FrameRing<Buffer> {
  /** Offsets are multiples of it, in bytes. */
  readonly alignment: number;
  private readonly heap: GpuHeap<Buffer>;
  /** The one that the serials are of. */
  private backend: GpuBackend<Buffer>;
  private readonly request: Omit<AllocationRequest<Buffer>, 'size'>;
  /** A mark for each frame in flight: how many bytes are its own. */
  private readonly flights = new SerialQueue<undefined>();
  /** How many of them, the oldest, have their bytes in a buffer before this one. */
  private elsewhereCount = 0;
  private allocation: Allocation<Buffer> | undefined;
  private mirror: RingMirror;
  private head = 0;
  /** In front of `head`, round the end: flying and of this frame, with all that was skipped. */
  private taken = 0;
  private frameBytes = 0;
  // What was pushed since the last flush: one stretch, and another from 0 on if it went round the end.
  private pendingFrom = 0;
  private pendingTo = 0;
  private pendingRoundTo = 0;
  private lastSerial: Serial = 0;
  private pushed = 0;
  private growths = 0;
  private places = 0;

  /** @throws UsageError `bad-alignment`, `too-large`, and as `GpuHeap.allocate` */
  constructor(heap: GpuHeap<Buffer>, options: FrameRingOptions) {
    if (!(heap instanceof GpuHeap)) {
      throw new UsageError('bad-argument', `heap is ${show(heap)}; pass a GpuHeap`);
    }
    checkOptions(options, 'options', KNOWN);
    const { bytes = FIRST_BYTES, alignment = 1, ...request } = options;
    checkInteger(bytes, 'bytes', 1, Number.MAX_SAFE_INTEGER, 'bad-size');
    checkInteger(alignment, 'alignment', 1, MAX_ALIGNMENT, 'bad-alignment');
    this.heap = heap;
    this.backend = heap.backend;
    // At least words: what is written begins and ends at one.
    const needed = commonAlignment(offsetAlignment(request.usage, heap.backend.limits), 4);
    this.alignment = commonAlignment(needed, alignment);
    this.request = { ...request, alignment: this.alignment, pool: poolOf(heap) };
    this.mirror = new RingMirror(roundUp(bytes, this.alignment));
    this.hold(this.allocate(this.mirror.size));
  }

  /**
   * The buffer in which offsets count, for the ring alone; another one only after it has grown.
   * @throws UsageError `disposed`, `dead-allocation` · OutOfMemoryError
   */
  get buffer(): Buffer {
    return this.home().buffer;
  }

  /** Grows whenever `buffer` is another: rebuild bind groups then. */
  get version(): number {
    return this.places;
  }

  /** Bytes of the whole ring. */
  get capacity(): number {
    return this.mirror.size;
  }

  /** Bytes pushed and reserved so far, as they were asked for. */
  get pushedBytes(): number {
    return this.pushed;
  }

  /** Bytes that belong to this frame and to frames in flight, with what was skipped and rounded up. */
  get usedBytes(): number {
    this.retire();
    return this.taken;
  }

  /** Ended frames with pieces that the GPU may still read. */
  get framesInFlight(): number {
    this.retire();
    return this.flights.length;
  }

  /** How often it went on in a larger buffer. */
  get grownCount(): number {
    return this.growths;
  }

  /**
   * A binding of `size` bytes for dynamic offsets: those that `push` answers. Valid until `version` changes;
   * pieces bound so are `size` bytes long or longer.
   * @throws UsageError `bad-size`, `disposed`, `dead-allocation` · OutOfMemoryError
   */
  binding(size: number): BufferBinding<Buffer> {
    const { buffer } = this;
    checkInteger(size, 'size', 1, this.capacity, 'bad-size');
    return { buffer, offset: 0, size: roundUp(size, 4) };
  }

  /**
   * Takes a copy of some bytes; answers their offset in `buffer`, where they are after the next `flush`, for
   * this frame.
   * @throws UsageError `bad-data`, `bad-size` for none, `too-large`, `disposed` · OutOfMemoryError ·
   *   BackendError
   */
  push(data: WriteData): number {
    const offset = this.reserve(sizeOfData(data));
    this.mirror.put(data, offset);
    return offset;
  }

  /**
   * As `push` for `size` bytes that are filled in place, through `bytesAt`; until then they are whatever was
   * there before.
   * @throws UsageError `bad-size`, `too-large`, `disposed` · OutOfMemoryError · BackendError
   */
  reserve(size: number): number {
    checkInteger(size, 'size', 1, Number.MAX_SAFE_INTEGER, 'bad-size');
    const bytes = roundUp(size, this.alignment);
    let offset = this.placeFor(bytes);
    if (offset < 0) {
      this.retire();
      offset = this.placeFor(bytes);
    }
    while (offset < 0) {
      this.grow(bytes);
      offset = this.placeFor(bytes);
    }
    this.take(offset, bytes);
    this.pushed += size;
    return offset;
  }

  /**
   * Bytes to fill that were reserved and not flushed yet; valid until the next `push`, `reserve` or `flush`.
   * @throws UsageError `bad-offset`, `bad-size`, `out-of-bounds`
   */
  bytesAt(offset: number, size: number): Uint8Array {
    checkInteger(offset, 'offset', 0, Number.MAX_SAFE_INTEGER, 'bad-offset');
    checkInteger(size, 'size', 1, Number.MAX_SAFE_INTEGER, 'bad-size');
    const { pendingFrom, pendingTo, pendingRoundTo } = this;
    const isPending = offset >= pendingFrom && size <= pendingTo - offset;
    if (!isPending && size > pendingRoundTo - offset) {
      throw new UsageError(
        'out-of-bounds',
        `${size} bytes at ${offset} are not all reserved, or flushed already; reserve them, fill them, then flush`,
      );
    }
    return this.mirror.bytes.subarray(offset, offset + size);
  }

  /**
   * Uploads what was pushed since the last flush, in at most two writes; answers the bytes. Call it before
   * each `queue.submit`.
   * @throws UsageError `disposed`, `dead-allocation` · OutOfMemoryError · BackendError; nothing counts as
   *   uploaded then
   */
  flush(): number {
    this.home();
    const { pendingFrom, pendingTo, pendingRoundTo } = this;
    this.write(pendingFrom, pendingTo);
    this.write(0, pendingRoundTo);
    this.expect(this.head, this.head);
    return pendingTo - pendingFrom + pendingRoundTo;
  }

  /**
   * Ends the frame: `ring.endFrame(heap.endFrame())`, or with the serial of `heap.submitted()`. What was
   * pushed is reused when the GPU can no longer confuse the two. Where it is used on several queues, call
   * `heap.submitted` for the others first.
   * @throws UsageError `bad-argument` for a serial before the last one, or when something was pushed and not
   *   flushed, `disposed`
   */
  endFrame(serial: Serial): void {
    this.home();
    this.followDevice();
    checkInteger(serial, 'serial', this.lastSerial, Number.MAX_SAFE_INTEGER, 'bad-argument');
    const pendingBytes = this.pendingTo - this.pendingFrom + this.pendingRoundTo;
    if (pendingBytes > 0) {
      throw new UsageError(
        'bad-argument',
        `${pendingBytes} bytes were pushed and never uploaded; call flush() before queue.submit, and push for the next frame after endFrame()`,
      );
    }
    this.lastSerial = serial;
    if (this.frameBytes > 0) {
      this.flights.put(undefined, this.frameBytes);
      this.flights.stamp(serial);
      this.frameBytes = 0;
    }
    this.retire();
  }

  /** Gives the buffer back when the GPU is done with it. Every call but the figures throws then. */
  free(): void {
    const { allocation } = this;
    if (allocation === undefined) return;
    if (allocation.isLive) allocation.free();
    this.allocation = undefined;
    this.mirror = new RingMirror(0);
    this.forgetFlights();
    this.head = 0;
    this.taken = 0;
    this.frameBytes = 0;
    this.expect(0, 0);
  }

  /** As `free`. */
  [Symbol.dispose](): void {
    this.free();
  }

  private home(): Allocation<Buffer> {
    if (this.allocation !== undefined) return this.allocation;
    throw new UsageError('disposed', 'this ring has been freed; make another');
  }

  /** Where so many bytes go, or -1 when there is no room in one piece. */
  private placeFor(bytes: number): number {
    const behind = this.mirror.size - this.head;
    const free = this.mirror.size - this.taken;
    if (bytes <= behind) return bytes <= free ? this.head : -1;
    return behind + bytes <= free ? 0 : -1;
  }

  /** Bytes at `offset`, which is `head` or, once round the end, 0, are this frame's, and to be uploaded. */
  private take(offset: number, bytes: number): void {
    const { head } = this;
    const skipped = offset === head ? 0 : this.mirror.size - head;
    this.taken += skipped + bytes;
    this.frameBytes += skipped + bytes;
    this.head = offset + bytes;
    if (this.pendingFrom === this.pendingTo) this.expect(offset, this.head);
    else if (offset === head && this.pendingRoundTo === 0) this.pendingTo = this.head;
    else this.pendingRoundTo = this.head;
  }

  /** Just these bytes are to be uploaded. */
  private expect(from: number, to: number): void {
    this.pendingFrom = from;
    this.pendingTo = to;
    this.pendingRoundTo = 0;
  }

  private write(from: number, to: number): void {
    if (from < to) this.home().write(this.mirror.bytes.subarray(from, to), from);
  }

  /** Takes the bytes of frames back that the GPU has done. */
  private retire(): void {
    this.followDevice();
    const { backend } = this;
    const due = backend.reuseAfter === 'submitted' ? this.lastSerial : backend.completedSerial;
    const { flights } = this;
    while (flights.isDue(due)) {
      if (this.elsewhereCount > 0) this.elsewhereCount--;
      else this.taken -= flights.peekNumber();
      flights.drop();
    }
    // An empty ring serves its whole length in one piece.
    if (this.taken === 0) this.head = 0;
  }

  /**
   * Goes on in a larger buffer, with room for so many bytes more, unless the application has made it grow
   * when it was asked for memory. Nothing has changed when it throws.
   */
  private grow(bytes: number): void {
    const before = this.home();
    const { size } = this.mirror;
    const mirror = new RingMirror(Math.max(2 * size, size + bytes));
    const allocation = this.allocate(mirror.size);
    if (this.allocation !== before) {
      allocation.free();
      return;
    }
    try {
      // What is recorded already reads this frame's pieces here.
      this.flush();
    } catch (error) {
      allocation.free();
      throw error;
    }
    before.free();
    mirror.bytes.set(this.mirror.bytes);
    this.mirror = mirror;
    this.hold(allocation);
    this.growths++;
    this.elsewhereCount = this.flights.length;
    const from = this.head - this.frameBytes;
    if (from < 0) {
      // This frame goes round the end: all of the old length counts as its own.
      this.head = size;
      this.frameBytes = size;
    }
    this.taken = this.frameBytes;
    this.expect(Math.max(0, from), this.head);
  }

  private allocate(size: number): Allocation<Buffer> {
    return this.heap.allocate({ ...this.request, size, onRestore: () => this.mirror.bytes });
  }

  private hold(allocation: Allocation<Buffer>): void {
    this.allocation = allocation;
    this.places++;
    allocation.on('moved', () => {
      this.places++;
    });
  }

  /**
   * Rebuilt on another device, which has neither these frames in flight nor their serials, the ring forgets
   * them. It asks, since it may grow before it is told that it was moved.
   */
  private followDevice(): void {
    const { backend } = this.heap;
    if (backend === this.backend) return;
    this.backend = backend;
    this.forgetFlights();
  }

  private forgetFlights(): void {
    while (this.flights.length > 0) this.flights.drop();
    this.elsewhereCount = 0;
    this.taken = this.frameBytes;
    this.lastSerial = 0;
  }
}

const POOLS = new WeakMap<object, unknown>();

/**
 * The pool for the rings of a heap, in which each has a buffer of its own: its identity is then nobody else's
 * business, and offsets in the ring are offsets in the buffer.
 */
function poolOf<Buffer>(heap: GpuHeap<Buffer>): HeapPool<Buffer> {
  const known = POOLS.get(heap) as HeapPool<Buffer> | undefined;
  if (known?.isLive) return known;
  const made = heap.createPool({ name: 'frame-rings', suballocator: 'none', lifetime: 'long' });
  POOLS.set(heap, made);
  return made;
}
