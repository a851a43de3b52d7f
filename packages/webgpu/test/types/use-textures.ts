// Compiled, never run: a real device fits, what comes back is a real texture, and no format is forgotten.
import { TilePool } from '@gpuheap/core';
import { type WebGpuTextureFormat, WebGpuTextures } from '../../src/index.ts';

export function use(device: GPUDevice): GPUTextureView {
  const textures: WebGpuTextures<GPUTexture> = new WebGpuTextures(device, { creationChecks: 'none' });
  const made: GPUTexture = textures.createTexture({ width: 4, format: 'r8unorm', usage: 4 }).texture;
  textures.destroyTexture(made);
  const pool = new TilePool(textures, { width: 64, height: 64, format: 'bc7-rgba-unorm' });
  const tile = pool.allocate(2);
  const texture: GPUTexture = tile.texture;
  return texture.createView({
    dimension: '2d-array',
    baseArrayLayer: tile.layer,
    arrayLayerCount: tile.count,
  });
}

/** Compiles only when nothing is left over. */
type Nothing<Left extends never> = Left;

export type Forgotten = Nothing<Exclude<GPUTextureFormat, WebGpuTextureFormat>>;
export type Invented = Nothing<Exclude<WebGpuTextureFormat, GPUTextureFormat>>;

// @ts-expect-error A texture is not a device.
export const refused = (texture: GPUTexture): unknown => new WebGpuTextures(texture);
