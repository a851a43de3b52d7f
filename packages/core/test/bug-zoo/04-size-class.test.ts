import { NO_SPACE, Tlsf } from '@gpuheap/core/ranges';
import { expect, it } from 'vitest';
import { binFrom, binOf } from '../../src/tables/size-bins.ts';
import { expectDisjoint } from './scenes.ts';

it('has a class in order for every width, and searches no class that may be too short', () => {
  const sizes = Array.from({ length: 32 }, (_, bit) => [2 ** bit - 1, 2 ** bit, 2 ** bit + 1]).flat();
  sizes.sort((left, right) => left - right);
  let last = 0;
  for (const size of sizes) {
    if (size < 1 || size > 2 ** 31 - 1) continue;
    expect(binOf(size)).toBeGreaterThanOrEqual(last);
    expect(binFrom(size) - binOf(size)).toBe(Number.isInteger(Math.log2(size)) || size < 64 ? 0 : 1);
    last = binOf(size);
  }
  expect(binOf(31)).toBe(31);
  expect(binOf(2 ** 31 - 1)).toBe(863);
});

it('serves ranges of every width side by side', () => {
  const ranges = new Tlsf({ capacity: 2 ** 31 - 1 });
  const handles = [];
  for (let bit = 29; bit >= 0; bit--)
    handles.push(ranges.allocate(2 ** bit), ranges.allocate(2 ** bit - 1 || 1));
  expect(handles).not.toContain(NO_SPACE);
  expectDisjoint(ranges, handles);
});
