/// <reference types="@webgpu/types" preserve="true" />
/**
 * WebGPU environment: the backend contract suite on real devices, in Node or in a page.
 *
 * Promise  a case fails as well when its device saw an error that nobody captured.
 */
import type { BackendContractEnvironment, OpenedBackend } from '@gpuheap/testing';
import { createWebGpuBackend, type WebGpuBackendOptions } from '@gpuheap/webgpu';

/** Opens a device, which the caller destroys. */
export type OpenDevice = () => Promise<GPUDevice>;

/** What real devices claim: all that the suite can ask for. */
export const WEBGPU_CAPABILITIES = ['loss', 'sibling', 'adoption', 'shared-memory'] as const;

/** The environment over devices from `openDevice`. */
export function webGpuEnvironment(
  openDevice: OpenDevice,
  options: WebGpuBackendOptions = {},
): BackendContractEnvironment<GPUBuffer> {
  return {
    capabilities: WEBGPU_CAPABILITIES,
    open: async () => openBackend(await openDevice(), options),
  };
}

function openBackend(device: GPUDevice, options: WebGpuBackendOptions): OpenedBackend<GPUBuffer> {
  const uncaptured: string[] = [];
  device.addEventListener('uncapturederror', ({ error }) => uncaptured.push(error.message));
  const makeBackend = () => createWebGpuBackend(device, options);
  const backend = makeBackend();
  const opened = [backend];
  return {
    backend,
    // A real device works by itself.
    advance: () => Promise.resolve(),
    sibling: () => {
      const sibling = makeBackend();
      opened.push(sibling);
      return sibling;
    },
    makeOutside: (size, usage) => device.createBuffer({ size, usage }),
    lose: () => device.destroy(),
    close: async () => {
      for (const each of opened) each.dispose();
      // Errors of what was submitted last arrive before this fence does.
      await device.queue.onSubmittedWorkDone();
      device.destroy();
      if (uncaptured.length > 0) throw new Error(`uncaptured errors of the device: ${uncaptured.join('; ')}`);
    },
  };
}
