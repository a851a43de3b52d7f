import { NO_SPACE, Ring } from '@gpuheap/core/ranges';
import { expect, it } from 'vitest';
import { expectDisjoint, mustAllocate } from './scenes.ts';

it('knows full from empty when the head meets the tail', () => {
  const ring = new Ring({ capacity: 60 });
  for (let round = 0; round < 7; round++) {
    const handles = [10, 20, 30].map((size) => mustAllocate(ring, size));
    expect(ring.allocate(1)).toBe(NO_SPACE);
    expect(ring.statistics()).toMatchObject({ used: 60, free: 0, holeCount: 0 });
    expectDisjoint(ring, handles);
    for (const handle of handles) ring.free(handle);
    expect(ring.statistics()).toMatchObject({ used: 0, free: 60, holeCount: 1 });
    expect(ring.largestAllocatable()).toBe(60);
    // So that the next round begins elsewhere.
    const shift = mustAllocate(ring, 7);
    const whole = mustAllocate(ring, 53);
    expect(ring.allocate(1)).toBe(NO_SPACE);
    ring.free(shift);
    ring.free(whole);
  }
});
