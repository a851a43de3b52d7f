/** The last free range is beyond the end of the state. */
import { expect, it } from 'vitest';
import { planDefragmentation } from '../../src/planning/index.ts';
import { fragmentsOf } from '../planning/sample-fragments.ts';

it('the last hole of a chunk serves like every other', () => {
  expect(planDefragmentation(fragmentsOf('AAAA.AA..', 'BB.......')).emptiedChunks).toBe(1);
  expect(planDefragmentation(fragmentsOf('AAAA..AA.', 'BB.......')).emptiedChunks).toBe(1);
});
