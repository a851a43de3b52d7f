/**
 * Staging: where a heap keeps bytes on their way in and out, and how they travel.
 *
 * Promise  held to limits of its own, beside the budget. Its two pools are made when they are first used.
 */
import { MEMORY_WISHES, MemoryTypeSelector } from '../backend/memory-type-selector.ts';
import { READBACK_USAGE, UPLOAD_USAGE } from '../backend/usage.ts';
import { UsageError } from '../base/errors.ts';
import type { Memory } from '../memory/memory.ts';
import type { Pool } from '../memory/pool.ts';
import { type ChunkLimits, standardKind } from '../memory/pool-kind.ts';
import { ReadbackRing } from '../memory/readback-ring.ts';
import { UploadBelt } from '../memory/upload-belt.ts';
import type { HeapSettings } from './heap-options.ts';
import { UploadBatch } from './upload-batch.ts';

/** Upload chunks are an eighth of what is held for uploads, within these bounds. */
const LEAST_UPLOAD_CHUNK: number = 64 * 1024;
const MOST_UPLOAD_CHUNK: number = 4 * 1024 * 1024;
const UPLOAD_SHARE = 8;
/** What is held for eviction is a thirty-second of the budget, within these bounds. */
const READ_SHARE = 32;
const MOST_READ_CHUNK: number = 4 * 1024 * 1024;

export class Staging<Buffer> {
  /** Writes on their way in. */
  readonly batch: UploadBatch<Buffer>;
  /** Reads on their way out. */
  readonly readbacks: ReadbackRing<Buffer>;
  private readonly memory: Memory<Buffer>;
  private readonly settings: HeapSettings;
  /** Null where there is none. */
  private uploadPool: Pool<Buffer> | null | undefined;
  private readbackPool: Pool<Buffer> | undefined;

  constructor(memory: Memory<Buffer>, settings: HeapSettings) {
    this.memory = memory;
    this.settings = settings;
    this.batch = new UploadBatch(memory, new UploadBelt(memory, () => this.uploads()));
    this.readbacks = new ReadbackRing(memory, () => this.reads());
  }

  /** For the upload belt; undefined where uploads are not to be staged, or can not be. */
  private uploads(): Pool<Buffer> | undefined {
    if (this.uploadPool === undefined) this.uploadPool = this.makeUploadPool();
    return this.uploadPool ?? undefined;
  }

  private makeUploadPool(): Pool<Buffer> | null {
    const { uploadBytes } = this.settings;
    const { maxBufferSize } = this.memory.backend.limits;
    const memoryType = this.memoryTypeFor('upload');
    const most = Math.min(uploadBytes / UPLOAD_SHARE, MOST_UPLOAD_CHUNK, maxBufferSize);
    const chunkBytes = Math.max(LEAST_UPLOAD_CHUNK, most - (most % LEAST_UPLOAD_CHUNK));
    if (memoryType === -1 || chunkBytes > Math.min(uploadBytes, maxBufferSize)) return null;
    return this.addPool(
      'upload',
      memoryType,
      UPLOAD_USAGE,
      { chunkBytes, mostChunkBytes: chunkBytes, dedicatedBytes: Number.POSITIVE_INFINITY },
      uploadBytes,
    );
  }

  /** For reads of what the CPU can not map. @throws UsageError `no-memory-type` */
  private reads(): Pool<Buffer> {
    if (this.readbackPool !== undefined) return this.readbackPool;
    const memoryType = this.memoryTypeFor('readback');
    if (memoryType === -1) {
      throw new UsageError(
        'no-memory-type',
        'the backend has no memory type that the CPU can read; nothing is read back',
      );
    }
    const { chunkBytes, readbackBytes } = this.settings;
    this.readbackPool = this.addPool(
      'readback',
      memoryType,
      READBACK_USAGE,
      // What is held for eviction may be longer than the chunks of others.
      { ...this.settings, chunkBytes: Math.max(chunkBytes, MOST_READ_CHUNK) },
      readbackBytes,
    );
    return this.readbackPool;
  }

  /**
   * Holds a chunk for reads, of a part of the budget, so that what is to be evicted can be read back when
   * nothing else is left. Answers its bytes; 0 when there is no room for it.
   */
  holdReads(budgetBytes: number): number {
    if (this.memoryTypeFor('readback') === -1) return 0;
    const pool = this.reads();
    const share = Math.floor(budgetBytes / READ_SHARE);
    const bytes = Math.max(
      LEAST_UPLOAD_CHUNK,
      Math.min(share - (share % LEAST_UPLOAD_CHUNK), MOST_READ_CHUNK),
    );
    if (this.memory.ladder.growAhead(pool, bytes) === undefined) return 0;
    pool.kind = { ...pool.kind, minBytes: bytes, minChunks: 1 };
    return bytes;
  }

  private memoryTypeFor(location: 'upload' | 'readback'): number {
    return new MemoryTypeSelector(this.memory.backend.memoryTypes).select(MEMORY_WISHES[location]);
  }

  private addPool(
    location: 'upload' | 'readback',
    memoryType: number,
    usage: number,
    sizes: ChunkLimits,
    maxBytes: number,
  ): Pool<Buffer> {
    return this.memory.addPool({
      ...standardKind(memoryType, usage, 'read', location, 'default', sizes),
      name: `${location}-staging`,
      placement: 'whole',
      maxBytes,
    });
  }
}
