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

it('never waits for ever when every frame fits exactly', () => {
  // Two frames in flight fill the ring; each begins where the one before the last ended.
  const ring = new Ring({ capacity: 96 });
  const inFlight = [mustAllocate(ring, 48), mustAllocate(ring, 48)];
  for (let frame = 0; frame < 20; frame++) {
    ring.free(inFlight.shift() as number);
    inFlight.push(mustAllocate(ring, 48));
    expect(ring.offsetOf(inFlight[1] as number)).toBe((frame % 2) * 48);
  }
});
