import { Binned, Fixed, NO_SPACE } from '@gpuheap/core/ranges';
import { expect, it } from 'vitest';
import { codeOf, expectDisjoint, mustAllocate } from './scenes.ts';

it('makes no slots of a span that holds not even one', () => {
  expect(codeOf(() => new Fixed({ capacity: 47, granularity: 48 }))).toBe('bad-capacity');
  const two = new Fixed({ capacity: 143, granularity: 48 });
  expect(two.capacity).toBe(96);
  const handles = [mustAllocate(two, 48), mustAllocate(two, 1)];
  expect(two.allocate(1)).toBe(NO_SPACE);
  expectDisjoint(two, handles);
});

it('serves an item for which no whole slab is left', () => {
  for (let capacity = 1; capacity < 40; capacity++) {
    const binned = new Binned({ capacity: capacity * 16, granularity: 16 });
    const handles = [];
    for (let handle = binned.allocate(16); handle !== NO_SPACE; handle = binned.allocate(16))
      handles.push(handle);
    expect(handles.length).toBe(capacity);
    expectDisjoint(binned, handles);
  }
});
