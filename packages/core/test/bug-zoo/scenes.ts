/** Scenes: what the tests of the zoo share. */
import { UsageError } from '@gpuheap/core/errors';
import { type Handle, NO_SPACE, type Suballocator } from '@gpuheap/core/ranges';
import { expect } from 'vitest';

/** Allocates and insists. */
export function mustAllocate(ranges: Suballocator, size: number, alignment = 1): Handle {
  const handle = ranges.allocate(size, alignment);
  expect(handle, `allocate(${size}, ${alignment})`).not.toBe(NO_SPACE);
  return handle;
}

/** The code of the UsageError that `act` throws; `none` when it throws nothing. */
export function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof UsageError) return error.code;
    throw error;
  }
  return 'none';
}

/** Expects live ranges inside the span, apart, and counted. */
export function expectDisjoint(ranges: Suballocator, handles: readonly Handle[]): void {
  const sorted = handles.map((handle) => ({ at: ranges.offsetOf(handle), size: ranges.sizeOf(handle) }));
  sorted.sort((left, right) => left.at - right.at);
  let reached = 0;
  let used = 0;
  for (const { at, size } of sorted) {
    expect(at).toBeGreaterThanOrEqual(reached);
    expect(size).toBeGreaterThan(0);
    reached = at + size;
    used += size;
  }
  expect(reached).toBeLessThanOrEqual(ranges.capacity);
  expect(ranges.statistics()).toMatchObject({ used, liveCount: handles.length });
}
