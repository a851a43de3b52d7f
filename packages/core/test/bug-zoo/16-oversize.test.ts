import { Linear, NO_SPACE } from '@gpuheap/core/ranges';
import { expect, it } from 'vitest';
import { mustAllocate } from './scenes.ts';

it('refuses what is longer than the space on top, by one unit too', () => {
  const linear = new Linear({ capacity: 100 });
  expect(linear.allocate(101)).toBe(NO_SPACE);
  mustAllocate(linear, 40);
  expect(linear.allocate(61)).toBe(NO_SPACE);
  expect(linear.allocate(60, 64)).toBe(NO_SPACE);
  mustAllocate(linear, 60);
  expect(linear.allocate(1)).toBe(NO_SPACE);
  expect(linear.statistics()).toMatchObject({ used: 100, free: 0 });
});
