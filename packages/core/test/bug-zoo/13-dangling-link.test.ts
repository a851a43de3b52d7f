import { validate } from '@gpuheap/core/debug';
import type { Handle } from '@gpuheap/core/ranges';
import { expect, it } from 'vitest';
import { expectDisjoint, fill, IN_ANY_ORDER, mustAllocate } from './scenes.ts';

it.each(IN_ANY_ORDER)('%s leaves no link to a hole that was swallowed', (_, make) => {
  // Many holes of one class; those in the middle of its list go first, then the rest is given out again.
  const ranges = make({ capacity: 512 * 32 });
  const handles: Handle[] = [];
  for (let i = 0; i < 512; i++) handles.push(mustAllocate(ranges, 32));
  for (let i = 0; i < 512; i += 2) ranges.free(handles[i] as number);
  expect(validate(ranges)).toEqual([]);
  const kept: Handle[] = [];
  for (let i = 1; i < 512; i += 2) {
    if (i % 7 < 3) ranges.free(handles[i] as number);
    else kept.push(handles[i] as number);
  }
  expect(validate(ranges)).toEqual([]);
  kept.push(...fill(ranges, 32));
  expect(validate(ranges)).toEqual([]);
  expectDisjoint(ranges, kept);
  expect(ranges.statistics().free).toBe(0);
});

it.each(IN_ANY_ORDER)('%s keeps its lists through lengths that change', (_, make) => {
  const ranges = make({ capacity: 4096 });
  const live: Handle[] = [];
  for (let step = 0; step < 2000; step++) {
    const handle = ranges.allocate(1 + ((step * 29) % 60), step % 5 === 0 ? 16 : 1);
    if (handle !== 0) live.push(handle);
    if (handle === 0 || step % 3 === 0) ranges.free(live.splice((step * 11) % live.length, 1)[0] as Handle);
    const other = live[(step * 5) % live.length];
    if (other !== undefined) ranges.resize(other, 1 + ((step * 17) % 60));
    if (step % 50 === 0) expect(validate(ranges)).toEqual([]);
  }
  expectDisjoint(ranges, live);
  for (const handle of live) ranges.free(handle);
  mustAllocate(ranges, 4096);
});
