import { Linear, NO_SPACE, Ring } from '@gpuheap/core/ranges';
import { expect, it } from 'vitest';
import { EVERY_KIND, IN_ANY_ORDER, mustAllocate, WITH_EXACT_SIZES } from './scenes.ts';

/** Those that serve the padding before an aligned range at once. */
const SERVING_PADDING = WITH_EXACT_SIZES.filter(([name]) => IN_ANY_ORDER.some(([other]) => other === name));

it.each(SERVING_PADDING)('%s counts padding as free, and gives it away', (_, make) => {
  const ranges = make({ capacity: 256 });
  mustAllocate(ranges, 1);
  const aligned = mustAllocate(ranges, 10, 64);
  expect(ranges.offsetOf(aligned)).toBe(64);
  expect(ranges.statistics()).toMatchObject({ used: 11, free: 245, holeCount: 2 });
  expect(ranges.offsetOf(mustAllocate(ranges, 63))).toBe(1);
  ranges.free(aligned);
  expect(ranges.statistics()).toMatchObject({ used: 64, free: 192, holeCount: 1 });
});

it.each(EVERY_KIND)('%s has all of its padding back when everything has ended', (_, make) => {
  const ranges = make({ capacity: 1024 });
  for (let round = 0; round < 50; round++) {
    const handles = [1, 10, 1, 30, 2].map((size, i) => mustAllocate(ranges, size, i % 2 === 0 ? 1 : 64));
    let used = 0;
    for (const handle of handles) used += ranges.sizeOf(handle);
    expect(ranges.statistics()).toMatchObject({ used, free: 1024 - used });
    while (handles.length > 0) ranges.free(handles.pop() as number);
    expect(ranges.statistics()).toMatchObject({ used: 0, free: 1024 });
  }
  mustAllocate(ranges, 1024);
});

it('gets the padding back when a linear range ends', () => {
  const ranges = new Linear({ capacity: 256 });
  mustAllocate(ranges, 1);
  for (let i = 0; i < 100; i++) ranges.free(mustAllocate(ranges, 10, 64));
  expect(ranges.statistics()).toMatchObject({ used: 1, free: 255, holeCount: 1 });
  expect(ranges.allocate(256)).toBe(NO_SPACE);
  mustAllocate(ranges, 255);
});

it('says what a ring has skipped for alignment, until that serves again', () => {
  const ring = new Ring({ capacity: 256 });
  const first = mustAllocate(ring, 1);
  const aligned = mustAllocate(ring, 10, 64);
  expect(ring.skipped).toBe(63);
  expect(ring.statistics()).toMatchObject({ used: 11, free: 245, holeCount: 2 });
  ring.free(first);
  expect(ring.skipped).toBe(0);
  ring.free(aligned);
  mustAllocate(ring, 256);
});
