export {
  MEMORY_WISHES,
  MemoryTypeSelector,
  type MemoryTypeWish,
  type MemoryWishes,
} from './backend/memory-type-selector.ts';
export {
  type AdoptedBuffer,
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
export type { ScopeBinding, ScopeResource, ScopeUse } from './backend/scope-bindings.ts';
export type { ScopeConflict, ScopeConflictKind, ScopeLimits } from './backend/scope-conflicts.ts';
export { planScope, type ScopeMove, type ScopePlan, type ScopePlanOptions } from './backend/scope-plan.ts';
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
} from './backend/texture-port.ts';
export { checkScope, findConflicts } from './backend/usage-scope.ts';
export * from './base/errors.ts';
export type { Serial } from './base/quantities.ts';
export * from './heap/index.ts';
export { DestroyQueue } from './memory/destroy-queue.ts';
export type { Pressure } from './memory/ladder.ts';
export { OwnedTexture, OwnedTextures, type OwnedTexturesStatistics } from './memory/owned-textures.ts';
export type {
  Access,
  Lifetime,
  Location,
  Placement,
  PoolKind,
  SuballocatorMaker,
} from './memory/pool-kind.ts';
export { RangePool, type RangePoolStatistics } from './memory/range-pool.ts';
export type { TextureBudget } from './memory/texture-claims.ts';
export { TileAllocation } from './memory/tile-allocation.ts';
export type { TilePoolOptions } from './memory/tile-options.ts';
export { TilePool, type TilePoolStatistics } from './memory/tile-pool.ts';
export * from './planning/index.ts';
export * from './ranges/index.ts';
export * from './telemetry/index.ts';
