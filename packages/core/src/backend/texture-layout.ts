/**
 * Texture layout: how many bytes a texture takes, and where a region of a layer lies in them.
 *
 * Cost     O(1); the bytes of a whole texture O(mips).
 * Promise  exact up to 2^53-1. Each level of detail is rounded up to whole blocks by itself.
 */
import type { LayerRegion, TextureBlock, TextureDescriptor, TextureDimension } from './texture-port.ts';

/** A descriptor with nothing left out. */
export interface TextureShape {
  readonly width: number;
  readonly height: number;
  readonly layers: number;
  readonly format: string;
  readonly usage: number;
  readonly mips: number;
  readonly samples: number;
  readonly dimension: TextureDimension;
  readonly label: string;
}

/** One region of one layer with nothing left out; sides in texels. */
export interface LayerSpan {
  readonly layer: number;
  readonly mip: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Bytes of a row of blocks. */
  readonly rowBytes: number;
  /** Rows of blocks. */
  readonly rowCount: number;
}

/** The descriptor with its defaults. */
export function shapeOf(descriptor: TextureDescriptor): TextureShape {
  return {
    width: descriptor.width,
    height: descriptor.height ?? 1,
    layers: descriptor.layers ?? 1,
    format: descriptor.format,
    usage: descriptor.usage,
    mips: descriptor.mips ?? 1,
    samples: descriptor.samples ?? 1,
    dimension: descriptor.dimension ?? '2d',
    label: descriptor.label ?? '',
  };
}

/** The most levels of detail that a texture of this shape may have: down to one texel. */
export function mostMips({ width, height, layers, dimension }: TextureShape): number {
  if (dimension === '1d') return 1;
  const side = Math.max(width, height, dimension === '3d' ? layers : 1);
  let count = 1;
  while (2 ** count <= side) count++;
  return count;
}

/** Texels of a side of `side` texels at a level of detail; 1 at least. */
export function mipSide(side: number, mip: number): number {
  return Math.max(1, Math.floor(side / 2 ** mip));
}

/** Layers that a level of detail has; a 3d texture gets shallower, an array does not. */
export function layersAt({ layers, dimension }: TextureShape, mip: number): number {
  return dimension === '3d' ? mipSide(layers, mip) : layers;
}

/** Blocks that cover `texels`. */
export function blocksOf(texels: number, blockTexels: number): number {
  return Math.ceil(texels / blockTexels);
}

/** Bytes of one layer at a level of detail, for one sample. */
export function layerBytes(shape: TextureShape, block: TextureBlock, mip: number): number {
  const across = blocksOf(mipSide(shape.width, mip), block.width);
  return across * blocksOf(mipSide(shape.height, mip), block.height) * block.bytes;
}

/** Bytes of all levels, layers and samples. O(mips) */
export function bytesOfShape(shape: TextureShape, block: TextureBlock): number {
  let bytes = 0;
  for (let mip = 0; mip < shape.mips; mip++) {
    bytes += layerBytes(shape, block, mip) * layersAt(shape, mip);
  }
  return bytes * shape.samples;
}

/** A region with its defaults; neither layer nor region have been checked. */
export function spanOf(
  shape: TextureShape,
  block: TextureBlock,
  layer: number,
  region: LayerRegion,
): LayerSpan {
  const { mip = 0, x = 0, y = 0 } = region;
  const width = region.width ?? blocksOf(mipSide(shape.width, mip), block.width) * block.width - x;
  const height = region.height ?? blocksOf(mipSide(shape.height, mip), block.height) * block.height - y;
  return {
    layer,
    mip,
    x,
    y,
    width,
    height,
    rowBytes: (width / block.width) * block.bytes,
    rowCount: height / block.height,
  };
}
