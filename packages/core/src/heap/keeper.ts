/**
 * Keeper: what a heap does for its allocations. Knows which are its own and keeps their counts.
 *
 * Promise  a dead or foreign allocation is refused before anything is touched.
 */
import { TRANSFER_USAGE } from '../backend/usage.ts';
import { bytesOfData, type WriteData } from '../base/bytes.ts';
import { show } from '../base/check.ts';
import { BackendError, UsageError } from '../base/errors.ts';
import { roundUp } from '../base/quantities.ts';
import type { Chunk } from '../memory/chunk.ts';
import type { Memory } from '../memory/memory.ts';
import type { Pool } from '../memory/pool.ts';
import type { AllocationCounts } from '../telemetry/heap-statistics.ts';
import { Allocation, type AllocationKeeper } from './allocation.ts';
import type { CheckedRequest } from './request.ts';
import { checkExtent, checkGranules } from './transfer.ts';

const SCRATCH = { label: 'scratch' } as const;
const STAGING = { label: 'staging' } as const;

export class Keeper<Buffer> implements AllocationKeeper<Buffer> {
  readonly counts: AllocationCounts = {
    requestedBytes: 0,
    allocationCount: 0,
    peakRequestedBytes: 0,
    peakAllocationCount: 0,
  };
  private readonly memory: Memory<Buffer>;
  private readonly readbackPool: () => Pool<Buffer>;
  private isDisposed = false;

  /** `readbackPool`: where reads of everything else are staged. */
  constructor(memory: Memory<Buffer>, readbackPool: () => Pool<Buffer>) {
    this.memory = memory;
    this.readbackPool = readbackPool;
  }

  /** A fresh allocation in a pool. */
  allocate(pool: Pool<Buffer>, request: CheckedRequest): Allocation<Buffer> {
    const allocation = new Allocation<Buffer>(this, request.size, request.label);
    allocation.handle = this.memory.place(pool, request.size, request.alignment, allocation);
    allocation.chunk = this.memory.found;
    const counts = this.counts;
    counts.requestedBytes += request.size;
    counts.allocationCount++;
    counts.peakRequestedBytes = Math.max(counts.peakRequestedBytes, counts.requestedBytes);
    counts.peakAllocationCount = Math.max(counts.peakAllocationCount, counts.allocationCount);
    return allocation;
  }

  free(allocation: Allocation<Buffer>): void {
    const chunk = allocation.chunk;
    if (chunk === undefined) {
      allocation.home(); // Throws: it is dead.
      return;
    }
    this.memory.release(chunk, allocation.handle);
    allocation.chunk = undefined;
    this.counts.requestedBytes -= allocation.size;
    this.counts.allocationCount--;
  }

  write(allocation: Allocation<Buffer>, data: WriteData, at: number): void {
    const chunk = allocation.home();
    const bytes = bytesOfData(data);
    checkExtent(at, bytes.byteLength, allocation.size);
    checkGranules(at, bytes.byteLength, allocation.size);
    this.checkDevice();
    if (bytes.byteLength === 0) return;
    const offset = chunk.suballocator.offsetOf(allocation.handle) + at;
    this.memory.backend.write(chunk.buffer, offset, padded(bytes));
  }

  read(allocation: Allocation<Buffer>, at: number, size: number): Promise<Uint8Array> {
    const chunk = allocation.home();
    checkExtent(at, size, allocation.size);
    this.checkDevice();
    const pool = this.memory.pools[chunk.poolIndex] as Pool<Buffer>;
    if (pool.location === 'readback') return this.memory.backend.read(chunk.buffer, at, size);
    return this.readThroughCopy(chunk.buffer, chunk.suballocator.offsetOf(allocation.handle) + at, size);
  }

  /** What the GPU uses can not be mapped: the bytes are copied into a readback chunk, which is. */
  private async readThroughCopy(source: Buffer, offset: number, size: number): Promise<Uint8Array> {
    if (size === 0) return new Uint8Array(0);
    const skipped = offset % 4;
    const whole = roundUp(skipped + size, 4);
    const handle = this.memory.place(this.readbackPool(), whole, 1, STAGING);
    const chunk = this.memory.found as Chunk<Buffer>;
    try {
      this.memory.backend.copy([
        { source, sourceOffset: offset - skipped, target: chunk.buffer, targetOffset: 0, size: whole },
      ]);
      return await this.memory.backend.read(chunk.buffer, skipped, size);
    } finally {
      if (!this.isDisposed) this.memory.release(chunk, handle);
    }
  }

  copy(
    source: Allocation<Buffer>,
    sourceOffset: number,
    target: Allocation<Buffer>,
    targetOffset: number,
    size: number,
  ): void {
    const from = this.own(source, 'source').home();
    const to = this.own(target, 'target').home();
    checkExtent(sourceOffset, size, source.size);
    checkExtent(targetOffset, size, target.size);
    checkGranules(sourceOffset, size, source.size);
    checkGranules(targetOffset, size, target.size);
    this.checkDevice();
    if (size === 0) return;
    const region = {
      source: from.buffer,
      sourceOffset: source.offset + sourceOffset,
      target: to.buffer,
      targetOffset: target.offset + targetOffset,
      size: roundUp(size, 4),
    };
    if (from !== to) this.memory.backend.copy([region]);
    else this.copyThroughScratch(region, this.memory.pools[from.poolIndex] as Pool<Buffer>);
  }

  /** Every allocation is dead from now on. O(chunks + allocations). */
  dispose(): void {
    this.isDisposed = true;
    for (const pool of this.memory.pools) {
      for (const chunk of pool.chunks) {
        for (const owner of chunk.liveOwners()) if (owner instanceof Allocation) owner.chunk = undefined;
      }
    }
    this.counts.requestedBytes = 0;
    this.counts.allocationCount = 0;
  }

  /** No copy within one buffer: the bytes go out to a scratch range of another chunk and back. */
  private copyThroughScratch(region: WithinBuffer<Buffer>, pool: Pool<Buffer>): void {
    const scratchPool = this.memory.poolOf(pool.memoryType, TRANSFER_USAGE, 'read', 'scratch');
    const handle = this.memory.place(scratchPool, region.size, 1, SCRATCH);
    const chunk = this.memory.found as Chunk<Buffer>;
    const offset = chunk.suballocator.offsetOf(handle);
    try {
      this.memory.backend.copy([
        { ...region, target: chunk.buffer, targetOffset: offset },
        { ...region, source: chunk.buffer, sourceOffset: offset },
      ]);
    } finally {
      this.memory.release(chunk, handle);
    }
  }

  private own(allocation: unknown, name: string): Allocation<Buffer> {
    if (allocation instanceof Allocation && allocation.belongsTo(this)) return allocation;
    throw new UsageError(
      'foreign-object',
      `${name} is ${allocation instanceof Allocation ? 'an allocation of another heap' : show(allocation)}; pass an allocation of this heap`,
    );
  }

  private checkDevice(): void {
    if (!this.memory.backend.isLost) return;
    throw new BackendError('device-lost', 'the device is lost; dispose of this heap and open another');
  }
}

interface WithinBuffer<Buffer> {
  readonly source: Buffer;
  readonly sourceOffset: number;
  readonly target: Buffer;
  readonly targetOffset: number;
  readonly size: number;
}

/** The bytes, followed by zeros up to a multiple of 4. */
function padded(bytes: Uint8Array): Uint8Array {
  if (bytes.byteLength % 4 === 0) return bytes;
  const whole = new Uint8Array(roundUp(bytes.byteLength, 4));
  whole.set(bytes);
  return whole;
}
