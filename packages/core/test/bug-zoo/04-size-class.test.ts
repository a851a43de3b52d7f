import { Binned, Buddy, NO_SPACE, Tlsf } from '@gpuheap/core/ranges';
import { expect, it } from 'vitest';
import { binFrom, binOf } from '../../src/tables/size-bins.ts';
import { expectDisjoint, mustAllocate } from './scenes.ts';

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

it('rounds to the next power of two, for every width', () => {
  const buddy = new Buddy({ capacity: 2 ** 31 - 1 });
  const powers = Array.from({ length: 31 }, (_, bit) => 2 ** bit);
  for (const size of powers.flatMap((power) => [power - 1, power, power + 1])) {
    if (size < 1 || size > 2 ** 30) continue;
    const handle = mustAllocate(buddy, size);
    expect(buddy.sizeOf(handle)).toBe(powers.find((power) => power >= size));
    buddy.free(handle);
  }
});

it('takes a slot of the shortest class that holds the request', () => {
  const classes = [24, 5, 8, 100, 3];
  const binned = new Binned({ capacity: 2 ** 16, classes });
  for (let size = 1; size <= 101; size++) {
    const least = Math.min(...classes.filter((each) => each >= size));
    expect(binned.sizeOf(mustAllocate(binned, size))).toBe(size > 100 ? size : least);
  }
});
