export type { Serial } from '../base/quantities.ts';
export { MemoryTypeSelector, type MemoryTypeWish } from './memory-type-selector.ts';
export {
  type BackendLimits,
  type BufferDescriptor,
  BufferUsage,
  type CopyRegion,
  type CreatedBuffer,
  type DeviceLoss,
  type GpuBackend,
  MemoryProperty,
  type MemoryType,
} from './port.ts';
