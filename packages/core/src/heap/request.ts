/**
 * Request: what a user asks of a heap, checked at the door.
 *
 * Promise  a request that passes can be placed, if there is room.
 */
import { type BackendLimits, BufferUsage } from '../backend/port.ts';
import { CHUNK_USAGE, checkUsage, offsetAlignment, TRANSFER_USAGE } from '../backend/usage.ts';
import { checkInteger, checkOneOf, checkText, show, unknownOption } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';
import { leastCommonMultiple } from '../base/quantities.ts';
import type { Access, Lifetime, Location, PoolKind } from '../memory/pool-kind.ts';
import { MAX_ALIGNMENT } from '../ranges/suballocator.ts';
import type { Allocation } from './allocation.ts';
import type { Priority } from './allocation-state.ts';
import type { RestoreHook } from './evicted-bytes.ts';
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
   * Gives its bytes again, now or later: from the first on, and zeros after the last; undefined for none.
   * Asked when the device was lost (see `GpuHeap.rebuild`), and by `ensureResident` for what was evicted.
   */
  readonly onRestore?: RestoreHook;
  /** Whether to keep a copy of all that `write` writes, for the same end. Default false. */
  readonly hostCopy?: boolean;
  /**
   * Lets the heap evict it when memory is short: those of a low priority first, and of one priority those
   * that were used least recently. What the frame uses is to be told by `touch()`, or `binding()`. Default:
   * it stays.
   */
  readonly priority?: Priority;
  /**
   * Whether it gets its memory now. False: it begins evicted, with no memory at all until `ensureResident`;
   * `onRestore` gives its bytes then, or they are zero. Default true.
   */
  readonly resident?: boolean;
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
  readonly onRestore: RestoreHook | undefined;
  readonly hostCopy: boolean;
  readonly priority: Priority | undefined;
  readonly resident: boolean;
  /** Whether what a shader or an encoder of the application writes may be in it. */
  readonly isGpuWritten: boolean;
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
  'onRestore',
  'hostCopy',
  'priority',
  'resident',
  'timelines',
]);
const ACCESSES = ['read', 'write'] as const;
const LOCATIONS = ['gpu', 'upload', 'readback', 'auto'] as const;
const LIFETIMES = ['default', 'frame', 'transient', 'long'] as const;
const PRIORITIES = ['low', 'normal', 'high'] as const;
const NONE: readonly never[] = [];
/** By these an encoder writes. */
const WRITTEN_USAGE: number = BufferUsage.COPY_DST | BufferUsage.QUERY_RESOLVE;

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
  const { hostCopy = false, dedicated = false, resident = true, pool, timelines, userData } = request;
  const { onRestore, priority } = request;
  checkInteger(size, 'size', 1, Number.MAX_SAFE_INTEGER, 'bad-size');
  checkInteger(alignment, 'alignment', 1, MAX_ALIGNMENT, 'bad-alignment');
  checkText(label, 'label');
  checkText(owner, 'owner');
  checkFlag(zeroed, 'zeroed');
  checkFlag(hostCopy, 'hostCopy');
  checkFlag(dedicated, 'dedicated');
  checkFlag(resident, 'resident');
  if (onRestore !== undefined && typeof onRestore !== 'function') {
    throw new UsageError('bad-argument', `onRestore is ${show(onRestore)}; pass a function`);
  }
  if (priority !== undefined) checkOneOf(priority, 'priority', PRIORITIES);
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
    onRestore,
    hostCopy,
    priority,
    resident,
    isGpuWritten: access === 'write' || (usage & WRITTEN_USAGE) !== 0,
    timelines: timelines === undefined ? undefined : checkTimelines(timelines, timelineCount),
  };
  if (kind !== undefined) checkSame(checked, kind);
  if (priority !== undefined || !resident) checkEvictable(checked);
  return checked;
}

/** Who leaves and comes again must do so by copies on the first timeline, and outlive the frame. */
function checkEvictable<Buffer>({ location, lifetime, timelines }: CheckedRequest<Buffer>): void {
  const isFine = location === 'gpu' && (lifetime === 'default' || lifetime === 'transient');
  if (isFine && timelines === undefined) return;
  throw new UsageError(
    'bad-argument',
    `priority and resident: location '${location}', lifetime '${lifetime}'${timelines ? `, timelines ${show(timelines)}` : ''} stay where they are; leave them out, or ask for location 'gpu', lifetime 'default' or 'transient', and the first timeline alone`,
  );
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
  const common = leastCommonMultiple(needed, alignment);
  checkInteger(common, 'alignment together with what the usage needs', 1, MAX_ALIGNMENT, 'bad-alignment');
  return common;
}
