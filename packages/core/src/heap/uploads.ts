/**
 * Uploads: writes that are gathered in mapped bytes and reach the GPU together, in one copy submission.
 *
 *   uploads.write(mesh, vertices) … uploads.write(camera, matrices) → heap.flush() → queue.submit(…) →
 *   heap.endFrame()
 *
 * Cost     a write copies its bytes once, `writeInPlace` not even that; a flush is one submission, whatever
 *          the number of writes.
 * Promise  what was written takes effect at `heap.flush()`, and at latest before the heap itself reads,
 *          copies or moves bytes, or writes directly to the same allocation, and before a boundary
 *          (`submitted`, `endFrame`): no call of the heap sees older bytes. Where no mapped room is ready, or
 *          the write is better off alone, it is written directly, at once: nothing is refused and nothing
 *          waits.
 * Refusal  the heap does not see your own `queue.submit`: without a `heap.flush()` before it, the commands
 *          see the old bytes. `allocation.write` needs no flush.
 */
import { bytesOfData, type WriteData } from '../base/bytes.ts';
import { checkInteger, checkOneOf, show } from '../base/check.ts';
import { BackendError, UsageError } from '../base/errors.ts';
import type { Serial } from '../base/quantities.ts';
import type { Memory } from '../memory/memory.ts';
import type { StagingChunk } from '../memory/staging-chunk.ts';
import { MAX_ALIGNMENT } from '../ranges/suballocator.ts';
import type { Allocation } from './allocation.ts';
import { makeHostBytes } from './host-bytes.ts';
import type { Keeper } from './keeper.ts';
import { noteWrite, useOnFirst } from './mover.ts';
import { checkExtent, checkGranules } from './transfer.ts';
import type { UploadBatch } from './upload-batch.ts';

/** Bytes to fill until the next `heap.flush()`, and where encoders submitted after it copy them from. */
export interface StagedBytes<Buffer> {
  /** To be filled; what they hold at first is not defined. */
  readonly bytes: Uint8Array;
  /** The source of copies. Until the flush the CPU has it, and the GPU may not use it. */
  readonly buffer: Buffer;
  /** First byte in `buffer`. */
  readonly offset: number;
  readonly size: number;
}

/** Figures of uploads since the heap was made. */
export interface UploadStatistics {
  /** Writes that went into mapped bytes, and their bytes. */
  batchedCount: number;
  batchedBytes: number;
  /** Writes that were better off alone: few and small. */
  directCount: number;
  directBytes: number;
  /** Writes that found no mapped room, and so went directly: the sign to await `whenRoom`. */
  crowdedCount: number;
  crowdedBytes: number;
  /** Copies submitted. */
  flushCount: number;
  /** Maps that failed. */
  failedMapCount: number;
  /** Staging chunks on their way to being mapped now. */
  comingCount: number;
}

/**
 * What a batch saves must pay for its submission, 60 to 100 µs. In Chromium a gathered KiB costs 0.35 µs less
 * than one written directly, so that 170 KiB do; in Dawn for Node, where nothing crosses a process, it costs
 * the same unless it is filled in place. Decision 0013 has the figures.
 */
const WORTH_BYTES: number = 256 * 1024;
/** Side by side, a small write costs 2.3 µs less in both; scattered, the same. */
const WORTH_WRITES = 32;

/** How uploads are gathered; `GpuHeap.uploads`. */
export class Uploads<Buffer> {
  private readonly memory: Memory<Buffer>;
  private readonly keeper: Keeper<Buffer>;
  private readonly batch: UploadBatch<Buffer>;
  private readonly checkUsable: () => void;
  private readonly counts = {
    batchedCount: 0,
    batchedBytes: 0,
    directCount: 0,
    directBytes: 0,
    crowdedCount: 0,
    crowdedBytes: 0,
  };
  private writeCount = 0;
  private writtenBytes = 0;
  /** Whether the last write that found no room should have had some. */
  private isCrowded = false;
  /** Whether the last batch that had writes was worth a submission: then so is the next. */
  private wasWorthIt = false;

  /** Made by `GpuHeap`. `checkUsable` throws when the heap is no more. */
  constructor(
    memory: Memory<Buffer>,
    keeper: Keeper<Buffer>,
    batch: UploadBatch<Buffer>,
    checkUsable: () => void,
  ) {
    this.memory = memory;
    this.keeper = keeper;
    this.batch = batch;
    this.checkUsable = checkUsable;
  }

