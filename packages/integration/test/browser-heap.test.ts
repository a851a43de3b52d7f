import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BrowserPage, openBrowserPage } from '../src/browser-page.ts';
import type { SmokeReport } from '../src/heap-smoke.ts';
import type { LossReport } from '../src/loss-smoke.ts';
import type { PageFacts } from '../src/page/smoke-page.ts';
import { ALL_REJECTED } from './all-rejected.ts';

describe('a heap in headless Chromium', () => {
  let page: BrowserPage;

  beforeAll(async () => {
    page = await openBrowserPage(fileURLToPath(new URL('../src/page/smoke-page.ts', import.meta.url)));
  });

  afterAll(() => page.close());

  it('has WebGPU and shared memory', async () => {
    const facts = await page.call<PageFacts>('facts');
    expect(facts.isIsolated).toBe(true);
    expect(facts.adapter).not.toBe('none');
  });

  it('keeps every byte', async () => {
    const report = await page.call<SmokeReport>('smoke');
    expect(report.mismatches).toBe(0);
    expect(report.verifiedBytes).toBeGreaterThan(100_000);
    expect(report.bufferCount).toBeLessThan(report.allocated / 10);
  });

  it('writes shared memory', async () => {
    expect(await page.call<number[]>('shared')).toEqual([6, 6, 6, 6, 6, 6, 6, 6]);
  });

  it('rejects what waits when the device is destroyed', async () => {
    const { serials, ...outcomes } = await page.call<LossReport>('loss');
    expect(outcomes).toEqual(ALL_REJECTED);
    expect(serials[1]).toBe(serials[0]);
  });

  it('gave no warning, error or exception', () => {
    expect(page.complaints).toEqual([]);
  });
});
