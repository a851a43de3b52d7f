/**
 * Replay target: one way to give the resources of a trace their memory.
 *
 * Promise  the same calls in the same order for every way, so that their figures can be compared.
 */
import { BufferUsage, type HeapSnapshot } from '@gpuheap/core';
import type { MeasuredBackend } from './measured-backend.ts';

/** The three ways. */
export type ReplayMode = 'direct' | 'pooled' | 'gpuheap';

/** All modes, in the order in which they are compared. */
export const REPLAY_MODES: readonly ReplayMode[] = ['direct', 'pooled', 'gpuheap'];

/** Where a resource's bytes are. */
export interface Place<Buffer> {
  readonly buffer: Buffer;
  /** First byte in `buffer`. */
  readonly offset: number;
}

/** A resource that a trace asks for. */
export interface ResourceRequest {
  /** Bytes, exact. */
  readonly size: number;
  /** Bits of BufferUsage, without the MAP bits. */
  readonly usage: number;
  readonly location: 'gpu' | 'upload' | 'readback';
  readonly label: string;
}

/** What a replay drives. */
export interface ReplayTarget<Buffer, Resource extends Place<Buffer> = Place<Buffer>> {
  readonly mode: ReplayMode;
  readonly backend: MeasuredBackend<Buffer>;
  /** Bytes released by the trace that may not be used again yet. */
  readonly pendingBytes: number;
  create(request: ResourceRequest): Resource;
  destroy(resource: Resource): void;
  /** Offset and length are multiples of 4, or the write ends at the resource's end. */
  write(resource: Resource, offset: number, data: Uint8Array): void;
  copy(source: Resource, sourceOffset: number, target: Resource, targetOffset: number, size: number): void;
  read(resource: Resource, offset: number, size: number): Promise<Uint8Array>;
  submitted(): void;
  endFrame(): void;
  /** The map of what is held, where the way has one. */
  snapshot(): HeapSnapshot | undefined;
  /** Gives back everything that is held. */
  dispose(): void;
}

const TRANSFER: number = BufferUsage.COPY_SRC | BufferUsage.COPY_DST;

/**
 * What a traced usage becomes: nothing is mapped for writing, so upload buffers become plain ones that are
 * copied from; readback buffers are copied to, and mapped by the read; every other buffer can also be filled
 * and read back.
 */
export function requestFor(size: number, tracedUsage: number, label: string): ResourceRequest {
  if ((tracedUsage & BufferUsage.MAP_WRITE) !== 0)
    return { size, usage: TRANSFER, location: 'upload', label };
  if ((tracedUsage & BufferUsage.MAP_READ) !== 0) {
    return { size, usage: BufferUsage.COPY_DST, location: 'readback', label };
  }
  return { size, usage: tracedUsage | TRANSFER, location: 'gpu', label };
}
