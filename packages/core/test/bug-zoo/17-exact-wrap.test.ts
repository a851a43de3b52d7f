import { NO_SPACE, Ring } from '@gpuheap/core/ranges';
import { expect, it } from 'vitest';
import { mustAllocate } from './scenes.ts';

it('serves what fits exactly up to the end of the span, and up to the oldest range after the wrap', () => {
  const ring = new Ring({ capacity: 100 });
  const oldest = mustAllocate(ring, 30);
  const next = mustAllocate(ring, 40);
  expect(ring.offsetOf(mustAllocate(ring, 30))).toBe(70);
  expect(ring.allocate(1)).toBe(NO_SPACE);
  ring.free(oldest);
  expect(ring.allocate(31)).toBe(NO_SPACE);
  expect(ring.largestAllocatable()).toBe(30);
  expect(ring.offsetOf(mustAllocate(ring, 30))).toBe(0);
  expect(ring.allocate(1)).toBe(NO_SPACE);
  ring.free(next);
  expect(ring.offsetOf(mustAllocate(ring, 40))).toBe(30);
});
