import { validate } from '@gpuheap/core/debug';
import { type Suballocator, type SuballocatorState, Tlsf } from '@gpuheap/core/ranges';
import { describe, expect, it } from 'vitest';
import { codeOf } from '../code-of.ts';
import { EVERY_KIND, mustAllocate } from './scenes.ts';

/** More than the lives that fit a small integer, several times. */
const LIVES = 5000;

describe.each(EVERY_KIND)('%s', (_, make) => {
  it('accepts no handle of an earlier life, however many lives there were', () => {
    const ranges = make({ capacity: 16 });
    const first = mustAllocate(ranges, 16);
    ranges.free(first);
    const seen = new Set([first]);
    for (let life = 0; life < LIVES; life++) {
      const handle = mustAllocate(ranges, 16);
      if (seen.has(handle)) expect.fail(`handle ${handle} was given out again in life ${life}`);
      if (ranges.sizeOf(handle) !== 16) expect.fail(`handle ${handle} does not name its range`);
      seen.add(handle);
      if (life % 97 === 0) expect(codeOf(() => ranges.offsetOf(first))).toBe('stale-handle');
      ranges.free(handle);
    }
  });

  it('tells lives apart that a reset has ended', () => {
    const ranges = make({ capacity: 16 });
    const seen = new Set<number>();
    for (let life = 0; life < LIVES; life++) {
      seen.add(mustAllocate(ranges, 16));
      ranges.reset();
    }
    expect(seen.size).toBe(LIVES);
  });
});

it('goes on counting lives in what is restored', () => {
  let ranges = new Tlsf({ capacity: 16 });
  const seen: number[] = [];
  for (let life = 0; life < LIVES; life++) {
    seen.push(mustAllocate(ranges, 16));
    if (life % 500 === 0) ranges = Tlsf.restore(ranges.serialize());
    ranges.free(seen.at(-1) as number);
  }
  expect(new Set(seen).size).toBe(LIVES);
  for (const handle of seen) expect(codeOf(() => ranges.free(handle))).toBe('stale-handle');
});

it('counts lives in records that came later', () => {
  const ranges = new Tlsf({ capacity: 4096 });
  for (let life = 0; life < LIVES; life++) ranges.free(mustAllocate(ranges, 16));
  const handles = Array.from({ length: 256 }, () => mustAllocate(ranges, 16));
  expect(new Set(handles).size).toBe(256);
  for (const handle of handles) expect(ranges.sizeOf(handle)).toBe(16);
});

describe.each(EVERY_KIND)('%s', (_, make) => {
  // In a span that is full, and in one with a hole behind.
  it.each([48, 4096])('never uses a record again whose lives are used up, in %i bytes', (capacity) => {
    const young = make({ capacity });
    const beside = [mustAllocate(young, 16), mustAllocate(young, 16)];
    for (let life = 0; life < LIVES; life++) young.free(mustAllocate(young, 16));
    // Two thousand million lives at once: the last epoch but one.
    const state = young.serialize();
    (state.parts['epochs'] as Int32Array).fill(2 ** 21 - 1);
    const old = restoreLike(young, state);
    const last = mustAllocate(old, 16);
    const records = new Set([old.indexOf(last)]);
    const handles = new Set([last]);
    old.free(last);
    for (let life = 1; life < LIVES; life++) {
      const handle = mustAllocate(old, 16);
      expect(handle).toBeLessThan(2 ** 52);
      expect(old.sizeOf(handle)).toBe(16);
      records.add(old.indexOf(handle));
      handles.add(handle);
      old.free(handle);
    }
    expect(handles.size).toBe(LIVES);
    expect(records.size).toBeGreaterThan(1);
    expect(validate(old)).toEqual([]);
    expect(codeOf(() => old.free(last))).toBe('stale-handle');
    expect(old.statistics().liveCount).toBe(beside.length);
  });
});

/** What the class of a suballocator restores. */
function restoreLike(like: Suballocator, state: SuballocatorState): Suballocator {
  return (like.constructor as unknown as { restore(state: SuballocatorState): Suballocator }).restore(state);
}
