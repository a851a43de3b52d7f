export { bytesOfView } from '../base/bytes.ts';
export { checkInteger, checkOneOf, checkOptions, show } from '../base/check.ts';
export type { Serial } from '../base/quantities.ts';
export { BufferTable, type CheckedBuffer } from './buffer-table.ts';
export { CountingBackend } from './counting-backend.ts';
export { ForwardingBackend } from './forwarding-backend.ts';
export {
  MEMORY_WISHES,
  MemoryTypeSelector,
  type MemoryTypeWish,
  type MemoryWishes,
} from './memory-type-selector.ts';
export {
  type AdoptedBuffer,
  type BackendLimits,
  type BufferDescriptor,
  BufferUsage,
  type CopyRegion,
  type CreatedBuffer,
  type DeviceLoss,
  type GpuBackend,
  MAP_OFFSET_ALIGNMENT,
  MAP_SIZE_ALIGNMENT,
  type MapState,
  MemoryProperty,
  type MemoryType,
} from './port.ts';
export {
  checkAdoption,
  checkDescriptor,
  checkMap,
  checkMapped,
  checkRegions,
  checkSpan,
  checkTimeline,
  checkUnmapped,
  checkUsage,
  type RealBuffer,
} from './port-checks.ts';
export type { ScopeBinding, ScopeResource, ScopeUse } from './scope-bindings.ts';
export type { ScopeConflict, ScopeConflictKind, ScopeLimits } from './scope-conflicts.ts';
export { planScope, type ScopeMove, type ScopePlan, type ScopePlanOptions } from './scope-plan.ts';
export {
  type CheckedCopy,
  type CheckedTexture,
  checkCopies,
  checkDataSize,
  checkMovable,
  checkRegion,
  checkTexture,
} from './texture-checks.ts';
export { bytesOfShape, type LayerSpan, layerBytes, type TextureShape } from './texture-layout.ts';
export {
  type CreatedTexture,
  type LayerCopy,
  type LayerRegion,
  type TextureBackend,
  type TextureBlock,
  type TextureDescriptor,
  type TextureDimension,
  type TextureLimits,
  TextureUsage,
} from './texture-port.ts';
export { checkScope, findConflicts } from './usage-scope.ts';
