import { NO_SPACE } from '@gpuheap/core/ranges';
import { describe, expect, it } from 'vitest';
import { EVERY_KIND, fill, mustAllocate } from './scenes.ts';

describe.each(EVERY_KIND)('%s', (_, make) => {
  it('takes nothing for a request that it refuses, ever so often', () => {
    const ranges = make({ capacity: 1024 });
    const kept = [mustAllocate(ranges, 100), mustAllocate(ranges, 100)];
    ranges.free(kept[0] as number);
    let before = 0;
    for (let i = 0; i < 900; i++) {
      if (i === 1) before = ranges.metadataBytes;
      expect(ranges.allocate(1000)).toBe(NO_SPACE);
      expect(ranges.allocate(900, 512)).toBe(NO_SPACE);
      expect(ranges.allocateMany([{ size: 1, alignment: 64 }, { size: 1000 }])).toBeUndefined();
    }
    expect(ranges.metadataBytes).toBe(before);
  });

  it('takes nothing for slots that it can not carve', () => {
    // Every other range ends, so that there is room for single ones alone.
    const ranges = make({ capacity: 8192 });
    for (const [i, handle] of fill(ranges, 96).entries()) if (i % 2 === 0) ranges.free(handle);
    const live = fill(ranges, 48);
    const before = ranges.metadataBytes;
    for (let i = 0; i < 900; i++) expect(ranges.allocate(48)).toBe(NO_SPACE);
    expect(ranges.metadataBytes).toBe(before);
    for (const handle of live) ranges.free(handle);
  });
});
