/**
 * Upload batch: writes that wait in mapped bytes for the one copy that takes them to their allocations.
 *
 * Cost     add: O(1), without an object in steady state. flush: O(writes); what is side by side at both ends
 *          becomes one region.
 * Promise  a write finds its allocation when the copy is submitted, not when it was made: one that was freed
 *          gets nothing, one that is shorter now gets no more than it has, so that bytes never reach whoever
 *          owns the range next. Writes land in the order in which they were made. A copy that fails is tried
 *          again by the next flush; of one that is refused for a buffer that is no more, the rest is copied.
 * Refusal  takes only what can not spoil the copy for the others: allocations in buffers that the device has
 *          granted, that are ours and that nobody maps.
 */
import { BufferUsage, type CopyRegion } from '../backend/port.ts';
import { UsageError } from '../base/errors.ts';
import { roundUp } from '../base/quantities.ts';
import { runAll } from '../base/run-all.ts';
import type { Memory } from '../memory/memory.ts';
import type { StagingChunk } from '../memory/staging-chunk.ts';
import type { UploadBelt } from '../memory/upload-belt.ts';
import type { Allocation } from './allocation.ts';

/** One write; a region of the copy as well, once its allocation is looked up. */
class BatchedWrite<Buffer> implements CopyRegion<Buffer> {
  allocation: Allocation<Buffer> | undefined;
  at = 0;
  staging: StagingChunk<Buffer> | undefined;
  sourceOffset = 0;
  stagedBytes = 0;
  source!: Buffer;
  target!: Buffer;
  targetOffset = 0;
  size = 0;

  /** Looks up where the bytes go. Whether there are any. */
  aim(): boolean {
    // Only what waits is aimed, and that has both.
    const { allocation, staging } = this as { allocation: Allocation<Buffer>; staging: StagingChunk<Buffer> };
    const { chunk } = allocation;
    if (chunk === undefined || chunk.refusal !== undefined) return false;
    this.size = Math.min(this.stagedBytes, roundUp(allocation.size, 4) - this.at);
    this.source = staging.chunk.buffer;
    this.target = chunk.buffer;
    this.targetOffset = allocation.offset + this.at;
    return this.size > 0;
  }

  /** Keeps nothing alive. */
  drop(): void {
    this.allocation = undefined;
    this.staging = undefined;
    this.source = undefined as Buffer;
    this.target = undefined as Buffer;
  }
}

export class UploadBatch<Buffer> {
  readonly belt: UploadBelt<Buffer>;
  /** Copies submitted so far. */
  flushCount = 0;
  /** While set, what is filled may not be unmapped: a callback is filling it. */
  isHeld = false;
  private readonly memory: Memory<Buffer>;
  private readonly writes: BatchedWrite<Buffer>[] = [];
  private readonly spare: BatchedWrite<Buffer>[] = [];
  /** What is written, blocks for their members. */
  private readonly targets = new Set<Allocation<Buffer>>();

  constructor(memory: Memory<Buffer>, belt: UploadBelt<Buffer>) {
    this.memory = memory;
    this.belt = belt;
  }

  /** Whether writes to this allocation, its block or a member of it wait. */
  isWaitedFor(allocation: Allocation<Buffer>): boolean {
    return this.writes.length > 0 && this.targets.has(allocation.block ?? allocation);
  }

  /** Whether an allocation may be written by the batch. */
  accepts(allocation: Allocation<Buffer>): boolean {
    const { chunk } = allocation;
    if (chunk === undefined || !chunk.isGranted) return false;
    const { location, usage } = chunk.pool.kind;
    return location !== 'readback' && (usage & BufferUsage.COPY_DST) !== 0;
  }

  /** The `size` bytes at `offset` of `staging` go to byte `at` of an allocation. */
  add(
    allocation: Allocation<Buffer>,
    at: number,
    staging: StagingChunk<Buffer>,
    offset: number,
    size: number,
  ): void {
    const write = this.spare.pop() ?? new BatchedWrite<Buffer>();
    write.allocation = allocation;
    write.at = at;
    write.staging = staging;
    write.sourceOffset = offset;
    write.stagedBytes = roundUp(size, 4);
    this.writes.push(write);
    this.targets.add(allocation.block ?? allocation);
  }

  /**
   * Submits what waits, as one copy. On a lost device it is dropped: nothing can be written there.
   * @throws UsageError `mapped-buffer` from within a callback that fills bytes, `dead-buffer` when a buffer
   *   was destroyed: what goes there is dropped · BackendError
   */
  flush(): void {
    const { belt, memory } = this;
    if (!belt.isFilling) return;
    if (memory.backend.isLost) {
      this.abandon();
      return;
    }
    if (this.isHeld) {
      throw new UsageError(
        'mapped-buffer',
        'bytes are being filled that this would submit; do it when the callback of writeInPlace has returned',
      );
    }
    belt.unmapFilled();
    try {
      this.submit(this.aim());
    } catch (error) {
      if (error instanceof UsageError) this.finish();
      throw error;
    }
    this.finish();
  }

  private submit(regions: readonly CopyRegion<Buffer>[]): void {
    if (regions.length === 0) return;
    const { backend } = this.memory;
    try {
      backend.copy(regions);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      // One buffer is no more, and would spoil each later copy as well.
      runAll(regions.map((region) => () => backend.copy([region])));
    }
    this.flushCount++;
  }

  /** All that waited is submitted. */
  private finish(): void {
    this.clear();
    this.belt.recycle();
  }

  /** As `flush`, if writes to this allocation wait. */
  flushFor(allocation: Allocation<Buffer>): void {
    if (this.isWaitedFor(allocation)) this.flush();
  }

  /** Forgets what waits, and gives the staging back. */
  abandon(): void {
    this.clear();
    this.belt.abandon();
  }

  private aim(): CopyRegion<Buffer>[] {
    const regions: BatchedWrite<Buffer>[] = [];
    let last: BatchedWrite<Buffer> | undefined;
    for (const write of this.writes) {
      if (!write.aim()) continue;
      if (last !== undefined && isNext(last, write)) {
        last.size += write.size;
        continue;
      }
      regions.push(write);
      last = write;
    }
    return regions;
  }

  private clear(): void {
    for (const write of this.writes) {
      write.drop();
      this.spare.push(write);
    }
    this.writes.length = 0;
    this.targets.clear();
  }
}

/** Whether one region goes on where another ends, at both ends. */
function isNext(last: CopyRegion<unknown>, next: CopyRegion<unknown>): boolean {
  return (
    last.source === next.source &&
    last.target === next.target &&
    last.sourceOffset + last.size === next.sourceOffset &&
    last.targetOffset + last.size === next.targetOffset
  );
}
