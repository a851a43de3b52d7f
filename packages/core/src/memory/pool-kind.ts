/**
 * Pool kind: everything in which the pools of a heap differ.
 */
import { Ring } from '../ranges/ring.ts';
import type { Suballocator, SuballocatorOptions } from '../ranges/suballocator.ts';
import { Tlsf } from '../ranges/tlsf.ts';

/**
 * What shaders do with the allocations of a pool: WebGPU lets no shader write a buffer that it reads in the
 * same scope.
 */
export type Access = 'read' | 'write';

/** Where the bytes are wanted; `scratch` is the heap's own detour for copies within one buffer. */
export type Location = 'gpu' | 'upload' | 'readback' | 'scratch';

/**
 * How long allocations live: `frame` until the next `endFrame()`, `transient` for some frames, `long` for as
 * long as the application. Each has chunks of its own, so that what stays does not hold what goes.
 */
export type Lifetime = 'frame' | 'transient' | 'default' | 'long';

/** Makes the suballocator of a chunk. */
export type SuballocatorMaker = (options: SuballocatorOptions) => Suballocator;

/**
 * How a pool places: `shared`, many ranges in a chunk; `whole`, one at a time (reading maps a whole buffer);
 * `dedicated`, each in a buffer of its own size.
 */
export type Placement = 'shared' | 'whole' | 'dedicated';

/** What a pool and all its chunks are like. Sizes in bytes. */
export interface PoolKind {
  readonly name: string;
  /** Index into the backend's memory types. */
  readonly memoryType: number;
  /** Bits of BufferUsage that every chunk has. */
  readonly usage: number;
  readonly access: Access;
  readonly location: Location;
  readonly lifetime: Lifetime;
  readonly placement: Placement;
  /** Offsets and reserved sizes are multiples of it; itself a multiple of 4. */
  readonly granularity: number;
  readonly makeSuballocator: SuballocatorMaker;
  /** Chunks grow up to this. */
  readonly chunkBytes: number;
  /** And when the pool holds many of them, up to this. */
  readonly mostChunkBytes: number;
  /** Requests of this size or more get a buffer of their own. */
  readonly dedicatedBytes: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly minChunks: number;
  readonly maxChunks: number;
}

/** How large the chunks of a pool become, and from where on a request is no part of one. */
export type ChunkLimits = Pick<PoolKind, 'chunkBytes' | 'mostChunkBytes' | 'dedicatedBytes'>;

/** Bytes per unit of the suballocators in the heap's own pools. */
export const CHUNK_GRANULARITY = 16;

/** The kind of the heap's own pools. */
export function standardKind(
  memoryType: number,
  usage: number,
  access: Access,
  location: Location,
  lifetime: Lifetime,
  sizes: ChunkLimits,
): PoolKind {
  const place = location === 'gpu' ? `gpu-${access}` : location;
  return {
    name: lifetime === 'default' ? place : `${place}-${lifetime}`,
    memoryType,
    usage,
    access,
    location,
    lifetime,
    placement: location === 'readback' ? 'whole' : 'shared',
    granularity: CHUNK_GRANULARITY,
    makeSuballocator: lifetime === 'frame' ? makeRing : makeTlsf,
    chunkBytes: sizes.chunkBytes,
    mostChunkBytes: sizes.mostChunkBytes,
    dedicatedBytes: sizes.dedicatedBytes,
    minBytes: 0,
    maxBytes: Number.POSITIVE_INFINITY,
    minChunks: 0,
    maxChunks: Number.POSITIVE_INFINITY,
  };
}

/** The default: good fit, any order of frees. */
export function makeTlsf(options: SuballocatorOptions): Suballocator {
  return new Tlsf(options);
}

function makeRing(options: SuballocatorOptions): Suballocator {
  return new Ring(options);
}
