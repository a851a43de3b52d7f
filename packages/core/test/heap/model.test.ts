import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MockBuffer } from '../../../mock/src/index.ts';
import { scale } from '../../../testing/src/scale.ts';
import { type Allocation, BufferUsage, OutOfMemoryError } from '../../src/index.ts';
import { firstDifference, openHeap, patternOf } from './open-heap.ts';

const { STORAGE, UNIFORM, VERTEX } = BufferUsage;
const USAGES = [VERTEX, UNIFORM, STORAGE];

/** One step: what to do, and numbers to do it with. */
type Step = readonly [kind: string, a: number, b: number];

const KINDS = [
  'allocate',
  'allocate',
  'allocate',
  'large',
  'free',
  'free',
  'write',
  'copy',
  'submitted',
  'frame',
  'complete',
];

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.tuple(fc.constantFrom(...KINDS), fc.nat(1_000_000), fc.nat(1_000_000)),
  { minLength: 20, maxLength: 150, size: 'max' },
);

interface Shadow {
  readonly allocation: Allocation<MockBuffer>;
  bytes: Uint8Array;
}

async function run(
  script: readonly Step[],
  reuseAfter: 'submitted' | 'completed',
  budgetBytes: number,
): Promise<void> {
  const { gpu, heap } = openHeap({ chunkBytes: 65_536, dedicatedBytes: 40_000, budgetBytes }, { reuseAfter });
  const live: Shadow[] = [];
  let serial = 0;
  let seed = 0;
  const add = (size: number, usage: number): void => {
    const allocation = heap.tryAllocate({ size, usage });
    if (allocation === undefined) return;
    seed++;
    const bytes = patternOf(seed, size);
    allocation.write(bytes);
    live.push({ allocation, bytes });
  };
  for (const [kind, a, b] of script) {
    const one = live[a % Math.max(1, live.length)];
    const other = live[b % Math.max(1, live.length)];
    if (kind === 'allocate') add(1 + (a % 3000), USAGES[b % 3]!);
    else if (kind === 'large') add(30_000 + (a % 30_000), USAGES[b % 3]!);
    else if (kind === 'submitted') serial = heap.submitted();
    else if (kind === 'frame') serial = heap.endFrame();
    else if (kind === 'complete') gpu.completeUpTo(Math.max(0, serial - (a % 3)));
    else if (one === undefined || other === undefined) continue;
    else if (kind === 'free') {
      one.allocation.free();
      live.splice(live.indexOf(one), 1);
    } else if (kind === 'write') {
      const at = 4 * (b % (1 + Math.floor(one.bytes.length / 8)));
      seed++;
      const bytes = patternOf(seed, one.bytes.length - at);
      one.allocation.write(bytes, at);
      one.bytes.set(bytes, at);
    } else {
      copy(one, other);
    }
    expect(gpu.heldBytes).toBeLessThanOrEqual(budgetBytes);
  }
  function copy(from: Shadow, to: Shadow): void {
    const size = Math.min(from.bytes.length, to.bytes.length) & ~3;
    try {
      heap.copy(from.allocation, 0, to.allocation, 0, size);
    } catch (error) {
      if (!(error instanceof OutOfMemoryError)) throw error;
      return;
    }
    to.bytes.set(from.bytes.slice(0, size));
  }
  const reads = live.map(({ allocation }) => allocation.read().catch((error: unknown) => error));
  gpu.completeAll();
  for (const [k, result] of (await Promise.all(reads)).entries()) {
    // Reading needs room for a copy: within a tight budget some reads are refused, and say so.
    if (result instanceof OutOfMemoryError) continue;
    expect(firstDifference(result as Uint8Array, live[k]!.bytes)).toBe(-1);
  }
  const { statistics, chunks } = heap.snapshot();
  const held = chunks.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  expect(statistics.usedBytes + statistics.pendingBytes + statistics.freeBytes).toBe(held);
  expect(gpu.errors).toEqual([]);
  heap.dispose();
  expect(gpu.buffers.size).toBe(0);
}

describe('heap model', () => {
  for (const reuseAfter of ['submitted', 'completed'] as const) {
    it(`keeps every byte through any sequence of calls, ranges reused after ${reuseAfter}`, async () => {
      await fc.assert(
        fc.asyncProperty(steps, fc.constantFrom(Number.POSITIVE_INFINITY, 200_000), (script, budget) =>
          run(script, reuseAfter, budget),
        ),
        { numRuns: scale(150, 800) },
      );
    });
  }
});
