import { validate } from '@gpuheap/core/debug';
import { BestFit, type Handle, Tlsf } from '@gpuheap/core/ranges';
import { expect, it } from 'vitest';
import { mustAllocate } from './scenes.ts';

it.each([Tlsf, BestFit])('leaves no link to a hole that was swallowed', (Kind) => {
  // Many holes of one class; those in the middle of its list go first, then the rest is given out again.
  const ranges = new Kind({ capacity: 64 * 40 });
  const handles: Handle[] = [];
  for (let i = 0; i < 64; i++) handles.push(mustAllocate(ranges, 40));
  for (let i = 0; i < 64; i += 2) ranges.free(handles[i] as number);
  for (const i of [15, 17, 31, 3, 61]) ranges.free(handles[i] as number);
  expect(validate(ranges)).toEqual([]);
  const { free } = ranges.statistics();
  for (let taken = 0; taken < free; taken += 40) mustAllocate(ranges, 40);
  expect(validate(ranges)).toEqual([]);
  expect(ranges.statistics().free).toBe(0);
});
