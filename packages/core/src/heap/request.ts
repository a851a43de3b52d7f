/**
 * Request: what a user asks of a heap, checked at the door.
 *
 * Promise  a request that passes can be placed, if there is room.
 */

import { type BackendLimits, BufferUsage } from '../backend/port.ts';
import { CHUNK_USAGE, checkUsage, offsetAlignment, TRANSFER_USAGE } from '../backend/usage.ts';
import { checkInteger, checkOneOf, checkOptions, show } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';
import type { Access, Location } from '../memory/pool.ts';
import { MAX_ALIGNMENT } from '../ranges/suballocator.ts';

/** What is asked for. */
export interface AllocationRequest {
  /** Bytes, 1 or more, exact: rounding is the heap's business. */
  readonly size: number;
  /** Bits of {@link BufferUsage}, which are `GPUBufferUsage`'s; without the MAP bits. */
  readonly usage: number;
  /**
   * Bytes; the offset is a multiple of it and of what the usage needs. Any positive integer, such as a vertex
   * stride.
   */
  readonly alignment?: number;
  /**
   * Whether some shader writes it (`write`) or shaders only read it (`read`). The two never share a buffer,
   * since WebGPU tracks usage of whole buffers. Default: `write` when the usage has STORAGE, else `read`.
   */
  readonly access?: Access;
  /**
   * Where the bytes are wanted; `auto`, the default, means `gpu`. `upload` takes COPY bits only, `readback`
   * COPY_DST.
   */
  readonly location?: 'gpu' | 'upload' | 'readback' | 'auto';
  /** Shown in snapshots and errors. */
  readonly label?: string;
}

/** A request with everything decided. */
export interface CheckedRequest {
  readonly size: number;
  readonly alignment: number;
  readonly access: Access;
  readonly location: Location;
  readonly label: string;
}

const KNOWN = ['size', 'usage', 'alignment', 'access', 'location', 'label'] as const;
const ACCESSES = ['read', 'write'] as const;
const LOCATIONS = ['gpu', 'upload', 'readback', 'auto'] as const;

/** @throws UsageError `bad-argument`, `unknown-option`, `bad-size`, `bad-usage`, `bad-alignment` */
export function checkRequest(request: AllocationRequest, limits: BackendLimits): CheckedRequest {
  checkOptions(request, 'request', KNOWN);
  const { size, usage, alignment = 1, location = 'auto', label = '' } = request;
  checkInteger(size, 'size', 1, Number.MAX_SAFE_INTEGER, 'bad-size');
  checkInteger(alignment, 'alignment', 1, MAX_ALIGNMENT, 'bad-alignment');
  checkOneOf(location, 'location', LOCATIONS);
  const onGpu = location === 'gpu' || location === 'auto';
  checkUsage(usage, onGpu ? CHUNK_USAGE : location === 'upload' ? TRANSFER_USAGE : BufferUsage.COPY_DST);
  const isWritten = (usage & BufferUsage.STORAGE) !== 0;
  const access = request.access === undefined ? (isWritten ? 'write' : 'read') : request.access;
  checkOneOf(access, 'access', ACCESSES);
  if (typeof label !== 'string')
    throw new UsageError('bad-argument', `label is ${show(label)}; pass a string`);
  const needed = offsetAlignment(usage, limits);
  return {
    size,
    alignment: needed % alignment === 0 ? needed : commonAlignment(needed, alignment),
    access: onGpu ? access : 'read',
    location: onGpu ? 'gpu' : location,
    label,
  };
}

/**
 * The least common multiple. @throws UsageError `bad-alignment` when it is beyond what a suballocator takes
 */
function commonAlignment(needed: number, alignment: number): number {
  let a = needed;
  let b = alignment;
  while (b !== 0) {
    const rest = a % b;
    a = b;
    b = rest;
  }
  const common = (needed / a) * alignment;
  checkInteger(common, 'alignment together with what the usage needs', 1, MAX_ALIGNMENT, 'bad-alignment');
  return common;
}
