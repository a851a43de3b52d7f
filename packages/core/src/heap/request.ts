/**
 * Request: what a user asks of a heap, checked at the door.
 *
 * Promise  a request that passes can be placed, if there is room.
 */
import { type BackendLimits, BufferUsage } from '../backend/port.ts';
import { CHUNK_USAGE, checkUsage, offsetAlignment, TRANSFER_USAGE } from '../backend/usage.ts';
import type { WriteData } from '../base/bytes.ts';
import { checkInteger, checkOneOf, checkText, show, unknownOption } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';
import type { Access, Lifetime, Location, PoolKind } from '../memory/pool-kind.ts';
import { MAX_ALIGNMENT } from '../ranges/suballocator.ts';
import type { Allocation } from './allocation.ts';
import type { HeapPool } from './heap-pool.ts';

/** What is asked for. */
export interface AllocationRequest<Buffer = never> {
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
  /**
   * How long it will live: `frame`, freed by the next `endFrame()`; `transient`, some frames; `long`, as long
   * as the application. Each has chunks of its own. Default: `default`.
   */
  readonly lifetime?: Lifetime;
  /** Live allocations with which it shall never share a buffer, wherever either of them moves. */
  readonly apartFrom?: readonly Allocation<Buffer>[];
  /** Whether its bytes read as zero. Else they are whatever was there before. Default false. */
  readonly zeroed?: boolean;
  /** Whether it shall have a buffer of its own, whatever its size. Default false. */
  readonly dedicated?: boolean;
  /** A pool made by `createPool`, whose kind then decides access, location and lifetime. */
  readonly pool?: HeapPool<Buffer>;
  /** Shown in snapshots, reports and errors. */
  readonly label?: string;
  /** Who makes it, for statistics and reports. */
  readonly owner?: string;
  /** Kept on the allocation; the heap does not look at it. */
  readonly userData?: unknown;
  /**
   * Gives its bytes again when the GPU has lost them, as after a loss of the device (see `GpuHeap.rebuild`);
   * undefined for none.
   */
  readonly restore?: () => WriteData | undefined;
  /** Whether to keep a copy of all that `write` writes, for the same end. Default false. */
  readonly hostCopy?: boolean;
  /** Where there are several queues: those on which it is used, by number. Default: the first alone. */
  readonly timelines?: readonly number[];
}

/** A request with everything decided. */
export interface CheckedRequest<Buffer = unknown> {
  readonly size: number;
  readonly alignment: number;
  readonly access: Access;
  readonly location: Exclude<Location, 'scratch'>;
  readonly lifetime: Lifetime;
  readonly apartFrom: readonly Allocation<Buffer>[];
  readonly zeroed: boolean;
  readonly dedicated: boolean;
  readonly pool: HeapPool<Buffer> | undefined;
  readonly label: string;
  readonly owner: string;
  readonly userData: unknown;
  readonly restore: (() => WriteData | undefined) | undefined;
  readonly hostCopy: boolean;
  /** Undefined for the first alone. */
  readonly timelines: readonly number[] | undefined;
}

const KNOWN: ReadonlySet<string> = new Set([
  'size',
  'usage',
  'alignment',
  'access',
  'location',
  'lifetime',
  'apartFrom',
  'zeroed',
  'dedicated',
  'pool',
  'label',
  'owner',
  'userData',
  'restore',
  'hostCopy',
  'timelines',
]);
const ACCESSES = ['read', 'write'] as const;
const LOCATIONS = ['gpu', 'upload', 'readback', 'auto'] as const;
const LIFETIMES = ['default', 'frame', 'transient', 'long'] as const;
const NONE: readonly never[] = [];

/**
 * Asked for every allocation: options that are left out cost a comparison each.
 * @throws UsageError `bad-argument`, `unknown-option`, `bad-size`, `bad-usage`, `bad-alignment`
 */
