/// <reference lib="esnext.disposable" preserve="true" />
/** WebGPU heap: a `GpuHeap` over a device, with the backend that it owns. */
import { GpuHeap, type GpuHeapOptions } from '@gpuheap/core';
import type { WebGpuBuffer, WebGpuDevice } from './device-types.ts';
import { WebGpuBackend } from './webgpu-backend.ts';
import type { WebGpuBackendOptions } from './webgpu-options.ts';

/** A heap over a WebGPU device. */
export class WebGpuHeap<Buffer extends WebGpuBuffer> extends GpuHeap<Buffer> {
  /** The device that it was given, and never destroys. */
  readonly device: WebGpuDevice<Buffer>;

  /** @throws UsageError `bad-argument`, `unknown-option`, `bad-size` */
  constructor(
    device: WebGpuDevice<Buffer>,
    heapOptions: GpuHeapOptions = {},
    backendOptions: WebGpuBackendOptions = {},
  ) {
    super(new WebGpuBackend(device, backendOptions), heapOptions);
    this.device = device;
  }

  /** As of every heap; the backend, which is the heap's own here, ends as well. */
  override dispose(): void {
    try {
      super.dispose();
    } finally {
      this.backend.dispose();
    }
  }
}

/**
 * A heap over `device`, which stays the caller's.
 * @throws UsageError `bad-argument`, `unknown-option`, `bad-size`
 */
export function openWebGpuHeap<Buffer extends WebGpuBuffer>(
  device: WebGpuDevice<Buffer>,
  heapOptions: GpuHeapOptions = {},
  backendOptions: WebGpuBackendOptions = {},
): WebGpuHeap<Buffer> {
  return new WebGpuHeap(device, heapOptions, backendOptions);
}
