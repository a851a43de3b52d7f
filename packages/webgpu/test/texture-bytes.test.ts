import { TextureUsage } from '@gpuheap/core';
import { describe, expect, it } from 'vitest';
import { textureBlock, textureBytes, type WebGpuTextureFormat } from '../src/index.ts';

/**
 * Every format, by its block: width x height texels and bytes. A name too few or too many does not compile.
 */
const BLOCKS: Readonly<Record<WebGpuTextureFormat, string>> = {
  r8unorm: '1x1 1',
  r8snorm: '1x1 1',
  r8uint: '1x1 1',
  r8sint: '1x1 1',
  r16unorm: '1x1 2',
  r16snorm: '1x1 2',
  r16uint: '1x1 2',
  r16sint: '1x1 2',
  r16float: '1x1 2',
  rg8unorm: '1x1 2',
  rg8snorm: '1x1 2',
  rg8uint: '1x1 2',
  rg8sint: '1x1 2',
  r32uint: '1x1 4',
  r32sint: '1x1 4',
  r32float: '1x1 4',
  rg16unorm: '1x1 4',
  rg16snorm: '1x1 4',
  rg16uint: '1x1 4',
  rg16sint: '1x1 4',
  rg16float: '1x1 4',
  rgba8unorm: '1x1 4',
  'rgba8unorm-srgb': '1x1 4',
  rgba8snorm: '1x1 4',
  rgba8uint: '1x1 4',
  rgba8sint: '1x1 4',
  bgra8unorm: '1x1 4',
  'bgra8unorm-srgb': '1x1 4',
  rgb9e5ufloat: '1x1 4',
  rgb10a2uint: '1x1 4',
  rgb10a2unorm: '1x1 4',
  rg11b10ufloat: '1x1 4',
  rg32uint: '1x1 8',
  rg32sint: '1x1 8',
  rg32float: '1x1 8',
  rgba16unorm: '1x1 8',
  rgba16snorm: '1x1 8',
  rgba16uint: '1x1 8',
  rgba16sint: '1x1 8',
  rgba16float: '1x1 8',
  rgba32uint: '1x1 16',
  rgba32sint: '1x1 16',
  rgba32float: '1x1 16',
  stencil8: '1x1 4',
  depth16unorm: '1x1 2',
  depth24plus: '1x1 4',
  'depth24plus-stencil8': '1x1 8',
  depth32float: '1x1 4',
  'depth32float-stencil8': '1x1 8',
  'bc1-rgba-unorm': '4x4 8',
  'bc1-rgba-unorm-srgb': '4x4 8',
  'bc2-rgba-unorm': '4x4 16',
  'bc2-rgba-unorm-srgb': '4x4 16',
  'bc3-rgba-unorm': '4x4 16',
  'bc3-rgba-unorm-srgb': '4x4 16',
  'bc4-r-unorm': '4x4 8',
  'bc4-r-snorm': '4x4 8',
  'bc5-rg-unorm': '4x4 16',
  'bc5-rg-snorm': '4x4 16',
  'bc6h-rgb-ufloat': '4x4 16',
  'bc6h-rgb-float': '4x4 16',
  'bc7-rgba-unorm': '4x4 16',
  'bc7-rgba-unorm-srgb': '4x4 16',
  'etc2-rgb8unorm': '4x4 8',
  'etc2-rgb8unorm-srgb': '4x4 8',
  'etc2-rgb8a1unorm': '4x4 8',
  'etc2-rgb8a1unorm-srgb': '4x4 8',
  'etc2-rgba8unorm': '4x4 16',
  'etc2-rgba8unorm-srgb': '4x4 16',
  'eac-r11unorm': '4x4 8',
  'eac-r11snorm': '4x4 8',
  'eac-rg11unorm': '4x4 16',
  'eac-rg11snorm': '4x4 16',
  'astc-4x4-unorm': '4x4 16',
  'astc-4x4-unorm-srgb': '4x4 16',
  'astc-5x4-unorm': '5x4 16',
  'astc-5x4-unorm-srgb': '5x4 16',
  'astc-5x5-unorm': '5x5 16',
  'astc-5x5-unorm-srgb': '5x5 16',
  'astc-6x5-unorm': '6x5 16',
  'astc-6x5-unorm-srgb': '6x5 16',
  'astc-6x6-unorm': '6x6 16',
  'astc-6x6-unorm-srgb': '6x6 16',
  'astc-8x5-unorm': '8x5 16',
  'astc-8x5-unorm-srgb': '8x5 16',
  'astc-8x6-unorm': '8x6 16',
  'astc-8x6-unorm-srgb': '8x6 16',
  'astc-8x8-unorm': '8x8 16',
  'astc-8x8-unorm-srgb': '8x8 16',
  'astc-10x5-unorm': '10x5 16',
  'astc-10x5-unorm-srgb': '10x5 16',
  'astc-10x6-unorm': '10x6 16',
  'astc-10x6-unorm-srgb': '10x6 16',
  'astc-10x8-unorm': '10x8 16',
  'astc-10x8-unorm-srgb': '10x8 16',
  'astc-10x10-unorm': '10x10 16',
  'astc-10x10-unorm-srgb': '10x10 16',
  'astc-12x10-unorm': '12x10 16',
  'astc-12x10-unorm-srgb': '12x10 16',
  'astc-12x12-unorm': '12x12 16',
  'astc-12x12-unorm-srgb': '12x12 16',
};

