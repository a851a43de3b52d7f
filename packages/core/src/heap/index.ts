export type { WriteData } from '../base/bytes.ts';
export type { AdoptionRequest } from './adoption.ts';
export { Allocation, type BufferBinding } from './allocation.ts';
export type { AllocationEvent, Priority } from './allocation-state.ts';
export type { Block } from './block.ts';
export type { RestoreHook } from './evicted-bytes.ts';
export { FrameRing, type FrameRingOptions } from './frame-ring.ts';
export { GpuHeap } from './gpu-heap.ts';
export { GrowableBuffer, type GrowableRequest } from './growable-buffer.ts';
export type { GuardDamage } from './guards.ts';
export type { GpuHeapOptions, TrimLimits } from './heap-options.ts';
export { HeapPool, type HeapPoolOptions, type HeapPoolStatistics } from './heap-pool.ts';
export { HeapResidency, type ResidencyStatistics } from './heap-residency.ts';
export { HeapTextures } from './heap-textures.ts';
export {
  MirroredArray,
  type MirroredArrayOptions,
  type NumberArray,
  type NumberArrayType,
} from './mirrored-array.ts';
export type { ReadRequest } from './read-request.ts';
export type { Rebuilt, RestoreFailure } from './rebuild.ts';
export { RecordingToken } from './recording-token.ts';
export type { AllocationRequest } from './request.ts';
export type { HeapBinding } from './scope.ts';
export { type StagedBytes, type UploadStatistics, Uploads } from './uploads.ts';
