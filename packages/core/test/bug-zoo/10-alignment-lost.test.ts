import { Binned, type Handle, NO_SPACE, Tlsf } from '@gpuheap/core/ranges';
import { expect, it } from 'vitest';
import { expectDisjoint, mustAllocate } from './scenes.ts';

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

it('keeps an alignment through growth and shrinking in place', () => {
  const ranges = new Tlsf({ capacity: 4096 });
  mustAllocate(ranges, 3);
  const aligned = mustAllocate(ranges, 10, 64);
  for (const size of [200, 5, 64, 1, 4000]) {
    ranges.resize(aligned, size);
    expect(ranges.offsetOf(aligned) % 64).toBe(0);
  }
});
