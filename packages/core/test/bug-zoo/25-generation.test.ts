import { Tlsf } from '@gpuheap/core/ranges';
import { expect, it } from 'vitest';
import { codeOf, mustAllocate } from './scenes.ts';

it('accepts no handle of an earlier life, however many lives there were', () => {
  const ranges = new Tlsf({ capacity: 10 });
  const first = mustAllocate(ranges, 10);
  ranges.free(first);
  const seen = new Set([first]);
  for (let life = 0; life < 5000; life++) {
    const handle = mustAllocate(ranges, 10);
    expect(seen.has(handle)).toBe(false);
    seen.add(handle);
    if (life % 97 === 0) expect(codeOf(() => ranges.offsetOf(first))).toBe('stale-handle');
    ranges.free(handle);
  }
});
