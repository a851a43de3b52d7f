import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BrowserPage, openBrowserPage } from '../src/browser-page.ts';

/** What an example shows, and what the device had to complain of. */
interface Shown {
  readonly result: Readonly<Record<string, unknown>>;
  readonly errors: readonly string[];
}

const PAGE = fileURLToPath(new URL('../../examples/src/in-browser.ts', import.meta.url));
const CHAIN = { tensorCount: 300, wrongCount: 0, conflicts: [] };

/** The letter of a pixel by its middle: a triangle and a house as steep as 2 to 1, a square between them. */
function letterAt(x: number, y: number): string {
  if (Math.abs(x - 12) < y / 2) return 'r';
  if (x > 26 && x < 38 && y > 2 && y < 14) return 'g';
  return Math.abs(x - 52) < Math.min(y / 2, 4) ? 'b' : '.';
}

describe('the examples in headless Chromium', () => {
  let page: BrowserPage;

  beforeAll(async () => {
    page = await openBrowserPage(PAGE);
  });

  afterAll(() => page.close());

  it('draw three meshes out of one buffer', async () => {
    const { result, errors } = await page.call<Shown>('showMeshes');
    const picture = Array.from({ length: 16 }, (_, y) =>
      Array.from({ length: 64 }, (__, x) => letterAt(x + 0.5, y + 0.5)).join(''),
    );
    expect(errors).toEqual([]);
    expect(result).toEqual({ picture, bufferCount: 1, groupCount: 3 });
  });

  it('keep the tensors of a chain apart, in three buffers', async () => {
    const { result, errors } = await page.call<Shown>('showChain');
    expect(errors).toEqual([]);
    expect(result).toEqual({ ...CHAIN, bufferCount: 3, moveCount: 0 });
  });

  it('move the tensors of a chain that are in the way', async () => {
    const { result, errors } = await page.call<Shown>('showResolvedChain');
    expect(errors).toEqual([]);
    expect(result).toMatchObject({ ...CHAIN, bufferCount: 2 });
    expect(result['moveCount']).toBeGreaterThan(0);
  });

  it('bring 16 frames of bars with one buffer and one bind group', async () => {
    const { result, errors } = await page.call<Shown>('showUniformRing');
    expect(errors).toEqual([]);
    expect(result).toMatchObject({ bufferCount: 1, groupCount: 1 });
    const bars = `rrrr${'.'.repeat(16)}gggg${'.'.repeat(16)}bbbb`;
    const picture = Array.from({ length: 16 }, (_, frame) => `${'.'.repeat(frame)}${bars}`.padEnd(64, '.'));
    expect(result['picture']).toEqual(picture);
  });

  it('stream more than the budget', async () => {
    const { result, errors } = await page.call<Shown>('showStreaming');
    expect(errors).toEqual([]);
    expect(result['wrongCount']).toBe(0);
    expect(result['peakBytes']).toBeLessThanOrEqual(result['budgetBytes'] as number);
  });

  it('fly over more terrain than the budget holds', async () => {
    const { result, errors } = await page.call<Shown>('showScene');
    expect(errors).toEqual([]);
    expect(result['wrongBytes']).toBe(0);
    expect(result['peakBytes']).toBeLessThanOrEqual(result['budgetBytes'] as number);
  });

  it('gave no warning, error or exception so far', () => {
    expect(page.complaints).toEqual([]);
  });

  it('are refused a chain in one buffer, as checkScope says before', async () => {
    const { result, errors } = await page.call<Shown>('showNaiveChain');
    expect(errors[0]).toMatch(/writable usage and another usage in the same synchronization scope/);
    expect(result).toMatchObject({ tensorCount: 300, bufferCount: 1 });
    expect((result['conflicts'] as string[]).length).toBe(299);
    expect(result['wrongCount']).toBeGreaterThan(0);
  });
});
