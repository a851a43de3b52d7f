import { histogram, Tlsf } from '@gpuheap/core/ranges';
import { expect, it } from 'vitest';

it('counts live and free ranges by powers of two, gaps included', () => {
  const ranges = new Tlsf({ capacity: 1024 });
  const handles = [1, 3, 4, 7, 64].map((size) => ranges.allocate(size));
  ranges.free(handles[1] as number);
  const bars = histogram(ranges);
  expect(bars.map(({ from }) => from)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512]);
  expect(bars[0]).toEqual({ from: 1, liveCount: 1, liveBytes: 1, freeCount: 0, freeBytes: 0 });
  expect(bars[1]).toEqual({ from: 2, liveCount: 0, liveBytes: 0, freeCount: 1, freeBytes: 3 });
  expect(bars[2]).toEqual({ from: 4, liveCount: 2, liveBytes: 11, freeCount: 0, freeBytes: 0 });
  expect(bars[6]).toMatchObject({ liveCount: 1, liveBytes: 64 });
  expect(bars[9]).toMatchObject({ freeCount: 1, freeBytes: 1024 - 79 });
  const bytes = bars.reduce((sum, { liveBytes, freeBytes }) => sum + liveBytes + freeBytes, 0);
  expect(bytes).toBe(1024);
});

it('is exact at the borders of the largest sizes', () => {
  const ranges = new Tlsf({ capacity: 2 ** 53 - 2 ** 22, granularity: 2 ** 22 });
  ranges.allocate(2 ** 52);
  expect(histogram(ranges).map(({ from, liveCount }) => [from, liveCount])).toEqual([
    [2 ** 51, 0],
    [2 ** 52, 1],
  ]);
});
