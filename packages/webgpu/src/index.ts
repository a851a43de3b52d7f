export {
  BindGroupCache,
  type BindGroupCacheOptions,
  type BindGroupDevice,
  type CachedEntry,
} from './bind-group-cache.ts';
export type {
  WebGpuBuffer,
  WebGpuBufferDescriptor,
  WebGpuCommandEncoder,
  WebGpuDevice,
  WebGpuLimits,
  WebGpuLostInfo,
  WebGpuQueue,
} from './device-types.ts';
export { type AdapterWithLimits, type RecommendedLimit, recommendedLimits } from './recommended-limits.ts';
export { textureBlock, textureBytes, type WebGpuTextureFormat } from './texture-bytes.ts';
export type {
  WebGpuExtent,
  WebGpuTexelBuffer,
  WebGpuTexelPlace,
  WebGpuTexture,
  WebGpuTextureDescriptor,
  WebGpuTextureDevice,
  WebGpuTextureEncoder,
  WebGpuTextureLimits,
  WebGpuTextureQueue,
} from './texture-types.ts';
export { createWebGpuBackend, WebGpuBackend } from './webgpu-backend.ts';
export { openWebGpuHeap, WebGpuHeap } from './webgpu-heap.ts';
export type { WebGpuBackendOptions } from './webgpu-options.ts';
export { WebGpuTextures, type WebGpuTexturesOptions } from './webgpu-textures.ts';
