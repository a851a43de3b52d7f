/**
 * Heap statistics: the totals of one heap, maintained, not recounted.
 */
import type { Memory } from '../memory/memory.ts';

/** Figures in bytes unless the name says count. */
export interface HeapStatistics {
  /** Asked for by live allocations, exactly. */
  requestedBytes: number;
  /** Reserved by live allocations, rounding included. */
  usedBytes: number;
  /** Reserved by released allocations until the GPU is done with them. */
  pendingBytes: number;
  /** Neither used nor pending, in the chunks that are held. */
  freeBytes: number;
  /** Held from the device: chunks, dedicated buffers and the backend's staging. */
  reservedBytes: number;
  /** The part of `reservedBytes` that the caller made and the heap has adopted. */
  adoptedBytes: number;
  /** The part of `reservedBytes` that is textures. */
  textureBytes: number;
  /** The staging part of `reservedBytes`. */
  stagingBytes: number;
  /** The most that may be reserved; Infinity when there is no limit. */
  budgetBytes: number;
  allocationCount: number;
  chunkCount: number;
  /** Those chunks that one large allocation has for itself. */
  dedicatedCount: number;
  peakRequestedBytes: number;
  peakUsedBytes: number;
  peakReservedBytes: number;
  peakAllocationCount: number;
  /** Buffers asked of the backend since the heap was made, and those given back. */
  createdBufferCount: number;
  destroyedBufferCount: number;
  writeCount: number;
  writtenBytes: number;
  copyCount: number;
  copiedBytes: number;
  readCount: number;
  clearCount: number;
  clearedBytes: number;
}

/** What the heap itself counts. */
export interface AllocationCounts {
  requestedBytes: number;
  allocationCount: number;
  peakRequestedBytes: number;
  peakAllocationCount: number;
}

/** Fills and returns `into`, or a fresh record. */
export function reportStatistics(
  memory: Memory<unknown>,
  counts: AllocationCounts,
  into: HeapStatistics | undefined,
): HeapStatistics {
  const out = into ?? ({} as HeapStatistics);
  const { backend } = memory;
  out.requestedBytes = counts.requestedBytes;
  out.usedBytes = memory.usedBytes;
  out.pendingBytes = memory.pendingBytes;
  out.freeBytes = backend.bufferBytes + backend.adoptedBytes - memory.usedBytes - memory.pendingBytes;
  out.reservedBytes = backend.reservedBytes;
  out.adoptedBytes = backend.adoptedBytes;
  out.textureBytes = backend.textureBytes;
  out.stagingBytes = backend.stagingBytes;
  out.budgetBytes = backend.budgetBytes;
  out.allocationCount = counts.allocationCount;
  out.chunkCount = memory.chunks.count;
  out.dedicatedCount = memory.chunks.dedicatedCount;
  out.peakRequestedBytes = counts.peakRequestedBytes;
  out.peakUsedBytes = memory.peakUsedBytes;
  out.peakReservedBytes = backend.peakReservedBytes;
  out.peakAllocationCount = counts.peakAllocationCount;
  out.createdBufferCount = backend.createdBufferCount;
  out.destroyedBufferCount = backend.destroyedBufferCount;
  out.writeCount = backend.writeCount;
  out.writtenBytes = backend.writtenBytes;
  out.copyCount = backend.copyCount;
  out.copiedBytes = backend.copiedBytes;
  out.readCount = backend.readCount;
  out.clearCount = backend.clearCount;
  out.clearedBytes = backend.clearedBytes;
  return out;
}
