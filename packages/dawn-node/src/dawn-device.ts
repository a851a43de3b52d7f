/// <reference types="@webgpu/types" preserve="true" />
/** Dawn device: a `GPUDevice` in Node, and what ends it. */
import { WebGpuBackend, type WebGpuBackendOptions } from '@gpuheap/webgpu';

/** What runs the commands: a GPU, the CPU, or nothing at all (`null` validates, but moves no bytes). */
export type DawnKind = 'hardware' | 'software' | 'null';

/** An open device. */
export class DawnDevice {
  /** The device itself, for pipelines and all else that WebGPU offers. */
  readonly device: GPUDevice;
  /** Who made the adapter and what it is called. */
  readonly adapterInfo: GPUAdapterInfo;
  readonly kind: DawnKind;

  /** For `openDawn`, which finds the parts. */
  constructor(device: GPUDevice, adapterInfo: GPUAdapterInfo, kind: DawnKind) {
    this.device = device;
    this.adapterInfo = adapterInfo;
    this.kind = kind;
  }

  /**
   * A new backend over the device.
   * @throws UsageError `bad-argument`, `unknown-option`
   */
  backend(options: WebGpuBackendOptions = {}): WebGpuBackend<GPUBuffer> {
    return new WebGpuBackend(this.device, options);
  }

  /** Destroys the device; may be called twice. Backends over it see a lost device. */
  close(): void {
    this.device.destroy();
  }
}
