import { digest, validate } from '@gpuheap/core/debug';
import { Linear } from '@gpuheap/core/ranges';
import { describe, expect, it } from 'vitest';
import { EVERY_KIND, fill, mustAllocate } from './scenes.ts';

describe.each(EVERY_KIND)('%s', (_, make) => {
  it('counts nothing for what was refused', () => {
    const ranges = make({ capacity: 1000, granularity: 10 });
    const handle = mustAllocate(ranges, 333);
    mustAllocate(ranges, 10);
    const before = digest(ranges);
    for (let i = 0; i < 10; i++) {
      ranges.allocate(900);
      expect(ranges.allocateMany([{ size: 55 }, { size: 66, alignment: 40 }, { size: 700 }])).toBeUndefined();
      expect(ranges.resize(handle, 999)).toBe(false);
      expect(digest(ranges)).toBe(before);
    }
  });

  it('is back at zero when everything has ended', () => {
    const ranges = make({ capacity: 1000, granularity: 10 });
    const requested = [7, 13, 20, 301];
    const handles = requested.map((size) => mustAllocate(ranges, size));
    for (const [index, size] of [
      [3, 344],
      [1, 3],
      [3, 250],
      [0, 9],
    ] as const) {
      if (ranges.resize(handles[index] as number, size)) requested[index] = size;
      let used = 0;
      let asked = 0;
      for (const handle of handles) used += ranges.sizeOf(handle);
      for (const each of requested) asked += each;
      expect(ranges.statistics()).toMatchObject({ used, requested: asked, free: 1000 - used });
    }
    for (const handle of handles) ranges.free(handle);
    expect(ranges.statistics()).toMatchObject({ used: 0, requested: 0, free: 1000, liveCount: 0 });
    expect(validate(ranges)).toEqual([]);
  });

  it('counts what it has, however often it was full and empty', () => {
    const ranges = make({ capacity: 8192 });
    for (let round = 0; round < 5; round++) {
      for (const size of [4, 24, 64]) {
        const handles = fill(ranges, size);
        expect(validate(ranges)).toEqual([]);
        for (const handle of handles) ranges.free(handle);
        expect(validate(ranges)).toEqual([]);
        expect(ranges.statistics()).toMatchObject({ used: 0, liveCount: 0 });
        ranges.free(mustAllocate(ranges, 8192));
      }
    }
  });
});

it('does not raise the high-water mark for what was undone', () => {
  const linear = new Linear({ capacity: 100 });
  mustAllocate(linear, 10);
  expect(linear.allocateMany([{ size: 50 }, { size: 50 }])).toBeUndefined();
  expect(linear.highWater).toBe(10);
});
