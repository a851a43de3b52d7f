/** Memory types: which of a backend's serves each location, for buffers that are made without a heap. */
import { type GpuBackend, MemoryProperty, MemoryTypeSelector } from '@gpuheap/core';

/** Indices into a backend's memory types. */
export interface LocationTypes {
  readonly gpu: number;
  readonly upload: number;
  readonly readback: number;
}

/** The memory types of a backend by location. */
export function locationTypes(backend: GpuBackend<unknown>): LocationTypes {
  const { DEVICE_LOCAL, HOST_VISIBLE, HOST_COHERENT, HOST_CACHED } = MemoryProperty;
  const selector = new MemoryTypeSelector(backend.memoryTypes);
  return {
    gpu: selector.select({ required: 0, preferred: DEVICE_LOCAL }),
    upload: selector.select({ required: HOST_VISIBLE, preferred: HOST_COHERENT, avoided: HOST_CACHED }),
    readback: selector.select({ required: HOST_VISIBLE, preferred: HOST_CACHED }),
  };
}
