import { type Handle, NO_SPACE } from '@gpuheap/core/ranges';
import { expect, it } from 'vitest';
import { EVERY_KIND, expectDisjoint, kindsOf, mustAllocate } from './scenes.ts';

it.each(kindsOf('tlsf', 'best-fit', 'fixed'))('%s takes only a hole that is long enough', (_, make) => {
  // 1000 and 1001 share a bin; the only hole is one unit too short for the second.
  const ranges = make({ capacity: 1002 });
  const left = mustAllocate(ranges, 1);
  const middle = mustAllocate(ranges, 1000);
  const right = mustAllocate(ranges, 1);
  ranges.free(middle);
  expect(ranges.allocate(1001)).toBe(NO_SPACE);
  const again = mustAllocate(ranges, 1000);
  expectDisjoint(ranges, [left, again, right]);
});

it.each(EVERY_KIND)('%s never gives out a byte twice, nor fewer than were asked for', (_, make) => {
  const ranges = make({ capacity: 4000 });
  const live: Handle[] = [];
  let refusedCount = 0;
  for (let step = 0; step < 3000; step++) {
    const size = 1 + ((step * 37) % 97);
    const handle = ranges.allocate(size);
    if (handle === NO_SPACE) {
      refusedCount++;
      for (let i = 0; i < 5 && live.length > 0; i++)
        ranges.free(live.splice((step * 7) % live.length, 1)[0] as Handle);
    } else {
      expect(ranges.sizeOf(handle)).toBeGreaterThanOrEqual(size);
      live.push(handle);
    }
    const other = live[(step * 11) % live.length];
    if (other !== undefined) ranges.resize(other, 1 + ((step * 53) % 97));
    if (step % 10 === 0) expectDisjoint(ranges, live);
  }
  expect(refusedCount).toBeGreaterThan(100);
});
