/** Memory types: which of a backend's serves each location, for buffers that are made without a heap. */
import { type GpuBackend, MEMORY_WISHES, MemoryTypeSelector } from '@gpuheap/core';

/** Indices into a backend's memory types. */
export interface LocationTypes {
  readonly gpu: number;
  readonly upload: number;
  readonly readback: number;
}

/** The memory types of a backend by location. */
export function locationTypes(backend: GpuBackend<unknown>): LocationTypes {
  const selector = new MemoryTypeSelector(backend.memoryTypes);
  return {
    gpu: selector.select(MEMORY_WISHES.gpu),
    upload: selector.select(MEMORY_WISHES.upload),
    readback: selector.select(MEMORY_WISHES.readback),
  };
}
