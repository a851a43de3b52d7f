import { BestFit, Linear, NO_SPACE, Tlsf } from '@gpuheap/core/ranges';
import { expect, it } from 'vitest';
import { mustAllocate } from './scenes.ts';

it.each([Tlsf, BestFit, Linear])('takes nothing for a request that it refuses, ever so often', (Kind) => {
  const ranges = new Kind({ capacity: 1024 });
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
