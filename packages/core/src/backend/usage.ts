/**
 * Usage: what a buffer usage means for placement, and the door where usage bits are checked.
 *
 * Promise  offsets are right for every use that the bits allow.
 * Source   WebGPU specification, "Buffer Usages" and the alignment limits.
 */
import { show } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';
import { type BackendLimits, BufferUsage } from './port.ts';

const MAP_BITS: number = BufferUsage.MAP_READ | BufferUsage.MAP_WRITE;

/**
 * What every chunk can do: all that never maps. One kind of chunk then serves every resource of an access
 * class.
 */
export const CHUNK_USAGE: number =
  BufferUsage.COPY_SRC |
  BufferUsage.COPY_DST |
  BufferUsage.INDEX |
  BufferUsage.VERTEX |
  BufferUsage.UNIFORM |
  BufferUsage.STORAGE |
  BufferUsage.INDIRECT |
  BufferUsage.QUERY_RESOLVE;

/** What chunks for uploads and scratch can do. */
export const TRANSFER_USAGE: number = BufferUsage.COPY_SRC | BufferUsage.COPY_DST;

/** What a buffer can do that the CPU maps to fill: nothing but be copied from. */
export const UPLOAD_USAGE: number = BufferUsage.MAP_WRITE | BufferUsage.COPY_SRC;

/** What chunks for readbacks can do: WebGPU lets a buffer that the CPU maps do nothing else. */
export const READBACK_USAGE: number = BufferUsage.MAP_READ | BufferUsage.COPY_DST;

const QUERY_RESOLVE_ALIGNMENT = 256;

/** @throws UsageError `bad-usage` unless `usage` is a non-empty set of bits of `allowed` */
export function checkUsage(usage: unknown, allowed: number): asserts usage is number {
  if (!Number.isSafeInteger(usage) || (usage as number) <= 0 || (usage as number) > 0x3ff) {
    throw new UsageError('bad-usage', `usage is ${show(usage)}; pass one or more bits of BufferUsage`);
  }
  const bits = usage as number;
  if ((bits & MAP_BITS) !== 0) {
    throw new UsageError(
      'bad-usage',
      `usage 0x${bits.toString(16)} has a MAP bit; leave it out and pass location 'upload' or 'readback'`,
    );
  }
  if ((bits & ~allowed) !== 0) {
    throw new UsageError(
      'bad-usage',
      `usage 0x${bits.toString(16)} goes beyond 0x${allowed.toString(16)}, all that this location can do; take out the rest`,
    );
  }
}

/** The least alignment in bytes of an offset that is used in all the ways of `usage`. */
export function offsetAlignment(usage: number, limits: BackendLimits): number {
  let alignment = limits.copyAlignment;
  if ((usage & BufferUsage.UNIFORM) !== 0) alignment = Math.max(alignment, limits.uniformOffsetAlignment);
  if ((usage & BufferUsage.STORAGE) !== 0) alignment = Math.max(alignment, limits.storageOffsetAlignment);
  if ((usage & BufferUsage.QUERY_RESOLVE) !== 0) alignment = Math.max(alignment, QUERY_RESOLVE_ALIGNMENT);
  return alignment;
}
