/** Tile options: what the tiles of a pool are like, and how many there may be. */
import type { TextureBackend, TextureDescriptor } from '../backend/texture-port.ts';
import { TextureUsage } from '../backend/texture-port.ts';
import { checkInteger, checkOptions } from '../base/check.ts';

/** Bytes of a chunk, unless told otherwise. */
const DEFAULT_CHUNK_BYTES: number = 8 * 1024 * 1024;
const DEFAULT_IDLE_BOUNDARIES = 60;

/** What the tiles of a pool are like, and how many there may be. */
export interface TilePoolOptions {
  /** Texels of a tile, a multiple of the format's block. */
  readonly width: number;
  /** Texels of a tile, a multiple of the format's block. */
  readonly height: number;
  /** The name of a format that the backend knows. */
  readonly format: string;
  /** Bits of `TextureUsage`. Default TEXTURE_BINDING, COPY_SRC and COPY_DST. */
  readonly usage?: number;
  /** Levels of detail of every tile. Default 1. */
  readonly mips?: number;
  /**
   * Tiles of one chunk, the longest run that can be had. Default: what fits 8 MiB, one at least, at most the
   * layers that the device allows.
   */
  readonly tilesPerChunk?: number;
  /** The most chunks. Default Infinity. */
  readonly maxChunks?: number;
  /** The most bytes of all chunks together. Default Infinity. */
  readonly maxBytes?: number;
  /** Boundaries after which an empty chunk is given back, if it is not the only one. Default 60. */
  readonly idleBoundaries?: number;
  readonly label?: string;
}

/** The options with nothing left out, and what follows from them. Bytes. */
export interface TilePoolSettings {
  /** Of one chunk. */
  readonly descriptor: TextureDescriptor;
  readonly height: number;
  readonly tilesPerChunk: number;
  readonly chunkBytes: number;
  readonly tileBytes: number;
  readonly maxChunks: number;
  readonly maxBytes: number;
  readonly idleBoundaries: number;
}

/** The options checked and completed. @throws UsageError as `measureTexture` of the port */
export function resolveTileOptions(
  options: TilePoolOptions,
  textures: TextureBackend<unknown>,
): TilePoolSettings {
  checkOptions(options, 'options', [
    'width',
    'height',
    'format',
    'usage',
    'mips',
    'tilesPerChunk',
    'maxChunks',
    'maxBytes',
    'idleBoundaries',
    'label',
  ]);
  const { width, height, format, mips = 1, idleBoundaries = DEFAULT_IDLE_BOUNDARIES } = options;
  const { TEXTURE_BINDING, COPY_SRC, COPY_DST } = TextureUsage;
  const { usage = TEXTURE_BINDING | COPY_SRC | COPY_DST, label = 'gpuheap tiles' } = options;
  checkInteger(height, 'height', 1, Number.MAX_SAFE_INTEGER, 'bad-size');
  const tile: TextureDescriptor = { width, height, format, usage, mips, label };
  const tileBytes = textures.measureTexture(tile);
  const { maxLayers } = textures.limits;
  const usual = Math.min(maxLayers, Math.max(1, Math.floor(DEFAULT_CHUNK_BYTES / tileBytes)));
  const { tilesPerChunk = usual } = options;
  checkInteger(tilesPerChunk, 'tilesPerChunk', 1, maxLayers, 'bad-argument');
  checkInteger(idleBoundaries, 'idleBoundaries', 0, Number.MAX_SAFE_INTEGER, 'bad-argument');
  const descriptor = { ...tile, layers: tilesPerChunk };
  return {
    descriptor,
    height,
    tilesPerChunk,
    chunkBytes: textures.measureTexture(descriptor),
    tileBytes,
    maxChunks: resolveMost(options.maxChunks, 'maxChunks'),
    maxBytes: resolveMost(options.maxBytes, 'maxBytes'),
    idleBoundaries,
  };
}

/** A limit that may be left out. @throws UsageError `bad-argument` */
export function resolveMost(value: number | undefined, name: string): number {
  if (value === undefined || value === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
  checkInteger(value, name, 0, Number.MAX_SAFE_INTEGER, 'bad-argument');
  return value;
}
