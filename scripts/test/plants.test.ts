/** The bug zoo plants bugs in the deep tier; that they still fit the code is seen at once. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readPlants } from '../plant.ts';

it('every plant of the bug zoo has its text in the code just once, and changes it', () => {
  const sources = new URL('../../packages/core/src/', import.meta.url);
  const unfit = readPlants().filter(({ file, find, replace }) => {
    const parts = readFileSync(new URL(file, sources), 'utf8').split(find);
    return parts.length !== 2 || find === replace;
  });
  expect(unfit.map(({ zoo, what }) => `${zoo}: ${what}`)).toEqual([]);
});
