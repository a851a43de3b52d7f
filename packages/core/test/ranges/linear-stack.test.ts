import { Linear, NO_SPACE } from '@gpuheap/core/ranges';
import { describe, expect, it } from 'vitest';

function picture(linear: Linear): string {
  return [...linear.ranges()]
    .map((range) => (range.handle === NO_SPACE ? '.' : '#').repeat(range.size))
    .join('');
}

describe('linear', () => {
  it('gives the top back at once and what is buried when all above is free', () => {
    const linear = new Linear({ capacity: 10 });
    const [a, b, c] = [linear.allocate(2), linear.allocate(3), linear.allocate(4)];
    expect(picture(linear)).toBe('#########.');
    linear.free(b);
    expect(picture(linear)).toBe('##...####.');
    expect(linear.largestAllocatable()).toBe(1);
    expect(linear.statistics()).toMatchObject({ free: 4, largestFree: 3, holeCount: 2 });
    expect(linear.allocate(2)).toBe(NO_SPACE);
    linear.free(c);
    expect(picture(linear)).toBe('##........');
    expect(linear.statistics()).toMatchObject({ free: 8, largestFree: 8, holeCount: 1, mergeCount: 2 });
    expect(linear.offsetOf(linear.allocate(8))).toBe(2);
    expect(linear.statistics()).toMatchObject({ free: 0, largestFree: 0, holeCount: 0 });
    linear.free(a);
    expect(linear.statistics()).toMatchObject({ free: 2, largestFree: 2, holeCount: 1 });
    expect(linear.largestAllocatable()).toBe(0);
  });

  it('shows the space skipped for alignment as free, and takes it back with the range on it', () => {
    const linear = new Linear({ capacity: 64, granularity: 4 });
    linear.allocate(4);
    const aligned = linear.allocate(5, 24);
    expect(linear.offsetOf(aligned)).toBe(24);
    expect([...linear.ranges()].map((range) => range.size)).toEqual([4, 20, 8, 32]);
    expect(linear.largestAllocatable(64)).toBe(0);
    expect(linear.largestAllocatable(24)).toBe(16);
    linear.free(aligned);
    expect([...linear.ranges()].map((range) => range.size)).toEqual([4, 60]);
  });

  it('recounts the longest buried hole after it came back', () => {
    const linear = new Linear({ capacity: 100 });
    const handles = [10, 1, 20, 1, 30, 1].map((size) => linear.allocate(size));
    for (const index of [0, 2, 4]) linear.free(handles[index] as number);
    expect(linear.statistics().largestFree).toBe(37);
    linear.free(handles[5] as number);
    linear.allocate(60);
    expect(linear.statistics()).toMatchObject({ largestFree: 20, holeCount: 3 });
    linear.reset();
    expect(linear.statistics()).toMatchObject({ largestFree: 100, holeCount: 1, liveCount: 0 });
    expect(linear.allocate(100)).not.toBe(NO_SPACE);
    expect(linear.metadataBytes).toBeGreaterThan(0);
  });
});
