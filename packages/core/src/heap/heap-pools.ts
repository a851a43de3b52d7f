/**
 * Heap pools: the pools that a heap makes by itself, by what is asked of them, and those of the application.
 */
import { MEMORY_WISHES, MemoryTypeSelector, type MemoryTypeWish } from '../backend/memory-type-selector.ts';
import type { GpuBackend, MemoryType } from '../backend/port.ts';
import { CHUNK_USAGE, READBACK_USAGE, TRANSFER_USAGE } from '../backend/usage.ts';
import { show } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';
import type { Memory } from '../memory/memory.ts';
import type { Pool } from '../memory/pool.ts';
import { type Access, type Lifetime, type Location, standardKind } from '../memory/pool-kind.ts';
import type { HeapSettings } from './heap-options.ts';
import { checkPoolOptions, HeapPool, type HeapPoolOptions } from './heap-pool.ts';
import type { CheckedRequest } from './request.ts';

/** Buffers of the caller have the size that they have. */
const NO_CHUNKS = { chunkBytes: 0, mostChunkBytes: 0, dedicatedBytes: 0 };

export class HeapPools<Buffer> {
  private readonly memory: Memory<Buffer>;
  private types: readonly MemoryType[];
  private selector: MemoryTypeSelector;
  private readonly settings: HeapSettings;
  private readonly standard: Pool<Buffer>[] = [];
  private adopted: Pool<Buffer> | undefined;
  private readonly own = new Set<HeapPool<Buffer>>();

  constructor(memory: Memory<Buffer>, types: readonly MemoryType[], settings: HeapSettings) {
    this.memory = memory;
    this.types = types;
    this.selector = new MemoryTypeSelector(types);
    this.settings = settings;
  }

  /** The pool that serves a request. @throws UsageError `no-memory-type`, `foreign-object`, `disposed` */
  poolFor(request: CheckedRequest<Buffer>): Pool<Buffer> {
    const { pool, access, location, lifetime } = request;
    if (pool === undefined) return this.standardPool(access, location, lifetime);
    if (!(pool instanceof HeapPool) || (pool.isLive && !this.own.has(pool))) {
      throw new UsageError('foreign-object', `pool is ${show(pool)}; pass one that this heap has made`);
    }
    if (!pool.isLive) throw new UsageError('disposed', `pool ${show(pool.name)} has been disposed of`);
    return pool.pool;
  }

  /** One of the heap's own pools, made when it is first asked for. @throws UsageError `no-memory-type` */
  standardPool(access: Access, location: Location, lifetime: Lifetime): Pool<Buffer> {
    for (const pool of this.standard) {
      const { kind } = pool;
      if (kind.access === access && kind.location === location && kind.lifetime === lifetime) return pool;
    }
    const memoryType = this.memoryTypeOf(location);
    const usage = USAGES[location];
    const made = this.memory.addPool(
      standardKind(memoryType, usage, access, location, lifetime, this.settings),
    );
    this.standard.push(made);
    return made;
  }

  /**
   * A pool of the application's own, with the least that it shall hold.
   * @throws UsageError · OutOfMemoryError · BackendError
   */
  create(options: HeapPoolOptions): HeapPool<Buffer> {
    const kind = checkPoolOptions(options, this.settings, (location) => this.memoryTypeOf(location));
    const { memory } = this;
    const pool = memory.addPool(kind);
    try {
      while (pool.reservedBytes < kind.minBytes || pool.chunks.length < kind.minChunks) {
        // Each leaves room for those that are owed still.
        const most = (kind.maxBytes - pool.reservedBytes) / Math.max(1, kind.minChunks - pool.chunks.length);
        const missing = Math.min(kind.chunkBytes, kind.minBytes - pool.reservedBytes, Math.floor(most));
        const size = Math.max(kind.granularity, missing - (missing % kind.granularity));
        if (memory.grow(pool, size, most) === undefined) throw memory.ladder.explain(pool, size);
      }
    } catch (error) {
      memory.removePool(pool);
      throw error;
    }
    const made: HeapPool<Buffer> = new HeapPool(memory, pool, () => this.own.delete(made));
    this.own.add(made);
    return made;
  }

  /** Where the buffers of the caller's own are. */
  adoptedPool(): Pool<Buffer> {
    this.adopted ??= this.memory.addPool({
      ...standardKind(0, CHUNK_USAGE, 'write', 'gpu', 'long', NO_CHUNKS),
      name: 'adopted',
      placement: 'dedicated',
    });
    return this.adopted;
  }

  /** The memory type of each location on another backend. @throws UsageError `no-memory-type` */
  memoryTypesOn(backend: GpuBackend<Buffer>): (location: Location) => number {
    const selector = new MemoryTypeSelector(backend.memoryTypes);
    return (location) => {
      const memoryType = selector.select(wishFor(location));
      if (memoryType !== -1) return memoryType;
      throw new UsageError('no-memory-type', `the backend has no memory type for location '${location}'`);
    };
  }

  /** Goes on with another backend. */
  follow(backend: GpuBackend<Buffer>): void {
    this.types = backend.memoryTypes;
    this.selector = new MemoryTypeSelector(backend.memoryTypes);
  }

  /** The pools of the application are dead from now on. */
  dispose(): void {
    for (const pool of this.own) pool.end();
  }

  private memoryTypeOf(location: Location): number {
    const memoryType = this.selector.select(wishFor(location));
    if (memoryType !== -1) return memoryType;
    throw new UsageError(
      'no-memory-type',
      `no memory type for location '${location}' among ${this.types.length}; ask for location 'gpu'`,
    );
  }
}

function wishFor(location: Location): MemoryTypeWish {
  return MEMORY_WISHES[location === 'scratch' ? 'gpu' : location];
}

/** What the chunks of each location can do. */
const USAGES: Record<Location, number> = {
  gpu: CHUNK_USAGE,
  scratch: TRANSFER_USAGE,
  upload: TRANSFER_USAGE,
  readback: READBACK_USAGE,
};
