/// <reference types="@webgpu/types" />
/** Smoke page: a heap on the browser's own device. */
import { createWebGpuBackend, openWebGpuHeap } from '@gpuheap/webgpu';
import { type SmokeReport, smokeHeap } from '../heap-smoke.ts';
import { type LossReport, smokeLoss } from '../loss-smoke.ts';

/** What the page tells of its surroundings. */
export interface PageFacts {
  readonly isIsolated: boolean;
  readonly adapter: string;
}

const host = globalThis as unknown as {
  navigator: { gpu: GPU };
  crossOriginIsolated: boolean;
  facts: () => Promise<PageFacts>;
  smoke: () => Promise<SmokeReport>;
  shared: () => Promise<number[]>;
  loss: () => Promise<LossReport>;
};

async function openDevice(): Promise<GPUDevice> {
  const adapter = await host.navigator.gpu.requestAdapter();
  if (adapter === null) throw new Error('the browser offers no WebGPU adapter');
  return adapter.requestDevice();
}

host.facts = async () => {
  const adapter = await host.navigator.gpu.requestAdapter();
  return { isIsolated: host.crossOriginIsolated, adapter: adapter?.info.architecture ?? 'none' };
};

host.smoke = async () => {
  const device = await openDevice();
  const heap = openWebGpuHeap(device, { chunkBytes: 1024 * 1024 });
  const report = await smokeHeap(heap);
  heap.dispose();
  device.destroy();
  return report;
};

/** Writes a view of shared memory without a copy, as browsers allow, and reads it back. */
host.shared = async () => {
  const device = await openDevice();
  const heap = openWebGpuHeap(device);
  const allocation = heap.allocate({ size: 8, usage: GPUBufferUsage.STORAGE });
  allocation.write(new Uint8Array(new SharedArrayBuffer(8)).fill(6));
  const bytes = await allocation.read();
  heap.dispose();
  device.destroy();
  return [...bytes];
};

host.loss = async () => {
  const device = await openDevice();
  return smokeLoss(createWebGpuBackend(device), () => device.destroy());
};