export function checkRequest<Buffer>(
  request: AllocationRequest<Buffer>,
  limits: BackendLimits,
  timelineCount: number,
): CheckedRequest<Buffer> {
  checkNames(request);
  const { size, usage, alignment = 1, label = '', owner = '', zeroed = false, apartFrom = NONE } = request;
  const { hostCopy = false, dedicated = false, restore, pool, timelines, userData } = request;
  checkInteger(size, 'size', 1, Number.MAX_SAFE_INTEGER, 'bad-size');
  checkInteger(alignment, 'alignment', 1, MAX_ALIGNMENT, 'bad-alignment');
  checkText(label, 'label');
  checkText(owner, 'owner');
  checkFlag(zeroed, 'zeroed');
  checkFlag(hostCopy, 'hostCopy');
  checkFlag(dedicated, 'dedicated');
  if (restore !== undefined && typeof restore !== 'function') {
    throw new UsageError('bad-argument', `restore is ${show(restore)}; pass a function`);
  }
  if (apartFrom !== NONE && !Array.isArray(apartFrom)) {
    throw new UsageError('bad-argument', `apartFrom is ${show(apartFrom)}; pass an array of allocations`);
  }
  const kind = pool?.kind ?? undefined;
  const { location: asked = kind?.location, lifetime = kind?.lifetime ?? 'default' } = request;
  const location = locationOf(asked);
  checkUsage(usage, kind?.usage ?? LOCATION_USAGE[location]);
  if (lifetime !== 'default') checkOneOf(lifetime, 'lifetime', LIFETIMES);
  const isWritten = (usage & BufferUsage.STORAGE) !== 0;
  const { access = kind?.access ?? (isWritten ? 'write' : 'read') } = request;
  checkOneOf(access, 'access', ACCESSES);
  const needed = offsetAlignment(usage, limits);
  const checked: CheckedRequest<Buffer> = {
    size,
    alignment: needed % alignment === 0 ? needed : commonAlignment(needed, alignment),
    access: location === 'gpu' ? access : 'read',
    location,
    lifetime,
    apartFrom,
    zeroed,
    dedicated,
    pool,
    label,
    owner,
    userData,
    restore,
    hostCopy,
    timelines: timelines === undefined ? undefined : checkTimelines(timelines, timelineCount),
  };
  if (kind !== undefined) checkSame(checked, kind);
  return checked;
}

function checkNames(request: unknown): void {
  if (request === null || typeof request !== 'object' || Array.isArray(request)) {
    throw new UsageError('bad-argument', `request is ${show(request)}; pass an object`);
  }
  for (const key in request) if (!KNOWN.has(key)) throw unknownOption('request', key, KNOWN);
}

function locationOf(location: unknown): CheckedRequest['location'] {
  if (location === undefined || location === 'auto') return 'gpu';
  checkOneOf(location, 'location', LOCATIONS);
  return location as CheckedRequest['location'];
}

function checkFlag(value: unknown, name: string): void {
  if (typeof value === 'boolean') return;
  throw new UsageError('bad-argument', `${name} is ${show(value)}; pass true or false`);
}

function checkTimelines(timelines: readonly number[], timelineCount: number): readonly number[] | undefined {
  if (!Array.isArray(timelines) || timelines.length === 0 || new Set(timelines).size < timelines.length) {
    throw new UsageError(
      'bad-argument',
      `timelines is ${show(timelines)}; pass an array of one or more numbers, each once`,
    );
  }
  for (const timeline of timelines as readonly unknown[]) {
    checkInteger(timeline, 'a timeline', 0, timelineCount - 1, 'bad-argument');
  }
  return timelines.length === 1 && timelines[0] === 0 ? undefined : [...timelines];
}

/** What requests of each location may use. */
const LOCATION_USAGE: Record<CheckedRequest['location'], number> = {
  gpu: CHUNK_USAGE,
  upload: TRANSFER_USAGE,
  readback: BufferUsage.COPY_DST,
};

/** What is asked for and what its pool is for may not differ. */
function checkSame<Buffer>(request: CheckedRequest<Buffer>, kind: PoolKind): void {
  for (const name of ['access', 'location', 'lifetime'] as const) {
    if (request[name] === kind[name]) continue;
    throw new UsageError(
      'bad-argument',
      `${name} is '${request[name]}' in a pool for '${kind[name]}'; leave it out, or take another pool`,
    );
  }
}

/**
 * The least common multiple. @throws UsageError `bad-alignment` when it is beyond what a suballocator takes
 */
export function commonAlignment(needed: number, alignment: number): number {
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
