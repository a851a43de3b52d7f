import { BestFit, Tlsf } from '@gpuheap/core/ranges';
import { describe, it } from 'vitest';
import { mustAllocate } from './scenes.ts';

/** Sizes on and beside the borders of the bins. */
const SIZES = [1, 31, 32, 33, 63, 64, 65, 1000, 1023, 1024, 1025, 4097, 65_537, 1_000_003];

describe.each([['tlsf', Tlsf] as const, ['best-fit', BestFit] as const])('%s', (_, Kind) => {
  it('serves what fits exactly, wherever the size lies in its class', () => {
    for (const size of SIZES) {
      const ranges = new Kind({ capacity: size });
      ranges.free(mustAllocate(ranges, size));
      mustAllocate(ranges, size);
    }
  });

  it('serves again what was just freed between two live ranges', () => {
    for (const size of SIZES) {
      const ranges = new Kind({ capacity: size + 2 });
      mustAllocate(ranges, 1);
      const middle = mustAllocate(ranges, size);
      mustAllocate(ranges, 1);
      ranges.free(middle);
      mustAllocate(ranges, size);
    }
  });
});
