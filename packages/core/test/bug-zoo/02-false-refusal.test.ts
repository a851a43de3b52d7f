import { describe, expect, it } from 'vitest';
import { EVERY_KIND, fill, IN_ANY_ORDER, mustAllocate } from './scenes.ts';

/** Sizes on and beside the borders of the bins. */
const SIZES = [1, 31, 32, 33, 63, 64, 65, 1000, 1023, 1024, 1025, 4097, 65_537, 1_000_003];

describe.each(EVERY_KIND)('%s', (name, make) => {
  it('serves what fits exactly, wherever the size lies in its class', () => {
    for (const size of SIZES) {
      const ranges = make({ capacity: name === 'buddy' ? 2 ** Math.ceil(Math.log2(size)) : size });
      ranges.free(mustAllocate(ranges, size));
      mustAllocate(ranges, size);
    }
  });

  it('serves the whole span when all has been freed, in whatever order', () => {
    for (const step of [1, 3, 127]) {
      const ranges = make({ capacity: 1024 });
      const handles = fill(ranges, 8);
      expect(handles.length).toBe(128);
      for (let i = 0; i < 128; i++) ranges.free(handles[(i * step) % 128] as number);
      mustAllocate(ranges, 1024);
    }
  });
});

it.each(IN_ANY_ORDER)('%s serves again what was just freed between two live ranges', (_, make) => {
  for (const size of SIZES) {
    const ranges = make({ capacity: 16 * size });
    const handles = fill(ranges, size);
    expect(handles.length).toBeGreaterThan(3);
    for (const index of [1, 0, handles.length - 1, handles.length >> 1]) {
      ranges.free(handles[index] as number);
      handles[index] = mustAllocate(ranges, size);
    }
  }
});
