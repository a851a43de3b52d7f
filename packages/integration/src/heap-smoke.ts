/**
 * Heap smoke: the first thing that must work wherever a heap runs, in Node or in a page.
 *
 * Promise  deterministic; every byte that is read back is compared with what was written last.
 */
import { type Allocation, BufferUsage, type GpuHeap } from '@gpuheap/core';

const USAGE = BufferUsage.STORAGE | BufferUsage.COPY_SRC | BufferUsage.COPY_DST;
const FRAMES = 40;
const BIRTHS_A_FRAME = 12;

/** What a run found. */
export interface SmokeReport {
  readonly allocated: number;
  readonly verifiedBytes: number;
  readonly mismatches: number;
  /** Buffers that the heap held at its peak, for all those allocations. */
  readonly bufferCount: number;
}

/** The bytes of resource `id`. */
function patternOf(id: number, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, at) => (id * 37 + at * 11) % 251);
}

/** Allocates, writes, frees and ends frames for a while, then reads all that lives and compares it. */
export async function smokeHeap<Buffer>(heap: GpuHeap<Buffer>): Promise<SmokeReport> {
  const live = new Map<number, Allocation<Buffer>>();
  let allocated = 0;
  let bufferCount = 0;
  for (let frame = 0; frame < FRAMES; frame++) {
    for (let birth = 0; birth < BIRTHS_A_FRAME; birth++) {
      const id = allocated++;
      const size = 1 + ((id * 7919) % 20_000);
      const allocation = heap.allocate({ size, usage: USAGE, label: `resource ${id}` });
      allocation.write(patternOf(id, size));
      live.set(id, allocation);
    }
    for (const id of [...live.keys()].filter((key) => (key * 13 + frame) % 4 === 0)) {
      live.get(id)?.free();
      live.delete(id);
    }
    heap.endFrame();
    const { chunkCount, dedicatedCount } = heap.statistics();
    bufferCount = Math.max(bufferCount, chunkCount + dedicatedCount);
  }
  let verifiedBytes = 0;
  let mismatches = 0;
  for (const [id, allocation] of live) {
    const expected = patternOf(id, allocation.size);
    const bytes = await allocation.read();
    mismatches += expected.reduce((count, byte, at) => count + (bytes[at] === byte ? 0 : 1), 0);
    verifiedBytes += bytes.length;
    allocation.free();
  }
  heap.endFrame();
  return { allocated, verifiedBytes, mismatches, bufferCount };
}
