import { afterEach, expect, it, vi } from 'vitest';

/** Runs a program and answers what it printed, a string a line. */
async function outputOf(program: () => Promise<unknown>): Promise<string[]> {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  await program();
  return log.mock.calls.map((call) => call.join(' '));
}

afterEach(() => {
  vi.restoreAllMocks();
});

it('ranges-alone keeps words apart, and finds the holes', async () => {
  expect(await outputOf(() => import('../src/ranges-alone.ts'))).toEqual([
    'tree············',
    'treecloud·······',
    'treecloudriver··',
    'no room for mountains',
    'lakecloud·······',
    '7 letters are free, 7 of them in a row',
  ]);
});
