import { Binned, Buddy, type Handle, NO_SPACE } from '@gpuheap/core/ranges';
import { expect, it } from 'vitest';
import { EVERY_KIND, expectDisjoint, mustAllocate } from './scenes.ts';

it('aligns in every class, in slots used before too', () => {
  const binned = new Binned({ capacity: 1 << 18, granularity: 4 });
  const live: Handle[] = [];
  for (let step = 0; step < 4000; step++) {
    if (step % 3 === 2) binned.free(live.splice((step * 7) % live.length, 1)[0] as Handle);
    const alignment = [1, 4, 16, 64, 256, 12, 36][step % 7] as number;
    const handle = binned.allocate(1 + ((step * 29) % 300), alignment);
    if (handle === NO_SPACE) continue;
    expect(binned.offsetOf(handle) % alignment).toBe(0);
    live.push(handle);
  }
  expect(live.length).toBeGreaterThan(1000);
  expectDisjoint(binned, live);
});

it.each(EVERY_KIND)('%s keeps an alignment through growth and shrinking in place', (_, make) => {
  const ranges = make({ capacity: 4096 });
  mustAllocate(ranges, 3);
  const aligned = mustAllocate(ranges, 10, 64);
  for (const size of [200, 5, 64, 1, 1000]) {
    ranges.resize(aligned, size);
    expect(ranges.offsetOf(aligned) % 64).toBe(0);
  }
});

it('grows a buddy only where it begins at a multiple of its length', () => {
  const buddy = new Buddy({ capacity: 64 });
  const [, second, third] = [4, 4, 4, 4].map((size) => mustAllocate(buddy, size)) as [Handle, Handle, Handle];
  buddy.free(third);
  expect(buddy.offsetOf(second)).toBe(4);
  expect(buddy.resize(second, 8)).toBe(false);
  expect(buddy.offsetOf(second) % buddy.sizeOf(second)).toBe(0);
});
