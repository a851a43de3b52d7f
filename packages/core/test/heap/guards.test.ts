import { describe, expect, it } from 'vitest';
import type { MockBuffer } from '../../../mock/src/index.ts';
import { scale } from '../../../testing/src/scale.ts';
import { type Allocation, BufferUsage } from '../../src/index.ts';
import { codeOf } from '../code-of.ts';
import { openHeap, patternOf } from './open-heap.ts';

const { STORAGE, UNIFORM, VERTEX } = BufferUsage;
const GUARD = 16;

function open() {
  return openHeap(
    { guardBytes: GUARD, dedicatedBytes: 30_000, chunkBytes: 65_536 },
    { autoComplete: true, reuseAfter: 'submitted' },
  );
}

/** What random use of a heap leaves alive. */
function use(heap: ReturnType<typeof open>['heap'], steps: number, seed: number): Allocation<MockBuffer>[] {
  const live: Allocation<MockBuffer>[] = [];
  for (let step = 0; step < steps; step++) {
    const number = (seed * 7919 + step * 104_729) % 1_000_003;
    const pick = live[number % Math.max(1, live.length)];
    if (number % 4 < 2 || pick === undefined) {
      const size = 1 + (number % (number % 9 === 0 ? 40_000 : 900));
      const one = heap.allocate({ size, usage: [VERTEX, STORAGE, UNIFORM][number % 3] as number });
      one.write(patternOf(step, size));
      live.push(one);
    } else if (number % 4 === 2) pick.resize(1 + (number % 1500));
    else {
      live.splice(live.indexOf(pick), 1);
      pick.free();
    }
    if (step % 11 === 0) heap.endFrame();
  }
  return live;
}

describe('guards', () => {
  it('find every overwrite past an end, and nothing else', async () => {
    let planted = 0;
    for (let round = 0; planted < scale(100, 500); round++) {
      const { backend, heap } = open();
      const live = use(heap, 120, round);
      expect(await heap.checkGuards()).toEqual([]);
      const victims = live.filter((_, k) => k % 3 === round % 3);
      for (const [k, victim] of victims.entries()) {
        const { buffer, offset, size } = victim.binding();
        // Any word of the guard; what stands there is no zero.
        const word = ((k + round) % (GUARD / 4)) * 4;
        backend.write(buffer, offset + size + word, Uint8Array.of(0, 0, 0, 0));
        victim.rename(`victim ${k}`);
        planted++;
      }
      const damages = await heap.checkGuards();
      expect(new Set(damages.map(({ label }) => label))).toEqual(new Set(victims.map(({ label }) => label)));
      for (const { label, distance, changedCount, offset } of damages) {
        const victim = victims.find((each) => each.label === label) as Allocation<MockBuffer>;
        expect(changedCount).toBe(4);
        expect(offset).toBe(victim.binding().offset + victim.binding().size + distance);
      }
      // A resize writes the guard anew, and what is freed is not looked at.
      for (const [k, victim] of victims.entries()) {
        if (k % 2 === 0) victim.resize(victim.size + 8);
        else victim.free();
      }
      expect(await heap.checkGuards()).toEqual([]);
    }
  });

  it('lie behind blocks and large allocations too, and leave sizes and bytes as they are', async () => {
    const { backend, heap } = open();
    const block = heap.allocateBlock(
      [
        { size: 100, usage: VERTEX },
        { size: 7, usage: VERTEX },
      ],
      'block',
    );
    const large = heap.allocate({ size: 40_001, usage: VERTEX, label: 'large', zeroed: true });
    expect(large.size).toBe(40_001);
    expect(large.binding().size).toBe(40_004);
    expect(heap.statistics().requestedBytes).toBe(block.size + 40_001);
    const most = heap.largestAllocatable({ size: 1, usage: VERTEX });
    expect(heap.canAllocate({ size: most, usage: VERTEX })).toBe(true);
    for (const each of [block, large]) {
      const { buffer, offset, size } = each.binding();
      backend.write(buffer, offset + size + GUARD - 4, Uint8Array.of(0, 0, 0, 0));
    }
    expect((await heap.checkGuards()).map(({ label, distance }) => [label, distance])).toEqual([
      ['block', GUARD - 4],
      ['large', GUARD - 4],
    ]);
    heap.dispose();
    expect(codeOf(() => heap.checkGuards())).toBe('disposed');
  });

  it('are told of once, though what they are behind is on its way elsewhere', async () => {
    let check: Promise<readonly { label: string }[]> | undefined;
    const { backend, heap } = openHeap(
      {
        guardBytes: GUARD,
        budgetBytes: 65_536,
        chunkBytes: 65_536,
        onPressure: () => {
          heap.setBudget(Number.POSITIVE_INFINITY);
          check = heap.checkGuards();
          mesh.pin();
        },
      },
      { autoComplete: true, reuseAfter: 'submitted' },
    );
    const mesh = heap.allocate({ size: 1000, usage: VERTEX, label: 'mesh' });
    heap.allocate({ size: 60, usage: VERTEX });
    backend.write(mesh.buffer, mesh.offset + 1000, Uint8Array.of(0, 0, 0, 0));
    // Within one buffer bytes go out and back, and for that there is no room: the move ends in between.
    expect(codeOf(() => mesh.resize(2000))).toBe('not-movable');
    expect((await check)?.map(({ label }) => label)).toEqual(['mesh']);
    expect((await heap.checkGuards()).map(({ label }) => label)).toEqual(['mesh']);
  });

  it('say when there is no room to read them', async () => {
    const { heap } = openHeap(
      { guardBytes: GUARD, budgetBytes: 65_536, chunkBytes: 65_536 },
      { autoComplete: true },
    );
    heap.allocate({ size: 1000, usage: VERTEX });
    await expect(heap.checkGuards()).rejects.toMatchObject({ code: 'over-budget' });
    heap.setBudget(Number.POSITIVE_INFINITY);
    expect(await heap.checkGuards()).toEqual([]);
  });

  it('are none by default, and refused when they can not be', async () => {
    const { backend, heap } = openHeap({}, { autoComplete: true });
    const mesh = heap.allocate({ size: 16, usage: VERTEX });
    backend.write(mesh.buffer, mesh.offset + 16, Uint8Array.of(0, 0, 0, 0));
    expect(await heap.checkGuards()).toEqual([]);
    for (const guardBytes of [-4, 1, 6, 1.5, 65_540, '16', null]) {
      expect(codeOf(() => openHeap({ guardBytes: guardBytes as number }))).toBe('bad-size');
    }
  });
});
