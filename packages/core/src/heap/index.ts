export { Allocation, type BufferBinding, type WriteData } from './allocation.ts';
export { GpuHeap, type GpuHeapOptions } from './gpu-heap.ts';
export type { AllocationRequest } from './request.ts';
