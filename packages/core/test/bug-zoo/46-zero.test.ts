import { digest } from '@gpuheap/core/debug';
import { BestFit, Linear, Tlsf } from '@gpuheap/core/ranges';
import { expect, it } from 'vitest';
import { codeOf, mustAllocate } from './scenes.ts';

it.each([Tlsf, BestFit, Linear])('has one answer to a request for nothing', (Kind) => {
  for (const granularity of [1, 3, 16]) {
    const ranges = new Kind({ capacity: 480, granularity });
    const handle = mustAllocate(ranges, 10);
    const before = digest(ranges);
    expect(codeOf(() => ranges.allocate(0))).toBe('bad-size');
    expect(codeOf(() => ranges.allocateMany([{ size: 5 }, { size: 0 }]))).toBe('bad-size');
    expect(codeOf(() => ranges.resize(handle, 0))).toBe('bad-size');
    expect(digest(ranges)).toBe(before);
  }
});