const usage = TextureUsage.TEXTURE_BINDING;

describe('blocks of formats', () => {
  it('are known for every format', () => {
    const told = Object.keys(BLOCKS).map((format) => {
      const { width, height, bytes } = textureBlock(format);
      return [format, `${width}x${height} ${bytes}`];
    });
    expect(Object.fromEntries(told)).toEqual(BLOCKS);
    expect(told.length).toBe(101);
  });

  it('say that depth and stencil are not moved', () => {
    const fixed = Object.keys(BLOCKS).filter((format) => !textureBlock(format).canMove);
    expect(fixed.sort()).toEqual([
      'depth16unorm',
      'depth24plus',
      'depth24plus-stencil8',
      'depth32float',
      'depth32float-stencil8',
      'stencil8',
    ]);
  });

  it.each(['', 'rgba8', 'RGBA8UNORM', 'toString', undefined, 4])('refuse %s', (format) => {
    const refused = expect.objectContaining({ name: 'UsageError', code: 'bad-argument' });
    expect(() => textureBlock(format as string)).toThrow(refused);
    expect(() => textureBytes({ width: 4, height: 4, usage, format: format as string })).toThrow(refused);
  });
});

describe('bytes of textures', () => {
  it.each<[string, Parameters<typeof textureBytes>[0], number]>([
    ['one texel', { width: 1, format: 'r8unorm', usage }, 1],
    ['a plain texture', { width: 256, height: 256, format: 'rgba8unorm', usage }, 262_144],
    ['layers', { width: 256, height: 256, layers: 6, format: 'rgba8unorm', usage }, 1_572_864],
    ['four samples', { width: 100, height: 10, samples: 4, format: 'rgba16float', usage: 16 }, 32_000],
    // 8 x 8 + 4 x 4 + 2 x 2 + 1 x 1 texels
    ['levels down to one texel', { width: 8, height: 8, mips: 4, format: 'rgba8unorm', usage }, 85 * 4],
    // 5 x 3 + 2 x 1 + 1 x 1 texels
    ['levels of odd sides', { width: 5, height: 3, mips: 3, format: 'r32float', usage }, 18 * 4],
    // 4 layers of 4 x 2 + 2 x 1 texels: the number of layers stays
    ['levels of layers', { width: 4, height: 2, layers: 4, mips: 2, format: 'rg8unorm', usage }, 4 * 10 * 2],
    // 8 x 4 x 4 + 4 x 2 x 2 + 2 x 1 x 1 + 1 x 1 x 1 texels: the depth is halved
    [
      'levels of a 3d texture',
      { width: 8, height: 4, layers: 4, mips: 4, dimension: '3d', format: 'r16float', usage },
      (128 + 16 + 2 + 1) * 2,
    ],
    ['a 1d texture', { width: 300, dimension: '1d', format: 'rgba32float', usage }, 4800],
    // 4 x 4 + 2 x 2 + 1 + 1 + 1 blocks: what is smaller than a block takes one
    ['levels of blocks', { width: 16, height: 16, mips: 5, format: 'bc7-rgba-unorm', usage }, 23 * 16],
    ['half blocks of bytes', { width: 16, height: 8, format: 'bc1-rgba-unorm', usage }, 64],
    // Level 1 is 7 x 5 texels, and 7 / 5 and 5 / 4 need two blocks each.
    [
      'levels of odd blocks',
      { width: 15, height: 10 + 2, mips: 2, format: 'astc-5x4-unorm', usage },
      (9 + 4) * 16,
    ],
    ['depth and stencil', { width: 10, height: 10, format: 'depth24plus-stencil8', usage: 16 }, 800],
    ['depth', { width: 10, height: 10, format: 'depth16unorm', usage: 16 }, 200],
    ['stencil', { width: 10, height: 10, format: 'stencil8', usage: 16 }, 400],
    [
      'more than 4 GiB',
      { width: 16_384, height: 16_384, layers: 256, format: 'rgba32float', usage },
      16_384 * 16_384 * 256 * 16,
    ],
  ])('counts %s', (_, descriptor, bytes) => {
    expect(textureBytes(descriptor)).toBe(bytes);
  });

  it('refuses what no number can count', () => {
    const descriptor = { width: 2 ** 30, height: 2 ** 30, format: 'rgba8unorm', usage };
    expect(() => textureBytes(descriptor)).toThrow(expect.objectContaining({ code: 'too-large' }));
  });
});
