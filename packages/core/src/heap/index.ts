export type { WriteData } from '../base/bytes.ts';
export { Allocation, type BufferBinding } from './allocation.ts';
export { GpuHeap, type GpuHeapOptions } from './gpu-heap.ts';
export type { AllocationRequest } from './request.ts';
