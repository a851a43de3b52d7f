import { type Allocation, BufferUsage, type GpuHeap } from '@gpuheap/core';
import { openDawnHeap } from '@gpuheap/dawn-node';
import { scale } from '@gpuheap/testing';
import { XorShift32 } from '@gpuheap/testing/workloads';
import { expect, it } from 'vitest';

const KIB = 1024;
const ROUND_COUNT = 600;
const MOST_BYTES = 160 * KIB;

/** Random bytes from which every allocation takes its own stretch. */
function makeNoise(random: XorShift32): Uint8Array {
  const words = Uint32Array.from({ length: (4 * MOST_BYTES) / 4 }, () => random.next());
  return new Uint8Array(words.buffer);
}

interface Part<Buffer> {
  readonly allocation: Allocation<Buffer>;
  /** Where its bytes begin in the noise. */
  readonly from: number;
}

async function fillAndThin<Buffer>(
  heap: GpuHeap<Buffer>,
  random: XorShift32,
  noise: Uint8Array,
): Promise<Part<Buffer>[]> {
  const parts: Part<Buffer>[] = [];
  for (let k = 0; k < ROUND_COUNT; k++) {
    const size = 4 * random.logUniform(4 * KIB, MOST_BYTES / 4);
    const allocation = heap.allocate({ size, usage: BufferUsage.STORAGE });
    const from = random.below(noise.length - size);
    allocation.write(noise.subarray(from, from + size));
    parts.push({ allocation, from });
  }
  heap.endFrame();
  return parts.filter(({ allocation }) => {
    if (random.uniform() < 0.4) return true;
    allocation.free();
    return false;
  });
}

it('every byte that a defragmentation moved on a real graphics API is where it belongs', async () => {
  const heap = await openDawnHeap({ device: 'software', chunkBytes: 4096 * KIB });
  const random = new XorShift32();
  const noise = makeNoise(random);
  const done = { moves: 0, slides: 0, bytes: 0, rounds: 0 };
  const most = { slides: 100, moves: scale(400, 50_000), bytes: scale(20, 4096) * KIB * KIB };
  while (done.moves < most.moves || done.bytes < most.bytes || done.slides < most.slides) {
    const parts = await fillAndThin(heap, random, noise);
    const scope = (['across', 'both', 'within'] as const)[done.rounds % 3] ?? 'both';
    const strategy = (['full', 'balanced', 'full', 'fast'] as const)[done.rounds++ % 4] ?? 'full';
    // What has just been freed is pending, and in the way, until then.
    heap.endFrame();
    const versions = parts.map(({ allocation }) => allocation.version);
    const run = heap.defragment({ strategy, scope, bytesPerPass: 8192 * KIB, movesPerPass: 100 });
    for (let frame = 0; frame < 10_000 && !run.isDone; frame++) {
      heap.endFrame();
      // A pass waits until the device has granted where it goes.
      await new Promise((next) => setImmediate(next));
    }
    expect(run.report).toMatchObject({ state: 'done', refusedCount: 0 });
    done.moves += run.report.moveCount;
    done.slides += run.report.slideCount;
    const moved = parts.filter(({ allocation }, k) => allocation.version > (versions[k] ?? 0));
    expect(moved.length).toBe(run.report.moveCount);
    const reads = moved.map(({ allocation }) => ({ allocation }));
    for (const [k, bytes] of (await heap.readMany(reads)).entries()) {
      const { from } = moved[k] as Part<unknown>;
      const expected = noise.subarray(from, from + bytes.length);
      expect(Buffer.compare(bytes, expected)).toBe(0);
      done.bytes += bytes.length;
    }
    for (const { allocation } of parts) allocation.free();
    heap.endFrame();
  }
  expect(done.moves).toBeGreaterThanOrEqual(most.moves);
  heap.dispose();
}, 900_000);