  /**
   * As `allocation.write`, but takes effect at the next `heap.flush()`, with all that is gathered until then.
   * The data may be reused on return.
   * @throws UsageError `dead-allocation`, `foreign-object`, `bad-data`, `bad-offset`, `misaligned`,
   *   `out-of-bounds`, `disposed` · BackendError
   */
  write(allocation: Allocation<Buffer>, data: WriteData, at = 0): void {
    const bytes = bytesOfData(data);
    const { byteLength } = bytes;
    this.check(allocation, at, byteLength);
    if (byteLength === 0) return;
    const staging = allocation.isResident ? this.findRoom(allocation, byteLength) : undefined;
    if (staging === undefined) {
      this.keeper.write(allocation, data, at);
      if (allocation.isResident) this.countDirect(byteLength);
      return;
    }
    const offset = staging.take(byteLength, 4);
    staging.bytes.set(bytes, offset);
    this.add(allocation, at, staging, offset, byteLength);
  }

  /**
   * As `write`, but `fill` puts the bytes where they belong, without a copy of them elsewhere. It gets
   * exactly `size` bytes, which hold anything at first and are gone when it has returned. If it throws,
   * nothing is written.
   * @throws UsageError `bad-argument`, `bad-size`, `too-large` and as `write`; also when `fill` has freed or
   *   shortened the allocation · BackendError, `device-lost` also when `fill` has rebuilt the heap · what
   *   `fill` throws
   */
  writeInPlace(
    allocation: Allocation<Buffer>,
    size: number,
    fill: (bytes: Uint8Array) => void,
    at = 0,
  ): void {
    if (typeof fill !== 'function') {
      throw new UsageError('bad-argument', `fill is ${show(fill)}; pass a function that fills the bytes`);
    }
    this.check(allocation, at, size);
    if (size === 0) return;
    const staging = allocation.isResident ? this.findRoom(allocation, size) : undefined;
    if (staging === undefined) {
      const bytes = makeHostBytes(size, 'what is filled in place');
      runFill(fill, bytes);
      this.keeper.write(allocation, bytes, at);
      this.countDirect(size);
      return;
    }
    const offset = staging.take(size, 4);
    const bytes = staging.bytes.subarray(offset, offset + size);
    const wasHeld = this.batch.isHeld;
    const { epoch } = this.memory;
    this.batch.isHeld = true;
    try {
      runFill(fill, bytes);
      this.check(allocation, at, size);
      this.checkEpoch(epoch, size);
    } catch (error) {
      if (this.memory.epoch === epoch) staging.putBack(offset, size);
      throw error;
    } finally {
      this.batch.isHeld = wasHeld;
    }
    this.add(allocation, at, staging, offset, size);
  }

  private add(
    allocation: Allocation<Buffer>,
    at: number,
    staging: StagingChunk<Buffer>,
    offset: number,
    size: number,
  ): void {
    this.batch.add(allocation, at, staging, offset, size);
    useOnFirst(allocation);
    noteWrite(allocation);
    allocation.remember(staging.bytes.subarray(offset, offset + size), at);
    this.counts.batchedCount++;
    this.counts.batchedBytes += size;
  }

  private countDirect(size: number): void {
    const { counts } = this;
    if (this.isCrowded) {
      counts.crowdedCount++;
      counts.crowdedBytes += size;
    } else {
      counts.directCount++;
      counts.directBytes += size;
    }
  }

  /**
   * Bytes to fill in place, and the buffer to copy them from with encoders of your own, to textures as well.
   * Fill them before the next `heap.flush()`, then submit what copies from them before the next boundary
   * (`submitted`, `endFrame`): after that the bytes belong to others. `undefined` when no mapped room is
   * ready, as always at first: await `whenRoom(size, 'stage')`.
   * @throws UsageError `bad-size`, `bad-alignment`, `disposed` · BackendError `device-lost`
   */
  tryStage(size: number, alignment = 4): StagedBytes<Buffer> | undefined {
    this.checkUsable();
    checkInteger(size, 'size', 1, Number.MAX_SAFE_INTEGER, 'bad-size');
    checkInteger(alignment, 'alignment', 4, MAX_ALIGNMENT, 'bad-alignment');
    if (alignment % 4 !== 0) {
      throw new UsageError('bad-alignment', `alignment is ${alignment}; pass a multiple of 4`);
    }
    this.checkDevice();
    const staging = this.batch.belt.find(size, alignment, 'lend');
    if (staging === undefined) return undefined;
    const offset = staging.take(size, alignment);
    const bytes = staging.bytes.subarray(offset, offset + size);
    return { bytes, buffer: staging.chunk.buffer, offset, size };
  }

