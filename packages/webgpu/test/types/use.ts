// Compiled, never run: a real device fits, and what comes back is a real buffer.
import { BufferUsage } from '@gpuheap/core';
import { createWebGpuBackend, openWebGpuHeap, type WebGpuBackend, type WebGpuHeap } from '../../src/index.ts';

export function use(device: GPUDevice, pipeline: GPUComputePipeline): GPUBindGroup {
  const backend: WebGpuBackend<GPUBuffer> = createWebGpuBackend(device, { creationChecks: 'none' });
  const made: GPUBuffer = backend.createBuffer({ size: 4, usage: BufferUsage.STORAGE, memoryType: 0 }).buffer;
  made.destroy();
  backend.adoptBuffer(device.createBuffer({ size: 4, usage: 8 }), { size: 4, usage: 8 });
  const heap: WebGpuHeap<GPUBuffer> = openWebGpuHeap(device, { chunkBytes: 65_536 });
  const allocation = heap.allocate({ size: 256, usage: BufferUsage.STORAGE });
  const buffer: GPUBuffer = allocation.buffer;
  device.queue.writeBuffer(buffer, allocation.offset, new Uint8Array(4));
  const layout = pipeline.getBindGroupLayout(0);
  return device.createBindGroup({ layout, entries: [{ binding: 0, resource: allocation.binding() }] });
}

// @ts-expect-error A buffer is not a device.
export const refused = (buffer: GPUBuffer): unknown => createWebGpuBackend(buffer);
