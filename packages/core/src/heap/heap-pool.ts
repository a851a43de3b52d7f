/// <reference lib="esnext.disposable" preserve="true" />
/**
 * Heap pool: a pool that the application makes, with a suballocator, a granularity and limits of its own.
 *
 * Promise  the least that it is told to hold is held from the start and never trimmed; the most is never
 *          passed. Its allocations share no chunk with those of other pools.
 */
import { CHUNK_USAGE, checkUsage, READBACK_USAGE, TRANSFER_USAGE } from '../backend/usage.ts';
import { checkInteger, checkOneOf, checkOptions, checkText, show } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';
import type { Memory } from '../memory/memory.ts';
import type { Pool } from '../memory/pool.ts';
import {
  type Access,
  CHUNK_GRANULARITY,
  type ChunkLimits,
  type Lifetime,
  makeTlsf,
  type PoolKind,
  type SuballocatorMaker,
} from '../memory/pool-kind.ts';

/** How a pool is made. Sizes in bytes. */
export interface HeapPoolOptions {
  /** Shown in snapshots, reports and errors. */
  readonly name: string;
  /** Bits of BufferUsage that its chunks have; default all that the location can do. */
  readonly usage?: number;
  /** What shaders do with its allocations. Default `read`. */
  readonly access?: Access;
  /** Default `gpu`. */
  readonly location?: 'gpu' | 'upload' | 'readback';
  /** Default `default`. */
  readonly lifetime?: Exclude<Lifetime, 'frame'>;
  /**
   * Makes the suballocator of each chunk, such as `(options) => new Fixed(options)`, whose slots are of
   * `granularity` bytes; `'none'` gives every allocation a buffer of its own. Default: `Tlsf`.
   */
  readonly suballocator?: SuballocatorMaker | 'none';
  /** Offsets and reserved sizes are multiples of it, a multiple of 4, such as a vertex stride. Default 16. */
  readonly granularity?: number;
  /** Chunks grow up to this size. Default: as the heap's. */
  readonly chunkBytes?: number;
  /** Allocations of this size or more get a buffer of their own. Default `chunkBytes`. */
  readonly dedicatedBytes?: number;
  /** Held from the start. Default 0. */
  readonly minBytes?: number;
  readonly minChunks?: number;
  /** Never passed. Default Infinity. */
  readonly maxBytes?: number;
  readonly maxChunks?: number;
}

/** Figures of one pool, in bytes unless the name says count. */
export interface HeapPoolStatistics {
  reservedBytes: number;
  usedBytes: number;
  pendingBytes: number;
  freeBytes: number;
  peakUsedBytes: number;
  allocationCount: number;
  chunkCount: number;
}

const KNOWN = [
  'name',
  'usage',
  'access',
  'location',
  'lifetime',
  'suballocator',
  'granularity',
  'chunkBytes',
  'dedicatedBytes',
  'minBytes',
  'minChunks',
  'maxBytes',
  'maxChunks',
] as const;

const MAX_GRANULARITY = 65_536;
const MAX_CHUNK_UNITS: number = 2 ** 31 - 1;

/** A pool of one heap; made by `GpuHeap.createPool`. */
export class HeapPool<Buffer> {
  /** @internal */
  readonly pool: Pool<Buffer>;
  private readonly memory: Memory<Buffer>;
  private isDisposed = false;

  private readonly onEnd: () => void;

  /** Made by `GpuHeap.createPool`. `onEnd` is called when it is disposed of. */
  constructor(memory: Memory<Buffer>, pool: Pool<Buffer>, onEnd: () => void) {
    this.onEnd = onEnd;
    this.memory = memory;
    this.pool = pool;
  }

  /** What it and all its chunks are like. */
  get kind(): PoolKind {
    return this.pool.kind;
  }

  /** Shown in snapshots, reports and errors. */
  get name(): string {
    return this.pool.kind.name;
  }

  /** Whether it has not been disposed of. */
  get isLive(): boolean {
    return !this.isDisposed;
  }

  /** Fills and returns `into`, or a fresh record. O(1). */
  statistics(into?: HeapPoolStatistics): HeapPoolStatistics {
    const out = into ?? ({} as HeapPoolStatistics);
    const { reservedBytes, usedBytes, pendingBytes, peakUsedBytes, liveCount, chunks } = this.pool;
    out.reservedBytes = reservedBytes;
    out.usedBytes = usedBytes;
    out.pendingBytes = pendingBytes;
    out.freeBytes = reservedBytes - usedBytes - pendingBytes;
    out.peakUsedBytes = peakUsedBytes;
    out.allocationCount = liveCount;
    out.chunkCount = chunks.length;
    return out;
  }

