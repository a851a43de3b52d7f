/** Recorded commands use the old place of what has been moved. */
import { expect, it } from 'vitest';
import { finish, openScattered } from '../movement/scattered-heap.ts';

it('what an open recording uses stays where it is', async () => {
  const { heap, live } = await openScattered();
  const token = heap.record();
  const places = [...live.keys()].map(({ buffer, offset }) => [buffer, offset]);
  for (const each of live.keys()) token.use(each);
  await finish(heap);
  expect([...live.keys()].map(({ buffer, offset }) => [buffer, offset])).toEqual(places);
  token.end();
});
