/// <reference types="@webgpu/types" preserve="true" />
/**
 * In a browser: the examples that need a device, as functions of the page, each on a device of its own.
 */
import { type Watched, watchErrors } from './error-watch.ts';
import * as examples from './gpu-examples.ts';

const { navigator } = globalThis as unknown as { navigator: { gpu: GPU } };

async function runHere<Report>(show: (device: GPUDevice) => Promise<Report>): Promise<Watched<Report>> {
  const adapter = await navigator.gpu.requestAdapter();
  if (adapter === null) throw new Error('the browser offers no WebGPU adapter');
  const device = await adapter.requestDevice();
  try {
    return await watchErrors(device, show);
  } finally {
    device.destroy();
  }
}

for (const [name, show] of Object.entries(examples)) {
  Object.assign(globalThis, { [name]: () => runHere<unknown>(show) });
}