  /**
   * Gives its chunks back. Refused while something lives in it, or waits for the GPU.
   * @throws UsageError `pool-in-use`
   */
  dispose(): void {
    if (this.isDisposed) return;
    this.memory.reclaim();
    const { liveCount, pendingBytes } = this.pool;
    if (liveCount > 0 || pendingBytes > 0) {
      throw new UsageError(
        'pool-in-use',
        `pool ${show(this.name)} has ${liveCount} live allocations and ${pendingBytes} bytes that wait for the GPU; free them and call endFrame() first`,
      );
    }
    this.memory.removePool(this.pool);
    this.isDisposed = true;
    this.onEnd();
  }

  /** As `dispose`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** @internal Its heap has been disposed of. */
  end(): void {
    this.isDisposed = true;
  }
}

/**
 * The kind of a pool, from what the application says of it. `memoryTypeOf` names the memory type of a
 * location.
 * @throws UsageError `bad-argument`, `unknown-option`, `bad-usage`, `bad-size`, `bad-granularity`
 */
export function checkPoolOptions(
  options: HeapPoolOptions,
  defaults: ChunkLimits,
  memoryTypeOf: (location: 'gpu' | 'upload' | 'readback') => number,
): PoolKind {
  checkOptions(options, 'options', KNOWN);
  const { name, access = 'read', location = 'gpu', lifetime = 'default', suballocator = makeTlsf } = options;
  checkText(name, 'name');
  checkOneOf(access, 'access', ['read', 'write']);
  checkOneOf(location, 'location', ['gpu', 'upload', 'readback']);
  checkOneOf(lifetime, 'lifetime', ['default', 'transient', 'long']);
  if (suballocator !== 'none' && typeof suballocator !== 'function') {
    throw new UsageError(
      'bad-argument',
      `suballocator is ${show(suballocator)}; pass 'none' or a function that makes one`,
    );
  }
  const sizes = checkSizes(options, defaults);
  if (suballocator === 'none' && (sizes.minBytes > 0 || sizes.minChunks > 0)) {
    throw new UsageError(
      'bad-argument',
      `minBytes is ${sizes.minBytes} and minChunks ${sizes.minChunks} in a pool where each allocation has a buffer of its own; leave them out`,
    );
  }
  return {
    name,
    memoryType: memoryTypeOf(location),
    usage: usageOf(options, location),
    access: location === 'gpu' ? access : 'read',
    location,
    lifetime,
    placement: suballocator === 'none' ? 'dedicated' : location === 'readback' ? 'whole' : 'shared',
    makeSuballocator: suballocator === 'none' ? makeTlsf : suballocator,
    ...sizes,
  };
}

function usageOf(options: HeapPoolOptions, location: 'gpu' | 'upload' | 'readback'): number {
  if (location === 'readback') return READBACK_USAGE;
  const all = location === 'gpu' ? CHUNK_USAGE : TRANSFER_USAGE;
  const { usage = all } = options;
  checkUsage(usage, all);
  // What the heap itself does with every allocation: it writes, reads and moves them.
  return usage | TRANSFER_USAGE;
}

type Sizes = Pick<
  PoolKind,
  | 'granularity'
  | 'chunkBytes'
  | 'mostChunkBytes'
  | 'dedicatedBytes'
  | 'minBytes'
  | 'maxBytes'
  | 'minChunks'
  | 'maxChunks'
>;

function checkSizes(options: HeapPoolOptions, defaults: ChunkLimits): Sizes {
  const { granularity = CHUNK_GRANULARITY, minBytes = 0, minChunks = 0 } = options;
  checkInteger(granularity, 'granularity', 4, MAX_GRANULARITY, 'bad-granularity');
  if (granularity % 4 !== 0) {
    throw new UsageError(
      'bad-granularity',
      `granularity is ${granularity}; pass a multiple of 4: writes and copies work in words`,
    );
  }
  const { chunkBytes = Math.max(defaults.chunkBytes, granularity) } = options;
  const { dedicatedBytes = chunkBytes } = options;
  checkInteger(chunkBytes, 'chunkBytes', granularity, granularity * MAX_CHUNK_UNITS, 'bad-size');
  checkInteger(dedicatedBytes, 'dedicatedBytes', 1, Number.MAX_SAFE_INTEGER, 'bad-size');
  const maxBytes = checkMost(options.maxBytes, 'maxBytes');
  const maxChunks = checkMost(options.maxChunks, 'maxChunks');
  checkInteger(minBytes, 'minBytes', 0, Math.min(maxBytes, Number.MAX_SAFE_INTEGER), 'bad-size');
  checkInteger(minChunks, 'minChunks', 0, Math.min(maxChunks, 2 ** 20), 'bad-size');
  const mostChunkBytes =
    options.chunkBytes ??
    Math.min(Math.max(defaults.mostChunkBytes, chunkBytes), granularity * MAX_CHUNK_UNITS);
  const limits = { minBytes, maxBytes, minChunks, maxChunks };
  return { granularity, chunkBytes, mostChunkBytes, dedicatedBytes, ...limits };
}

function checkMost(value: number | undefined, name: string): number {
  if (value === undefined || value === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
  checkInteger(value, name, 1, Number.MAX_SAFE_INTEGER, 'bad-size');
  return value;
}
