/** Plans of chunks with thousands of ranges. */
import { expect, it } from 'vitest';
import { type FragmentRange, planDefragmentation } from '../../src/planning/index.ts';
import { doMoves } from './plan-oracle.ts';

const UNIT = 16;

/** A chunk of so many ranges of 1 to 3 units, of which `lives` says which live. */
function chunkOf(id: number, count: number, lives: (k: number) => boolean) {
  const ranges: FragmentRange[] = [];
  let offset = 0;
  for (let k = 0; k < count; k++) {
    const size = UNIT * (1 + ((k * 7 + id) % 3));
    const last = ranges[ranges.length - 1];
    if (lives(k)) ranges.push({ offset, size, state: 'live' });
    else if (last?.state === 'free') ranges[ranges.length - 1] = { ...last, size: last.size + size };
    else ranges.push({ offset, size, state: 'free' });
    offset += size;
  }
  return { id, pool: 'pool', sizeBytes: offset, dedicated: false, ranges };
}

it('plan thousands of ranges a chunk as they plan a few', () => {
  const chunks = [0, 1, 2, 3].map((id) => chunkOf(id, 6000, (k) => k % 2 === 0));
  for (const strategy of ['fast', 'balanced', 'full'] as const) {
    const plan = planDefragmentation({ chunks }, { strategy, movesPerPass: 5000 });
    const after = doMoves({ chunks }, plan.passes).filter(({ liveBytes }) => liveBytes > 0);
    expect(after.length).toBe(2);
    expect(plan.moveCount).toBeGreaterThan(5900);
  }
});

it('slide thousands of ranges in their order', () => {
  const chunks = [chunkOf(0, 6000, (k) => k % 2 === 0)];
  const plan = planDefragmentation({ chunks }, { scope: 'within' });
  expect(plan.after.holeCount).toBe(1);
  expect(doMoves({ chunks }, plan.passes)[0]?.holeCount).toBe(1);
});
