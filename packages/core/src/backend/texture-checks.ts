/**
 * Texture checks: the argument checks that every texture backend owes its callers, written once for those who
 * write them.
 *
 * Promise  throws the `UsageError` codes of the port contract, with the value and what would be accepted.
 * Refusal  does not know which format can do what: that is the device's to say.
 */
import { checkInteger, checkOneOf, checkOptions, show } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';
import type { BufferTable, CheckedBuffer } from './buffer-table.ts';
import { checkUsage } from './port-checks.ts';
import {
  bytesOfShape,
  type LayerSpan,
  layersAt,
  mipSide,
  mostMips,
  shapeOf,
  spanOf,
  type TextureShape,
} from './texture-layout.ts';
import {
  type LayerCopy,
  type LayerRegion,
  type TextureBlock,
  type TextureDescriptor,
  type TextureLimits,
  TextureUsage,
} from './texture-port.ts';

const ALL_USAGES: number = Object.values(TextureUsage).reduce((all, bit) => all | bit, 0);

const MULTISAMPLED = 4;

/** What the checks look at of a texture. */
export interface CheckedTexture extends CheckedBuffer {
  readonly shape: TextureShape;
  readonly block: TextureBlock;
}

/** A copy with its spans, and the records of both ends. */
export interface CheckedCopy<Record> {
  readonly from: Record;
  readonly to: Record;
  readonly source: LayerSpan;
  readonly target: LayerSpan;
  readonly layers: number;
}

/**
 * Throws unless the descriptor is one that the port allows; answers it with its defaults, its block and its
 * bytes. `blockOf` throws for a format that the backend does not know.
 */
export function checkTexture(
  descriptor: TextureDescriptor,
  limits: TextureLimits,
  blockOf: (format: string) => TextureBlock,
): CheckedTexture {
  checkOptions(descriptor, 'descriptor', [
    'width',
    'height',
    'layers',
    'format',
    'usage',
    'mips',
    'samples',
    'dimension',
    'label',
  ]);
  const shape = shapeOf(descriptor);
  checkOneOf(shape.dimension, 'dimension', ['1d', '2d', '3d']);
  if (typeof shape.format !== 'string' || typeof shape.label !== 'string') {
    const [name, value] =
      typeof shape.format === 'string' ? ['label', shape.label] : ['format', shape.format];
    throw new UsageError('bad-argument', `${name} is ${show(value)}; pass a string`);
  }
  const block = blockOf(shape.format);
  checkSides(shape, limits, block);
  const { mips, usage } = shape;
  checkInteger(mips, 'mips', 1, mostMips(shape), 'bad-argument');
  if (!Number.isSafeInteger(usage) || usage <= 0 || usage > ALL_USAGES) {
    throw new UsageError('bad-usage', `usage is ${show(usage)}; combine bits of TextureUsage`);
  }
  checkSamples(shape);
  const sizeBytes = bytesOfShape(shape, block);
  if (!Number.isSafeInteger(sizeBytes)) {
    throw new UsageError('too-large', 'the texture would take more than 2^53-1 bytes; make it smaller');
  }
  return { shape, block, sizeBytes, usage };
}

function checkSides(shape: TextureShape, limits: TextureLimits, block: TextureBlock): void {
  const { width, height, layers, dimension } = shape;
  const side = { '1d': limits.maxSide1d, '2d': limits.maxSide2d, '3d': limits.maxSide3d }[dimension];
  const most = {
    width: side,
    height: dimension === '1d' ? 1 : side,
    layers: dimension === '2d' ? limits.maxLayers : dimension === '3d' ? side : 1,
  };
  for (const [name, value] of Object.entries({ width, height, layers })) {
    checkInteger(value, name, 1, Number.MAX_SAFE_INTEGER, 'bad-size');
    const allowed = most[name as keyof typeof most];
    if (value > allowed) {
      throw new UsageError(
        'too-large',
        `${name} is ${value}; this device allows ${allowed} in a ${dimension} texture`,
      );
    }
  }
  if (width % block.width !== 0 || height % block.height !== 0) {
    throw new UsageError(
      'bad-size',
      `a texture of ${width} x ${height} is not made of whole blocks of ${block.width} x ${block.height}; pad it`,
    );
  }
}

function checkSamples({ samples, mips, layers, usage, dimension }: TextureShape): void {
  if (samples === 1) return;
  const isPlain = mips === 1 && layers === 1 && dimension === '2d';
  const isAttached =
    (usage & TextureUsage.RENDER_ATTACHMENT) !== 0 && (usage & TextureUsage.STORAGE_BINDING) === 0;
  if (samples === MULTISAMPLED && isPlain && isAttached) return;
  throw new UsageError(
    'bad-argument',
    `samples is ${show(samples)}; pass 1, or 4 for a 2d texture of one layer and one level, with ` +
      'RENDER_ATTACHMENT and without STORAGE_BINDING',
  );
}

