import { type Handle, NO_SPACE, Ring } from '@gpuheap/core/ranges';
import { expect, it } from 'vitest';
import { expectDisjoint, mustAllocate } from './scenes.ts';

it('never hands out what is still in flight, however much is skipped at the end', () => {
  const ring = new Ring({ capacity: 100 });
  const inFlight: Handle[] = [];
  let refusedCount = 0;
  for (let step = 0; step < 5000; step++) {
    const size = 1 + ((step * 37) % 45);
    const handle = ring.allocate(size, [1, 1, 4, 7][step % 4]);
    if (handle === NO_SPACE) {
      refusedCount++;
      ring.free(inFlight.shift() as Handle);
    } else inFlight.push(handle);
    expectDisjoint(ring, inFlight);
  }
  expect(refusedCount).toBeGreaterThan(1000);
});

it('accounts for what was skipped', () => {
  const ring = new Ring({ capacity: 100 });
  const first = mustAllocate(ring, 40);
  mustAllocate(ring, 45);
  ring.free(first);
  expect(ring.skipped).toBe(0);
  expect(ring.offsetOf(mustAllocate(ring, 20))).toBe(0);
  expect(ring.skipped).toBe(15);
  expect(ring.statistics()).toMatchObject({ used: 65, free: 35, holeCount: 2 });
});

it('does not go round past the oldest range, to a hole that is not its turn', () => {
  const ring = new Ring({ capacity: 100 });
  const [first, oldest] = [20, 40, 40].map((size) => mustAllocate(ring, size)) as [Handle, Handle];
  ring.free(first);
  const early = mustAllocate(ring, 10);
  mustAllocate(ring, 10);
  ring.free(early);
  expect(ring.allocate(5)).toBe(NO_SPACE);
  expect(ring.largestAllocatable()).toBe(0);
  ring.free(oldest);
  expect(ring.offsetOf(mustAllocate(ring, 5))).toBe(20);
});
