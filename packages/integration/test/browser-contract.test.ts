import { fileURLToPath } from 'node:url';
import { backendContractFor } from '@gpuheap/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BrowserPage, openBrowserPage } from '../src/browser-page.ts';
import { WEBGPU_CAPABILITIES } from '../src/webgpu-environment.ts';

/** The cases that the page runs; nothing is opened here. */
const cases = backendContractFor({
  capabilities: WEBGPU_CAPABILITIES,
  open: () => Promise.reject(new Error('the page opens the backends')),
});

describe('WebGPU in headless Chromium: backend contract', () => {
  let page: BrowserPage;

  beforeAll(async () => {
    page = await openBrowserPage(fileURLToPath(new URL('../src/page/contract-page.ts', import.meta.url)));
  });

  afterAll(() => page.close());

  for (const { name } of cases) {
    it(name, async () => {
      expect(await page.call<string>('runCase', name)).toBe('passed');
    });
  }

  it('left no warning, error or exception behind', () => {
    expect(page.complaints).toEqual([]);
  });
});
