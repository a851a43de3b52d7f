/**
 * Pool: chunks of one kind, the same memory type, usage and access.
 *
 * Cost     reserve: O(chunks), and a chunk that has refused as much before is skipped in a few nanoseconds.
 * Promise  older chunks are filled first, so that younger ones run empty and can be given back.
 */
import type { Handle } from '../base/quantities.ts';
import { NO_SPACE } from '../ranges/suballocator.ts';
import type { Chunk, RangeOwner } from './chunk.ts';

/**
 * What shaders do with the allocations of a pool: WebGPU lets no shader write a buffer that it reads in the
 * same scope.
 */
export type Access = 'read' | 'write';

/** Where the bytes are wanted; `scratch` is the heap's own detour for copies within one buffer. */
export type Location = 'gpu' | 'upload' | 'readback' | 'scratch';

/** Chunks that serve one allocation at a time are at least this large. */
export const LEAST_WHOLE_BYTES: number = 16 * 1024;

export class Pool<Buffer> {
  /** Its place among the heap's pools. */
  readonly index: number;
  readonly name: string;
  readonly memoryType: number;
  /** Bits of BufferUsage that every chunk has. */
  readonly usage: number;
  readonly access: Access;
  readonly location: Location;
  /** Oldest first. */
  readonly chunks: Chunk<Buffer>[] = [];
  /** Bytes of all chunks. */
  reservedBytes = 0;
  /** Where the last `reserve` found room. */
  found: Chunk<Buffer> | undefined;

  constructor(index: number, memoryType: number, usage: number, access: Access, location: Location) {
    this.index = index;
    this.name = location === 'gpu' ? `gpu-${access}` : location;
    this.memoryType = memoryType;
    this.usage = usage;
    this.access = access;
    this.location = location;
  }

  /**
   * Whether every chunk serves one allocation at a time: reading maps a whole buffer, and nothing else may
   * use it then.
   */
  get oneEach(): boolean {
    return this.location === 'readback';
  }

  /** A range in the oldest chunk that has room (see `found`), or NO_SPACE. */
  reserve(size: number, alignment: number, owner: RangeOwner): Handle {
    if (this.oneEach) return this.reserveWhole(size, owner);
    const chunks = this.chunks;
    for (let i = 0; i < chunks.length; i++) {
      const chunk = chunks[i] as Chunk<Buffer>;
      if (chunk.dedicated) continue;
      const handle = chunk.reserve(size, alignment, owner);
      if (handle !== NO_SPACE) {
        this.found = chunk;
        return handle;
      }
    }
    return NO_SPACE;
  }

  /** The smallest empty chunk that holds `size`, whole. */
  private reserveWhole(size: number, owner: RangeOwner): Handle {
    let best: Chunk<Buffer> | undefined;
    for (const chunk of this.chunks) {
      if (chunk.rangeCount > 0 || chunk.refusal !== undefined || chunk.dedicated) continue;
      if (chunk.sizeBytes < size) continue;
      if (best === undefined || chunk.sizeBytes < best.sizeBytes) best = chunk;
    }
    if (best === undefined) return NO_SPACE;
    this.found = best;
    return best.reserve(size, 1, owner);
  }

  add(chunk: Chunk<Buffer>): void {
    this.chunks.push(chunk);
    this.reservedBytes += chunk.sizeBytes;
  }

  remove(chunk: Chunk<Buffer>): void {
    this.chunks.splice(this.chunks.indexOf(chunk), 1);
    this.reservedBytes -= chunk.sizeBytes;
    if (this.found === chunk) this.found = undefined;
  }
}
