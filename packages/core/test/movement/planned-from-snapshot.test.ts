/** What a plan of a snapshot says is what a run does. */
import { expect, it } from 'vitest';
import type { MockBuffer } from '../../../mock/src/index.ts';
import { XorShift32 } from '../../../testing/src/workloads/random.ts';
import { type Allocation, Buddy, BufferUsage, planDefragmentation } from '../../src/index.ts';
import { openHeap, patternOf } from '../heap/open-heap.ts';
import { doFrames, expectBytes } from './scattered-heap.ts';

const KIB = 1024;
const { VERTEX } = BufferUsage;
const NO_LIMITS = { bytesPerPass: Number.POSITIVE_INFINITY, movesPerPass: Number.POSITIVE_INFINITY };

it.each([1, 2, 3, 4, 5, 6])('a run makes the moves that a plan of a snapshot has, scene %i', async (seed) => {
  const reuseAfter = seed % 2 === 0 ? 'submitted' : 'completed';
  const timelines = reuseAfter === 'completed' ? 2 : 1;
  const { gpu, heap } = openHeap({ chunkBytes: 64 * KIB }, { reuseAfter, autoComplete: true, timelines });
  const random = new XorShift32(seed);
  const pools = [
    undefined,
    heap.createPool({ name: 'odd', granularity: 48, chunkBytes: 48 * KIB }),
    heap.createPool({ name: 'buddy', chunkBytes: 64 * KIB, suballocator: (options) => new Buddy(options) }),
  ];
  const live = new Map<Allocation<MockBuffer>, Uint8Array>();
  for (let k = 0; k < 200; k++) {
    const pool = pools[random.below(3)];
    const made = heap.allocate({
      ...{ size: 100 + random.below(4000), usage: VERTEX },
      ...(pool === undefined ? {} : { pool }),
      ...(random.below(9) < timelines - 1 ? { timelines: [0, 1] } : {}),
    });
    live.set(made, patternOf(k, made.size));
  }
  for (const [made, bytes] of live) {
    if (random.below(3) === 0) {
      made.write(bytes);
      continue;
    }
    made.free();
    live.delete(made);
  }
  for (const pinned of [...live.keys()].slice(0, 3)) pinned.pin();
  await doFrames(heap, 3);
  for (const scope of ['within', 'across', 'both'] as const) {
    const options = { ...NO_LIMITS, strategy: 'full', scope } as const;
    const plan = planDefragmentation(heap.snapshot(), { ...options, reuseAfter, scratchBytes: 64 * KIB });
    const run = heap.defragment(options);
    for (let frame = 0; frame < 99 && !run.isDone; frame++) await doFrames(heap, 1);
    const { moveCount, movedBytes, copiedBytes, refusedCount } = run.report;
    expect({ moveCount, movedBytes, copiedBytes, refusedCount }).toEqual({
      moveCount: plan.moveCount,
      movedBytes: plan.movedBytes,
      copiedBytes: plan.copiedBytes,
      refusedCount: 0,
    });
    expect(run.kept).toEqual(plan.kept.filter(({ chunk }) => run.kept.some((kept) => kept.chunk === chunk)));
  }
  await expectBytes({ gpu, heap, live });
});
