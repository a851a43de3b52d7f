export { MemoryTypeSelector, type MemoryTypeWish } from './backend/memory-type-selector.ts';
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
} from './backend/port.ts';
export * from './base/errors.ts';
export type { Serial } from './base/quantities.ts';
export * from './heap/index.ts';
export type { Access, Location } from './memory/pool.ts';
export * from './ranges/index.ts';
export * from './telemetry/index.ts';
