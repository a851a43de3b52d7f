export { bytesOfView } from '../base/bytes.ts';
export { checkInteger, checkOneOf, checkOptions, show } from '../base/check.ts';
export type { Serial } from '../base/quantities.ts';
export { BufferTable, type CheckedBuffer } from './buffer-table.ts';
export { CountingBackend } from './counting-backend.ts';
export { ForwardingBackend } from './forwarding-backend.ts';
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
export { checkDescriptor, checkRegions, checkSpan, checkUsage } from './port-checks.ts';
