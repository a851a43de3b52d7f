import { Linear, NO_SPACE, Tlsf } from '@gpuheap/core/ranges';
import { expect, it } from 'vitest';

const MOST = 2 ** 21 - 1;

it('serves the last record that was promised, and says so when there is none', () => {
  const linear = new Linear({ capacity: 2 * MOST });
  for (let count = 0; count < MOST; count++) {
    if (linear.allocate(1) === NO_SPACE) expect(count).toBe(MOST);
  }
  expect(linear.allocate(1)).toBe(NO_SPACE);
  const { liveCount, free } = linear.statistics();
  expect([liveCount, free]).toEqual([MOST, MOST]);
});

it('lets the last record be the last range of a full span', () => {
  const tlsf = new Tlsf({ capacity: MOST });
  for (let count = 0; count < MOST; count++) {
    if (tlsf.allocate(1) === NO_SPACE) expect(count).toBe(MOST);
  }
  expect(tlsf.statistics()).toMatchObject({ liveCount: MOST, free: 0, holeCount: 0 });
});
