import { digest } from '@gpuheap/core/debug';
import { expect, it } from 'vitest';
import { codeOf } from '../code-of.ts';
import { EVERY_KIND, mustAllocate } from './scenes.ts';

it.each(EVERY_KIND)('%s has one answer to a request for nothing', (_, make) => {
  for (const granularity of [1, 3, 16]) {
    const ranges = make({ capacity: 480, granularity });
    const handle = mustAllocate(ranges, 10);
    const before = digest(ranges);
    expect(codeOf(() => ranges.allocate(0))).toBe('bad-size');
    expect(codeOf(() => ranges.allocate(0, 16 * granularity))).toBe('bad-size');
    expect(codeOf(() => ranges.allocateMany([{ size: 5 }, { size: 0 }]))).toBe('bad-size');
    expect(codeOf(() => ranges.resize(handle, 0))).toBe('bad-size');
    expect(digest(ranges)).toBe(before);
  }
});
