/** How chunks come and go while a heap grows: staging stays, and large pools take large steps. */
import { describe, expect, it } from 'vitest';
import { BufferUsage, type GpuHeap } from '../../src/index.ts';
import { openHeap } from './open-heap.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const { STORAGE, VERTEX } = BufferUsage;

/** Bytes of the chunks whose pools have this name, in the order in which they were made. */
function chunksOf(heap: GpuHeap<unknown>, pool: string): number[] {
  return heap
    .snapshot()
    .chunks.filter((chunk) => chunk.pool === pool)
    .map((chunk) => chunk.sizeBytes);
}

describe('staging', () => {
  it('that was used a moment ago is not given back for a chunk and made again', () => {
    const { heap } = openHeap({}, { reuseAfter: 'submitted' });
    const first = heap.allocate({ size: 256 * KIB, usage: VERTEX });
    for (let k = 0; k < 64; k++) {
      heap.allocate({ size: 256 * KIB, usage: VERTEX });
      // Within one buffer: through scratch.
      heap.copy(first, 0, first, 64 * KIB, 32 * KIB);
      heap.endFrame();
    }
    expect(chunksOf(heap, 'scratch')).toHaveLength(1);
    // Ids are given in turn: none was used up for a chunk that is there no more.
    const { chunks } = heap.snapshot();
    expect(Math.max(...chunks.map(({ id }) => id))).toBe(chunks.length - 1);
  });

  it('that is too small now goes when a larger one is made for it', async () => {
    const { heap } = openHeap({}, { reuseAfter: 'submitted', autoComplete: true });
    const data = heap.allocate({ size: 4 * MIB, usage: STORAGE, access: 'write' });
    const sizes: number[][] = [];
    for (const size of [100 * KIB, 200 * KIB, 300 * KIB, 2 * MIB, 100 * KIB]) {
      await data.read(0, size);
      heap.endFrame();
      sizes.push(chunksOf(heap, 'readback-staging'));
    }
    expect(sizes).toEqual([[104 * KIB], [256 * KIB], [512 * KIB], [2 * MIB], [2 * MIB]]);
  });

  it('goes with everything else where memory is short', () => {
    const { heap } = openHeap({ budgetBytes: 3 * MIB, chunkBytes: MIB }, { reuseAfter: 'submitted' });
    const first = heap.allocate({ size: 64 * KIB, usage: VERTEX });
    heap.copy(first, 0, first, 32 * KIB, 16 * KIB);
    heap.endFrame();
    expect(chunksOf(heap, 'scratch')).toHaveLength(1);
    heap.allocate({ size: 3 * MIB - 64 * KIB, usage: VERTEX, dedicated: true });
    expect(chunksOf(heap, 'scratch')).toHaveLength(0);
  });
});

describe('a pool of many chunks', () => {
  const fill = (heap: GpuHeap<unknown>, bytes: number): number[] => {
    for (let held = 0; held < bytes; held += MIB) heap.allocate({ size: MIB, usage: VERTEX });
    return chunksOf(heap, 'gpu-read').map((size) => size / MIB);
  };

  it('gets chunks of an eighth of it when nothing else was asked for', () => {
    const { heap } = openHeap({}, { maxBufferSize: 256 * MIB });
    const sizes = fill(heap, 400 * MIB);
    expect(sizes.filter((size) => size > 16).length).toBeGreaterThan(3);
    let held = 0;
    for (const size of sizes) {
      if (held > 128) expect(size).toBeCloseTo(held / 8, 0);
      held += size;
    }
    expect(heap.statistics().reservedBytes).toBeLessThan(400 * MIB * 1.125);
  });

  it('keeps to chunkBytes where that was asked for', () => {
    const { heap } = openHeap({ chunkBytes: 16 * MIB });
    expect(Math.max(...fill(heap, 400 * MIB))).toBe(16);
  });
});
