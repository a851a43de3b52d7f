/**
 * Browser page: a module of ours in a headless Chromium with WebGPU.
 *
 * Promise  what the page throws arrives here as an error; what it logs as a warning or error is kept.
 */
import { chromium } from 'playwright-core';
import { bundle } from './bundle.ts';
import { findChromium } from './chromium.ts';
import { servePage } from './page-server.ts';

/** An open page. */
export interface BrowserPage {
  /** The browser's version. */
  readonly version: string;
  /** Warnings, errors and uncaught exceptions of the page so far. */
  readonly complaints: readonly string[];
  /** Calls a function that the module put on `globalThis`; arguments and result travel as JSON. */
  call<Result>(name: string, ...values: unknown[]): Promise<Result>;
  close(): Promise<void>;
}

/** Opens a page that runs the module `entry` (a path to TypeScript), and waits until it has run. */
export async function openBrowserPage(entry: string): Promise<BrowserPage> {
  const [script, { executable, flags, environment }] = await Promise.all([
    bundle(entry, 'browser'),
    findChromium(),
  ]);
  const server = await servePage(script);
  const browser = await chromium.launch({
    executablePath: executable,
    args: [...flags],
    env: { ...process.env, ...environment },
  });
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'warning' || message.type() === 'error') complaints.push(message.text());
  });
  await page.goto(server.url, { waitUntil: 'load' });
  return {
    version: browser.version(),
    complaints,
    call: (name, ...values) =>
      page.evaluate(`globalThis[${JSON.stringify(name)}](...${JSON.stringify(values)})`),
    close: async () => {
      await browser.close();
      await server.close();
    },
  };
}