  /**
   * Resolves when mapped room for `size` bytes is ready, to `write` or to `stage`; to false when none will
   * be, since the caps, the budget or the device forbid it. Flushes, if room comes back by that. For loads
   * larger than what is held for uploads: `await uploads.whenRoom(size)` before each write. Sizes above an
   * eighth of `uploadBytes` get a chunk of their own by this alone, which is given back as soon as it was
   * used. Rejects with BackendError `device-lost`, and with UsageError `disposed` when the heap is.
   * @throws UsageError `bad-size`, `bad-argument`, `disposed`
   */
  whenRoom(size: number, use: 'write' | 'stage' = 'write'): Promise<boolean> {
    this.checkUsable();
    checkInteger(size, 'size', 1, Number.MAX_SAFE_INTEGER, 'bad-size');
    checkOneOf(use, 'use', ['write', 'stage']);
    return this.waitForRoom(size, use);
  }

  private async waitForRoom(size: number, use: 'write' | 'stage'): Promise<boolean> {
    const isReady = await this.batch.belt.whenRoom(
      size,
      use === 'write' ? 'fill' : 'lend',
      () => {
        this.checkUsable();
        this.checkDevice();
      },
      () => this.batch.flush(),
    );
    // Whoever waits for room wants it used.
    if (isReady && use === 'write') this.writtenBytes = Math.max(this.writtenBytes, WORTH_BYTES);
    return isReady;
  }

  /** Fills and returns `into`, or a fresh record. O(1). */
  statistics(into?: UploadStatistics): UploadStatistics {
    const out = into ?? ({} as UploadStatistics);
    Object.assign(out, this.counts);
    out.flushCount = this.batch.flushCount;
    out.failedMapCount = this.batch.belt.failedMapCount;
    out.comingCount = this.batch.belt.comingCount;
    return out;
  }

  /** @internal Submits what was gathered, and hands what was staged to the GPU. @throws BackendError */
  flush(): void {
    this.batch.flush();
    if (!this.memory.backend.isLost) this.batch.belt.unmapLent();
    this.beginBatch();
  }

  /**
   * @internal What was gathered comes before a boundary; what was staged for encoders has been submitted by
   * then. @throws BackendError
   */
  passBoundary(boundary: () => Serial): Serial {
    this.batch.flush();
    const serial = boundary();
    this.batch.belt.recycleLent();
    this.beginBatch();
    return serial;
  }

  /** @internal Everything that waits is dropped: the device is gone, or the heap. */
  abandon(): void {
    this.batch.abandon();
  }

  private beginBatch(): void {
    this.batch.belt.beginBatch();
    if (this.writeCount > 0) this.wasWorthIt = this.isWorthIt;
    this.writeCount = 0;
    this.writtenBytes = 0;
  }

  /** Mapped room for a write, or undefined when it is to be written directly. */
  private findRoom(allocation: Allocation<Buffer>, size: number): StagingChunk<Buffer> | undefined {
    const { batch } = this;
    this.writeCount++;
    this.writtenBytes += size;
    // What waits for the same allocation would have to be flushed first, which costs more than a small piece.
    this.isCrowded = this.isWorthIt || this.wasWorthIt || batch.isWaitedFor(allocation);
    if (!this.isCrowded || !batch.accepts(allocation)) return undefined;
    return batch.belt.find(size, 4, 'fill');
  }

  /** Whether this batch is worth a submission by what it has been asked for so far. */
  private get isWorthIt(): boolean {
    return this.writtenBytes >= WORTH_BYTES || this.writeCount > WORTH_WRITES;
  }

  private check(allocation: Allocation<Buffer>, at: number, size: number): void {
    this.checkUsable();
    this.keeper.own(allocation, 'allocation').checkLive();
    if (allocation.isResident) allocation.home();
    checkExtent(at, size, allocation.size);
    checkGranules(at, size, allocation.size);
    this.checkDevice();
  }

  /** Mapped bytes of before a rebuild are gone, with what was put there. */
  private checkEpoch(epoch: number, size: number): void {
    if (this.memory.epoch === epoch) return;
    throw new BackendError(
      'device-lost',
      `the heap was rebuilt while ${size} bytes were filled in place, which are lost; write them again`,
    );
  }

  private checkDevice(): void {
    if (!this.memory.backend.isLost) return;
    throw new BackendError('device-lost', 'the device is lost; rebuild this heap on another device');
  }
}

/** @throws UsageError `bad-argument` when it goes on after it has returned */
function runFill(fill: (bytes: Uint8Array) => unknown, bytes: Uint8Array): void {
  const result = fill(bytes);
  if (typeof (result as { then?: unknown } | undefined)?.then !== 'function') return;
  throw new UsageError('bad-argument', 'fill is asynchronous; fill the bytes before it returns');
}