/** Throws unless the layers of a texture can be moved and it was made with `bit`. */
export function checkMovable(record: CheckedTexture, bit: number, name: string, bitName: string): void {
  checkUsage(record, bit, name, bitName);
  const { format, samples } = record.shape;
  if (record.block.canMove && samples === 1) return;
  throw new UsageError(
    'bad-usage',
    `${name} is ${format} with ${samples} samples; depth, stencil and multisampled layers are only counted`,
  );
}

/** Throws unless the region lies in that layer and is made of whole blocks; answers it with its defaults. */
export function checkRegion(
  { shape, block }: CheckedTexture,
  layer: number,
  region: LayerRegion,
  layers: number,
  name: string,
): LayerSpan {
  checkOptions(region, `${name} region`, ['mip', 'x', 'y', 'width', 'height']);
  checkInteger(region.mip ?? 0, `${name} mip`, 0, shape.mips - 1, 'out-of-bounds');
  const span = spanOf(shape, block, layer, region);
  const most = layersAt(shape, span.mip) - layers;
  if (!Number.isSafeInteger(layer) || layer < 0 || layer > most) {
    throw new UsageError(
      'out-of-bounds',
      `${name}: ${layers} layers from ${show(layer)} on are not inside its ${most + layers}`,
    );
  }
  checkAlong('x', span.x, span.width, mipSide(shape.width, span.mip), block.width, name);
  checkAlong('y', span.y, span.height, mipSide(shape.height, span.mip), block.height, name);
  return span;
}

function checkAlong(
  axis: string,
  start: number,
  length: number,
  side: number,
  block: number,
  name: string,
): void {
  const end = Math.ceil(side / block) * block;
  const isInside = Number.isSafeInteger(start) && Number.isSafeInteger(length) && start >= 0 && length > 0;
  if (!isInside || length > end - start) {
    throw new UsageError(
      'out-of-bounds',
      `${name}: ${show(length)} texels at ${axis} ${show(start)} are not inside its ${end}`,
    );
  }
  if (start % block !== 0 || length % block !== 0) {
    throw new UsageError(
      'misaligned',
      `${name}: ${length} texels at ${axis} ${start}; both must be multiples of ${block}`,
    );
  }
}

/** Throws unless `sizeBytes` is exactly what the span takes. */
export function checkDataSize(sizeBytes: number, { rowBytes, rowCount }: LayerSpan): void {
  if (sizeBytes === rowBytes * rowCount) return;
  throw new UsageError(
    'bad-size',
    `data has ${sizeBytes} bytes; the region takes ${rowCount} rows of ${rowBytes}`,
  );
}

/** Throws unless every copy is one that `copyToLayer` may do. O(copies). */
export function checkCopies<Texture extends object, Record extends CheckedTexture>(
  copies: readonly LayerCopy<Texture>[],
  textures: BufferTable<Texture, Record>,
): CheckedCopy<Record>[] {
  if (!Array.isArray(copies)) {
    throw new UsageError('bad-argument', `copies is ${show(copies)}; pass an array of copies`);
  }
  return copies.map((copy: LayerCopy<Texture>, index) => checkCopy(copy, textures, `copies[${index}]`));
}

function checkCopy<Texture extends object, Record extends CheckedTexture>(
  copy: LayerCopy<Texture>,
  textures: BufferTable<Texture, Record>,
  name: string,
): CheckedCopy<Record> {
  checkOptions(copy, name, ['source', 'sourceLayer', 'target', 'targetLayer', 'layers', 'region']);
  const { sourceLayer, targetLayer, layers = 1, region = {} } = copy;
  const from = textures.get(copy.source, `${name}.source`);
  const to = textures.get(copy.target, `${name}.target`);
  checkMovable(from, TextureUsage.COPY_SRC, `${name}.source`, 'COPY_SRC');
  checkMovable(to, TextureUsage.COPY_DST, `${name}.target`, 'COPY_DST');
  checkInteger(layers, `${name}.layers`, 1, Number.MAX_SAFE_INTEGER, 'bad-argument');
  const source = checkRegion(from, sourceLayer, region, layers, `${name}.source`);
  // The target takes as much as there is in the source, not as much as it has room for.
  const { mip, x, y, width, height } = source;
  const target = checkRegion(to, targetLayer, { mip, x, y, width, height }, layers, `${name}.target`);
  if (from.shape.format !== to.shape.format) {
    throw new UsageError(
      'bad-argument',
      `${name} goes from ${from.shape.format} to ${to.shape.format}; copy between textures of one format`,
    );
  }
  const areApart = Math.abs(sourceLayer - targetLayer) >= layers && from.shape.dimension !== '3d';
  if (copy.source === copy.target && !areApart) {
    throw new UsageError(
      'bad-argument',
      `${name} has a layer of one texture on both ends, from ${sourceLayer} to ${targetLayer}; go through another`,
    );
  }
  return { from, to, source, target, layers };
}
