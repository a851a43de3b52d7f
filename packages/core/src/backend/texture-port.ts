/**
 * The second port to a graphics API, which not every backend has: textures, layer by layer.
 *
 * Promise  what `core` may rely on; `textureContract` of `@gpuheap/testing` has the cases that check it.
 * Refusal  no views, samplers or bind groups, and no fence: who reuses a layer or destroys a texture waits
 *          for the serials of the first port. Depth, stencil and multisampled textures are counted, not
 *          moved.
 */
import type { DeviceLoss } from './port.ts';

/**
 * What a texture may be used for. The values are WebGPU's own, so a `GPUTextureUsage` can be passed as it is.
 */
export const TextureUsage = {
  COPY_SRC: 0x01,
  COPY_DST: 0x02,
  TEXTURE_BINDING: 0x04,
  STORAGE_BINDING: 0x08,
  RENDER_ATTACHMENT: 0x10,
  TRANSIENT_ATTACHMENT: 0x20,
} as const;

/** How many sides the texels of a texture are laid out along. */
export type TextureDimension = '1d' | '2d' | '3d';

/** The largest sides that a texture may have, in texels, and the most layers. */
export interface TextureLimits {
  /** Width of a 1d texture. */
  readonly maxSide1d: number;
  /** Width and height of a 2d texture. */
  readonly maxSide2d: number;
  /** Width, height and depth of a 3d texture. */
  readonly maxSide3d: number;
  /** Layers of a 2d texture. */
  readonly maxLayers: number;
}

/** The smallest piece of a format that can be written and copied. */
export interface TextureBlock {
  /** Texels. */
  readonly width: number;
  /** Texels. */
  readonly height: number;
  /** Bytes that it takes. */
  readonly bytes: number;
  /** Whether layers can be written, copied and read: not those of depth and stencil formats. */
  readonly canMove: boolean;
}

/** How a texture is made. */
export interface TextureDescriptor {
  /** Texels, 1 or more; a multiple of the format's block. */
  readonly width: number;
  /** Texels, 1 or more; a multiple of the format's block. Default 1. */
  readonly height?: number;
  /** Array layers of a 2d texture, depth of a 3d one; 1 or more. Default 1. */
  readonly layers?: number;
  /** The name of a format that the backend knows. */
  readonly format: string;
  /** Bits of {@link TextureUsage}. */
  readonly usage: number;
  /** Levels of detail, each half the size of the one before. Default 1. */
  readonly mips?: number;
  /** 1, or 4 in a 2d texture with RENDER_ATTACHMENT, one layer and one level of detail. Default 1. */
  readonly samples?: number;
  /** Default `2d`. */
  readonly dimension?: TextureDimension;
  readonly label?: string;
}

/** A texture, usable at once, and the word whether the device really granted it. */
export interface CreatedTexture<Texture> {
  readonly texture: Texture;
  /** What `measureTexture` says of it. */
  readonly sizeBytes: number;
  /**
   * Resolves when the device has granted the texture; rejects with an `OutOfMemoryError`
   * (`refused-by-device`) or a `BackendError` when it has not. The texture must still be destroyed.
   */
  readonly settled: Promise<void>;
}

/** A part of one layer, in texels; multiples of the format's block. */
export interface LayerRegion {
  /** Level of detail. Default 0. */
  readonly mip?: number;
  /** Default 0. */
  readonly x?: number;
  /** Default 0. */
  readonly y?: number;
  /** Default: to the right edge of the level, rounded up to whole blocks. */
  readonly width?: number;
  /** Default: to the lower edge of the level, rounded up to whole blocks. */
  readonly height?: number;
}

/** One copy between layers: of two textures, or of one that is not 3d, when no layer is on both ends. */
export interface LayerCopy<Texture> {
  readonly source: Texture;
  /** The first layer, or depth, that is copied. */
  readonly sourceLayer: number;
  /** Of the same format. */
  readonly target: Texture;
  readonly targetLayer: number;
  /** Neighbouring layers that are copied. Default 1. */
  readonly layers?: number;
  /** The part of each layer that is copied, to the same place. Default: all of level 0. */
  readonly region?: LayerRegion;
}

/** Textures, layer by layer. `Texture` is what the graphics API calls a texture. */
export interface TextureBackend<Texture> {
  readonly limits: TextureLimits;
  /** Bytes of buffers that it holds for its own use (staging of reads). */
  readonly stagingBytes: number;

  /** The part of `stagingBytes` that `trimStaging` would give back now. */
  readonly idleStagingBytes?: number;

  /** A frame is over: staging that lies idle for many goes. Does nothing after `dispose`. */
  ageStaging?(): void;

  /** Staging that lies idle goes at once. @throws UsageError `disposed` */
  trimStaging?(): void;

  /**
   * Bytes that such a texture takes: all blocks of all levels, layers and samples. Makes nothing. O(mips)
   * @throws UsageError `bad-size`, `bad-usage`, `too-large`, `bad-argument`, `unknown-option`, `disposed`
   */
  measureTexture(descriptor: TextureDescriptor): number;

  /**
   * Makes a texture that reads as zero.
   * @throws UsageError as `measureTexture`
   * @throws OutOfMemoryError `refused-by-device`, when the refusal is known at once
   * @throws BackendError `device-lost`, `backend-failed`
   */
  createTexture(descriptor: TextureDescriptor): CreatedTexture<Texture>;

  /**
   * Gives a texture back. Work submitted before still sees it; anything after is refused.
   * @throws UsageError `dead-buffer`, `foreign-object`, `disposed`
   */
  destroyTexture(texture: Texture): void;

  /**
   * Writes one layer, or a region of it: rows of blocks from the top, without gaps. Takes effect before later
   * submissions, after earlier ones. The data is taken at once. Needs COPY_DST.
   * @throws UsageError `out-of-bounds`, `misaligned`, `bad-size` (not exactly the bytes of the region),
   *   `bad-usage`, `bad-data`, `bad-argument`, `unknown-option`, `dead-buffer`, `foreign-object`, `disposed`
   */
  write(texture: Texture, layer: number, data: ArrayBufferView, region?: LayerRegion): void;

  /**
   * Copies layers in order, as one submission. All copies are checked before the first is recorded. Needs
   * COPY_SRC and COPY_DST.
   * @throws UsageError `out-of-bounds`, `misaligned`, `bad-usage`, `bad-argument` (also for a layer onto
   *   itself and for two formats), `unknown-option`, `dead-buffer`, `foreign-object`, `disposed`
   */
  copyToLayer(copies: readonly LayerCopy<Texture>[]): void;

  /**
   * The bytes of one layer, or a region of it, after everything submitted so far; laid out as `write` takes
   * them. Needs COPY_SRC. Bad arguments throw at once, as for `write`; rejects with a BackendError
   * `device-lost` on loss or dispose.
   */
  readLayer(texture: Texture, layer: number, region?: LayerRegion): Promise<Uint8Array>;

  /** Resolves when the device is lost, also by `dispose()`; never rejects. */
  readonly lost: Promise<DeviceLoss>;

  /** Whether the device is known to be lost. */
  readonly isLost: boolean;

  /**
   * Destroys every texture that it made and settles every promise; not the device. May be called twice;
   * afterwards every other call throws `disposed`.
   */
  dispose(): void;
}
