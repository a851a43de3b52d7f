/// <reference lib="esnext.disposable" preserve="true" />
/** Dawn heap: a `GpuHeap` in Node, with the device that it opened. */
import { GpuHeap, type GpuHeapOptions, UsageError } from '@gpuheap/core';
import type { DawnDevice } from './dawn-device.ts';
import { type OpenDawnOptions, openDawn } from './open-dawn.ts';

/** Options of the device and of the heap, side by side. */
export interface OpenDawnHeapOptions extends OpenDawnOptions, GpuHeapOptions {}

/** A heap that owns its Dawn device. */
export class DawnHeap extends GpuHeap<GPUBuffer> {
  /** What was opened, and is closed by `dispose()`. */
  readonly dawn: DawnDevice;

  /** @throws UsageError `bad-argument`, `unknown-option`, `bad-size` */
  constructor(dawn: DawnDevice, heapOptions: GpuHeapOptions = {}) {
    super(dawn.backend(), heapOptions);
    this.dawn = dawn;
  }

  /** The device, for pipelines and all else. */
  get device(): GPUDevice {
    return this.dawn.device;
  }

  /** As of every heap; the backend and the device end as well. */
  override dispose(): void {
    try {
      super.dispose();
    } finally {
      this.backend.dispose();
      this.dawn.close();
    }
  }
}

/**
 * Opens a device, as `openDawn` does, and a heap over it that owns the device.
 * @throws UsageError `bad-argument`, `unknown-option`, `bad-size` · BackendError `no-adapter`,
 * `backend-failed`
 */
export async function openDawnHeap(options: OpenDawnHeapOptions = {}): Promise<DawnHeap> {
  if (options === null || typeof options !== 'object') {
    throw new UsageError('bad-argument', `options is ${String(options)}; pass an object`);
  }
  const { device, requiredLimits, cacheFolder, ...heapOptions } = options;
  const dawn = await openDawn({
    ...(device === undefined ? {} : { device }),
    ...(requiredLimits === undefined ? {} : { requiredLimits }),
    ...(cacheFolder === undefined ? {} : { cacheFolder }),
  });
  try {
    return new DawnHeap(dawn, heapOptions);
  } catch (error) {
    dawn.close();
    throw error;
  }
}
