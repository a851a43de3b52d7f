// Compiled, never run: a real device and adapter fit, and so does what a heap gives out.
import { BufferUsage } from '@gpuheap/core';
import { BindGroupCache, openWebGpuHeap, recommendedLimits } from '../../src/index.ts';

export async function use(adapter: GPUAdapter, pipeline: GPUComputePipeline): Promise<GPUBindGroup> {
  const requiredLimits = recommendedLimits(adapter, { maxBufferSize: 2 ** 30 });
  const device = await adapter.requestDevice({ requiredLimits });
  const cache = new BindGroupCache(device, { capacity: 64 });
  const heap = openWebGpuHeap(device);
  const allocation = heap.allocate({ size: 256, usage: BufferUsage.UNIFORM });
  const sampler: GPUSampler = device.createSampler();
  cache.forget(allocation.buffer);
  return cache.get(pipeline.getBindGroupLayout(0), [
    { binding: 0, resource: allocation, dynamic: true },
    { binding: 1, resource: allocation.binding() },
    { binding: 2, resource: sampler },
  ]);
}

export function refuse(device: GPUDevice, pipeline: GPUComputePipeline, buffer: GPUBuffer): void {
  // @ts-expect-error A pipeline is not a device.
  new BindGroupCache(pipeline);
  // @ts-expect-error A buffer has no limits.
  recommendedLimits(buffer);
  // @ts-expect-error A number is not a resource.
  new BindGroupCache(device).get(pipeline.getBindGroupLayout(0), [{ binding: 0, resource: 1 }]);
}
