/** Defragmentation that never comes to an end. */
import { expect, it } from 'vitest';
import { finish, openScattered } from '../movement/scattered-heap.ts';

it.each(['fast', 'balanced', 'full'] as const)(
  'what %s has done once it does not do again',
  async (strategy) => {
    const { heap } = await openScattered();
    expect((await finish(heap, { strategy })).moveCount).toBeGreaterThan(0);
    expect((await finish(heap, { strategy })).moveCount).toBe(0);
  },
);
