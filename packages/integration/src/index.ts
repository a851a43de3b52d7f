export { type BrowserPage, openBrowserPage } from './browser-page.ts';
export { bundle } from './bundle.ts';
export { type Chromium, findChromium } from './chromium.ts';
export { type SmokeReport, smokeHeap } from './heap-smoke.ts';
export { type LossReport, smokeLoss } from './loss-smoke.ts';
export { type PageServer, servePage } from './page-server.ts';
export { type OpenDevice, WEBGPU_CAPABILITIES, webGpuEnvironment } from './webgpu-environment.ts';
