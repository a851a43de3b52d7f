/**
 * The part of WebGPU that textures need, as structural types.
 *
 * Promise  a `GPUDevice` fits them as it is, under TypeScript's DOM library and under `@webgpu/types`;
 *          neither is needed.
 * Refusal  describes nothing else of the API: no views, samplers or bind groups.
 * Source   WebGPU, W3C; checked by `test/types`.
 */
import type {
  WebGpuBuffer,
  WebGpuCommandEncoder,
  WebGpuDevice,
  WebGpuLimits,
  WebGpuQueue,
} from './device-types.ts';

/** What is done with a `GPUTexture`. */
export interface WebGpuTexture {
  destroy(): void;
}

/** Sides in texels, and layers. */
export interface WebGpuExtent {
  width: number;
  height?: number;
  depthOrArrayLayers?: number;
}

/** What is asked for when a `GPUTexture` is made. */
export interface WebGpuTextureDescriptor {
  size: WebGpuExtent | Iterable<number>;
  format: string;
  usage: number;
  mipLevelCount?: number;
  sampleCount?: number;
  dimension?: string;
  label?: string;
}

/** Where in a texture a copy begins. */
export interface WebGpuTexelPlace<Texture extends WebGpuTexture> {
  texture: Texture;
  mipLevel: number;
  origin: { x: number; y: number; z: number };
}

/** Where in a buffer a copy begins, and how far apart its rows are. Bytes. */
export interface WebGpuTexelBuffer<Buffer extends WebGpuBuffer> {
  buffer: Buffer;
  bytesPerRow: number;
}

/** What is done with a `GPUCommandEncoder`. */
export interface WebGpuTextureEncoder<Texture extends WebGpuTexture, Buffer extends WebGpuBuffer>
  extends WebGpuCommandEncoder<Buffer> {
  copyTextureToTexture(
    source: WebGpuTexelPlace<Texture>,
    target: WebGpuTexelPlace<Texture>,
    size: WebGpuExtent,
  ): void;
  copyTextureToBuffer(
    source: WebGpuTexelPlace<Texture>,
    target: WebGpuTexelBuffer<Buffer>,
    size: WebGpuExtent,
  ): void;
}

/** What is done with a `GPUQueue`. */
export interface WebGpuTextureQueue<Texture extends WebGpuTexture, Buffer extends WebGpuBuffer>
  extends WebGpuQueue<Buffer> {
  writeTexture(
    target: WebGpuTexelPlace<Texture>,
    data: Uint8Array,
    layout: { bytesPerRow: number },
    size: WebGpuExtent,
  ): void;
}

/** The limits of a `GPUDevice` that matter to textures. */
export interface WebGpuTextureLimits extends WebGpuLimits {
  readonly maxTextureDimension1D: number;
  readonly maxTextureDimension2D: number;
  readonly maxTextureDimension3D: number;
  readonly maxTextureArrayLayers: number;
}

/** What is done with a `GPUDevice`; `Texture` and `Buffer` are what that device calls them. */
export interface WebGpuTextureDevice<
  Texture extends WebGpuTexture = WebGpuTexture,
  Buffer extends WebGpuBuffer = WebGpuBuffer,
> extends WebGpuDevice<Buffer> {
  readonly queue: WebGpuTextureQueue<Texture, Buffer>;
  readonly limits: WebGpuTextureLimits;
  createTexture(descriptor: WebGpuTextureDescriptor): Texture;
  createCommandEncoder(): WebGpuTextureEncoder<Texture, Buffer>;
}
