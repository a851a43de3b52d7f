import { describe, expect, it } from 'vitest';
import { EVERY_KIND, expectDisjoint, mustAllocate } from './scenes.ts';

const GRANULARITY = 2 ** 23;
const SIZES = [2 ** 31, 2 ** 32, 2 ** 51, 2 ** 52];

describe.each(EVERY_KIND)('%s', (name, make) => {
  it('gives offsets and sizes beyond 2^31, 2^32 and 2^52 whole', () => {
    const ranges = make({ capacity: 2 ** 53 - GRANULARITY, granularity: GRANULARITY });
    const handles = SIZES.map((size) => mustAllocate(ranges, size));
    let expected = 0;
    for (const [i, size] of SIZES.entries()) {
      const offset = ranges.offsetOf(handles[i] as number);
      expect(ranges.sizeOf(handles[i] as number)).toBe(size);
      // A buddy takes the shortest hole, wherever that is.
      if (name === 'buddy') expect(offset % GRANULARITY).toBe(0);
      else expect(offset).toBe(expected);
      expected += size;
    }
    expectDisjoint(ranges, handles);
    expect(ranges.statistics()).toMatchObject({ used: expected, liveCount: 4 });
  });
});
