import { NO_SPACE } from '@gpuheap/core/ranges';
import { expect, it } from 'vitest';
import { EVERY_KIND, WITH_EXACT_SIZES } from './scenes.ts';

const HUGE = [2 ** 30 + 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 40 + 1, 2 ** 53 - 1];

it.each(EVERY_KIND)('%s refuses a huge request rather than round it to a tiny one', (_, make) => {
  for (const granularity of [1, 3, 256]) {
    const ranges = make({ capacity: 4096 * granularity, granularity });
    for (const size of HUGE) expect(ranges.allocate(size)).toBe(NO_SPACE);
    expect(ranges.allocate(4097 * granularity)).toBe(NO_SPACE);
    expect(ranges.allocateMany([{ size: 2 ** 53 - 1 }])).toBeUndefined();
    expect(ranges.statistics()).toMatchObject({ used: 0, allocationCount: 0 });
  }
});

it.each(WITH_EXACT_SIZES)('%s rounds sizes beyond 2^31 up to the granularity, exactly', (_, make) => {
  const ranges = make({ capacity: 2 ** 52, granularity: 2 ** 22 });
  for (const size of [2 ** 31 + 1, 2 ** 40 - 1, 2 ** 51 + 1]) {
    const handle = ranges.allocate(size);
    expect(ranges.sizeOf(handle)).toBe(Number(((BigInt(size) + 2n ** 22n - 1n) / 2n ** 22n) * 2n ** 22n));
    ranges.free(handle);
  }
});
