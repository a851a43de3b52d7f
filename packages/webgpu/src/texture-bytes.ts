/**
 * Texture bytes: the blocks of every WebGPU format, and with them the bytes of any texture.
 *
 * Promise  exact for what a texture holds: whole blocks of every level of detail, layer and sample.
 * Refusal  no padding, tiling or compression of the driver's own: no API tells. Depth and stencil formats
 *          leave their layout open; here they count as much as the largest that implementations choose
 *          (Direct3D 12): `stencil8` 4 bytes, `depth24plus` 4, both formats with depth and stencil 8.
 * Source   WebGPU, W3C, "Texture Format Capabilities"; for depth and stencil the formats of Dawn.
 */
import { UsageError } from '@gpuheap/core';
import {
  bytesOfShape,
  checkTexture,
  show,
  type TextureBlock,
  type TextureDescriptor,
  type TextureLimits,
} from '@gpuheap/core/backend';

// Texels, by their bytes.
const R8 = ['r8unorm', 'r8snorm', 'r8uint', 'r8sint'] as const;
const R16 = ['r16unorm', 'r16snorm', 'r16uint', 'r16sint', 'r16float'] as const;
const RG8 = ['rg8unorm', 'rg8snorm', 'rg8uint', 'rg8sint'] as const;
const R32 = ['r32uint', 'r32sint', 'r32float'] as const;
const RG16 = ['rg16unorm', 'rg16snorm', 'rg16uint', 'rg16sint', 'rg16float'] as const;
const RGBA8 = ['rgba8unorm', 'rgba8unorm-srgb', 'rgba8snorm', 'rgba8uint', 'rgba8sint'] as const;
const BGRA8 = ['bgra8unorm', 'bgra8unorm-srgb'] as const;
const PACKED = ['rgb9e5ufloat', 'rgb10a2uint', 'rgb10a2unorm', 'rg11b10ufloat'] as const;
const RG32 = ['rg32uint', 'rg32sint', 'rg32float'] as const;
const RGBA16 = ['rgba16unorm', 'rgba16snorm', 'rgba16uint', 'rgba16sint', 'rgba16float'] as const;
const RGBA32 = ['rgba32uint', 'rgba32sint', 'rgba32float'] as const;
const DEPTH_2 = ['depth16unorm'] as const;
const DEPTH_4 = ['stencil8', 'depth24plus', 'depth32float'] as const;
const DEPTH_8 = ['depth24plus-stencil8', 'depth32float-stencil8'] as const;
// Blocks of 4 x 4 texels, by their bytes.
const BC1 = ['bc1-rgba-unorm', 'bc1-rgba-unorm-srgb'] as const;
const BC2 = ['bc2-rgba-unorm', 'bc2-rgba-unorm-srgb'] as const;
const BC3 = ['bc3-rgba-unorm', 'bc3-rgba-unorm-srgb'] as const;
const BC4 = ['bc4-r-unorm', 'bc4-r-snorm'] as const;
const BC5 = ['bc5-rg-unorm', 'bc5-rg-snorm'] as const;
const BC6 = ['bc6h-rgb-ufloat', 'bc6h-rgb-float'] as const;
const BC7 = ['bc7-rgba-unorm', 'bc7-rgba-unorm-srgb'] as const;
const ETC_RGB = ['etc2-rgb8unorm', 'etc2-rgb8unorm-srgb'] as const;
const ETC_RGBA1 = ['etc2-rgb8a1unorm', 'etc2-rgb8a1unorm-srgb'] as const;
const ETC_RGBA = ['etc2-rgba8unorm', 'etc2-rgba8unorm-srgb'] as const;
const EAC_R = ['eac-r11unorm', 'eac-r11snorm'] as const;
const EAC_RG = ['eac-rg11unorm', 'eac-rg11snorm'] as const;
// Blocks of 16 bytes, by their texels.
const ASTC_SMALL = ['4x4', '5x4', '5x5', '6x5', '6x6', '8x5', '8x6', '8x8'] as const;
const ASTC_LARGE = ['10x5', '10x6', '10x8', '10x10', '12x10', '12x12'] as const;

type Texel =
  | (typeof R8)[number]
  | (typeof R16 | typeof RG8)[number]
  | (typeof R32 | typeof RG16 | typeof RGBA8 | typeof BGRA8 | typeof PACKED)[number]
  | (typeof RG32 | typeof RGBA16)[number]
  | (typeof RGBA32)[number]
  | (typeof DEPTH_2 | typeof DEPTH_4 | typeof DEPTH_8)[number];
type Compressed =
  | (typeof BC1 | typeof BC2 | typeof BC3 | typeof BC4 | typeof BC5 | typeof BC6 | typeof BC7)[number]
  | (typeof ETC_RGB | typeof ETC_RGBA1 | typeof ETC_RGBA | typeof EAC_R | typeof EAC_RG)[number]
  | `astc-${(typeof ASTC_SMALL | typeof ASTC_LARGE)[number]}-unorm${'' | '-srgb'}`;

/** The name of every format of WebGPU. */
export type WebGpuTextureFormat = Texel | Compressed;

const BLOCKS: ReadonlyMap<string, TextureBlock> = makeBlocks();

/** Sides beyond any device: what a texture takes does not depend on where it is made. */
const NO_LIMITS: TextureLimits = {
  maxSide1d: Number.MAX_SAFE_INTEGER,
  maxSide2d: Number.MAX_SAFE_INTEGER,
  maxSide3d: Number.MAX_SAFE_INTEGER,
  maxLayers: Number.MAX_SAFE_INTEGER,
};

/** The block of a format, a single texel where it is not compressed. @throws UsageError `bad-argument` */
export function textureBlock(format: string): TextureBlock {
  const block = BLOCKS.get(format);
  if (block !== undefined) return block;
  throw new UsageError('bad-argument', `format is ${show(format)}; pass one of WebGPU's texture formats`);
}

/**
 * Bytes of a texture, whatever the limits of a device. O(mips)
 * @throws UsageError `bad-argument`, `bad-size`, `bad-usage`, `too-large`, `unknown-option`
 */
export function textureBytes(descriptor: TextureDescriptor): number {
  const { shape, block } = checkTexture(descriptor, NO_LIMITS, textureBlock);
  return bytesOfShape(shape, block);
}

function makeBlocks(): Map<string, TextureBlock> {
  const blocks = new Map<string, TextureBlock>();
  const add = (names: readonly string[], bytes: number, width = 1, height = width, canMove = true): void => {
    for (const name of names) blocks.set(name, { width, height, bytes, canMove });
  };
  add(R8, 1);
  add([...R16, ...RG8], 2);
  add([...R32, ...RG16, ...RGBA8, ...BGRA8, ...PACKED], 4);
  add([...RG32, ...RGBA16], 8);
  add(RGBA32, 16);
  add(DEPTH_2, 2, 1, 1, false);
  add(DEPTH_4, 4, 1, 1, false);
  add(DEPTH_8, 8, 1, 1, false);
  add([...BC1, ...BC4, ...ETC_RGB, ...ETC_RGBA1, ...EAC_R], 8, 4);
  add([...BC2, ...BC3, ...BC5, ...BC6, ...BC7, ...ETC_RGBA, ...EAC_RG], 16, 4);
  for (const texels of [...ASTC_SMALL, ...ASTC_LARGE]) {
    const [width = 0, height = 0] = texels.split('x').map(Number);
    add([`astc-${texels}-unorm`, `astc-${texels}-unorm-srgb`], 16, width, height);
  }
  return blocks;
}
