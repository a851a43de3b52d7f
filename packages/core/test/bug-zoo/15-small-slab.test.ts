import { Binned, Fixed, NO_SPACE } from '@gpuheap/core/ranges';
import { expect, it } from 'vitest';
import { codeOf } from '../code-of.ts';
import { expectDisjoint, fill, mustAllocate } from './scenes.ts';

it('makes no slots of a span that holds not even one', () => {
  expect(codeOf(() => new Fixed({ capacity: 47, granularity: 48 }))).toBe('bad-capacity');
  const two = new Fixed({ capacity: 143, granularity: 48 });
  expect(two.capacity).toBe(96);
  const handles = [mustAllocate(two, 48), mustAllocate(two, 1)];
  expect(two.allocate(1)).toBe(NO_SPACE);
  expectDisjoint(two, handles);
});

it('serves an item for which no whole slab is left', () => {
  for (const classes of [undefined, [16], [16, 32, 4096]]) {
    for (let capacity = 1; capacity < 40; capacity++) {
      const options = { capacity: capacity * 16, granularity: 16 };
      const binned = new Binned(classes === undefined ? options : { ...options, classes });
      const handles = fill(binned, 16);
      expect(handles.length).toBe(capacity);
      expectDisjoint(binned, handles);
    }
  }
});

it('serves an item that is longer than the slab it would stand in', () => {
  // A slab of four would be longer than the span.
  const binned = new Binned({ capacity: 1000, classes: [400] });
  const handles = [mustAllocate(binned, 400), mustAllocate(binned, 390)];
  expect(binned.allocate(390)).toBe(NO_SPACE);
  expectDisjoint(binned, handles);
});
