export type {
  WebGpuBuffer,
  WebGpuBufferDescriptor,
  WebGpuCommandEncoder,
  WebGpuDevice,
  WebGpuLimits,
  WebGpuLostInfo,
  WebGpuQueue,
} from './device-types.ts';
export { createWebGpuBackend, WebGpuBackend } from './webgpu-backend.ts';
export { openWebGpuHeap, WebGpuHeap } from './webgpu-heap.ts';
export type { WebGpuBackendOptions } from './webgpu-options.ts';
