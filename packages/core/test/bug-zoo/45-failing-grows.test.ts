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
    const ranges = make({ capacity: 8192 });
    // So that much is free, in holes that are all too short.
    for (const handle of fill(ranges, 100)) expect(ranges.resize(handle, 70)).toBe(true);
    fill(ranges, 48);
    const before = ranges.metadataBytes;
    for (let i = 0; i < 900; i++) expect(ranges.allocate(48)).toBe(NO_SPACE);
    expect(ranges.metadataBytes).toBe(before);
  });
});
