/**
 * Options of the virtual GPU: what it looks like, and whose clock it runs by.
 *
 * Promise  every unknown or impossible option is refused; what is left out is what a plain WebGPU device
 *          offers, but for `reuseAfter`, which is the stricter `completed`.
 */
import {
  type BackendLimits,
  checkInteger,
  checkOneOf,
  checkOptions,
  MemoryProperty,
  type MemoryType,
  show,
} from '@gpuheap/core/backend';
import { UsageError } from '@gpuheap/core/errors';

/** When a promise of the virtual GPU settles once its outcome is known. */
export type SettleWhen = 'at-once' | 'with-completion' | 'manual';

/** In which order promises settle that fall due together; a number is the seed of a shuffle. */
export type SettleOrder = 'fifo' | 'lifo' | number;

/** How a virtual GPU is made. Sizes in bytes. */
export interface MockGpuOptions {
  /** Largest buffer; up to 2^53-1. Default 256 MiB. */
  readonly maxBufferSize?: number;
  /** Largest uniform binding. Default 64 KiB. */
  readonly maxUniformBindingSize?: number;
  /** Largest storage binding. Default 128 MiB. */
  readonly maxStorageBindingSize?: number;
  /** Default 256. */
  readonly uniformOffsetAlignment?: number;
  /** Default 256. */
  readonly storageOffsetAlignment?: number;
  /** Offsets and sizes of writes and copies are multiples of it. Default 4. */
  readonly copyAlignment?: number;
  /** Whether one buffer may be both ends of a copy, in disjoint ranges. Default false. */
  readonly copiesWithinBuffer?: boolean;
  /** Default: device, upload, readback, in one heap without end. A finite heap size is held to. */
  readonly memoryTypes?: readonly MemoryType[];
  /** Bytes of all buffers together; a creation beyond it is refused. Default Infinity. */
  readonly capacityBytes?: number;
  /** How a creation beyond the capacity is refused: by a throw, or late through `settled`. Default `late`. */
  readonly refuseCapacity?: 'now' | 'late';
  /** What the backends say of themselves. Default `completed`. */
  readonly reuseAfter?: 'submitted' | 'completed';
  /**
   * When promises settle: `at-once` when the outcome is known (the default), `with-completion` at the end of
   * the next completion, `manual` when `settle()` is called.
   */
  readonly settleWhen?: SettleWhen;
  /** Default `fifo`. */
  readonly settleOrder?: SettleOrder;
  /** Work is done the moment it is submitted, for programs that do not drive the clock. Default false. */
  readonly autoComplete?: boolean;
  /**
   * How many timelines there are, 1 to 64. Default 1. Nothing orders the work of one with that of another, so
   * that several go with `reuseAfter: 'completed'` alone.
   */
  readonly timelines?: number;
  /** Whether `calls` keeps every call. Default: not with `autoComplete`. */
  readonly recordCalls?: boolean;
}

/** The options with nothing left out. */
export interface MockGpuSettings {
  readonly limits: BackendLimits;
  readonly memoryTypes: readonly MemoryType[];
  readonly capacityBytes: number;
  readonly refuseCapacity: 'now' | 'late';
  readonly reuseAfter: 'submitted' | 'completed';
  readonly settleWhen: SettleWhen;
  readonly settleOrder: SettleOrder;
  readonly autoComplete: boolean;
  readonly timelines: number;
  readonly recordCalls: boolean;
}

const KIBI = 1024;
const MEBI = 1024 * 1024;

const DEFAULT_TYPES: readonly MemoryType[] = [
  MemoryProperty.DEVICE_LOCAL,
  MemoryProperty.HOST_VISIBLE | MemoryProperty.HOST_COHERENT,
  MemoryProperty.HOST_VISIBLE | MemoryProperty.HOST_CACHED,
].map((properties) => ({ properties, heapIndex: 0, heapSizeBytes: Number.POSITIVE_INFINITY }));

const LIMIT_DEFAULTS = {
  maxBufferSize: 256 * MEBI,
  maxUniformBindingSize: 64 * KIBI,
  maxStorageBindingSize: 128 * MEBI,
  uniformOffsetAlignment: 256,
  storageOffsetAlignment: 256,
  copyAlignment: 4,
};

const FLAGS = ['copiesWithinBuffer', 'autoComplete', 'recordCalls'] as const;

const KNOWN: readonly string[] = [
  ...Object.keys(LIMIT_DEFAULTS),
  ...FLAGS,
  'memoryTypes',
  'capacityBytes',
  'refuseCapacity',
  'reuseAfter',
  'settleWhen',
  'settleOrder',
  'timelines',
];

const MOST_TIMELINES = 64;

/** The options checked and completed. @throws UsageError `bad-argument`, `unknown-option` */
export function resolveOptions(options: MockGpuOptions): MockGpuSettings {
  checkOptions(options, 'options', KNOWN);
  for (const flag of FLAGS) {
    const value: unknown = options[flag];
    if (value !== undefined && typeof value !== 'boolean') {
      throw new UsageError('bad-argument', `${flag} is ${show(value)}; pass true or false`);
    }
  }
  const autoComplete = options.autoComplete ?? false;
  if (autoComplete && options.settleWhen === 'with-completion') {
    throw new UsageError(
      'bad-argument',
      "settleWhen is 'with-completion' beside autoComplete, which has no completions; pass 'at-once' or 'manual'",
    );
  }
  return {
    limits: resolveLimits(options),
    memoryTypes: resolveMemoryTypes(options.memoryTypes),
    capacityBytes: resolveSize(options.capacityBytes, 'capacityBytes'),
    refuseCapacity: oneOf(options.refuseCapacity, 'refuseCapacity', ['late', 'now']),
    reuseAfter: oneOf(options.reuseAfter, 'reuseAfter', ['completed', 'submitted']),
    settleWhen: oneOf(options.settleWhen, 'settleWhen', ['at-once', 'with-completion', 'manual']),
    settleOrder: resolveOrder(options.settleOrder),
    autoComplete,
    timelines: resolveTimelines(options),
    recordCalls: options.recordCalls ?? !autoComplete,
  };
}

function resolveTimelines({ timelines = 1, reuseAfter }: MockGpuOptions): number {
  checkInteger(timelines, 'timelines', 1, MOST_TIMELINES, 'bad-argument');
  if (timelines > 1 && reuseAfter === 'submitted') {
    throw new UsageError(
      'bad-argument',
      `timelines is ${timelines} beside reuseAfter 'submitted', which one queue alone can promise; leave it out`,
    );
  }
  return timelines;
}

function resolveLimits(options: MockGpuOptions): BackendLimits {
  const limits = { ...LIMIT_DEFAULTS };
  for (const name of Object.keys(LIMIT_DEFAULTS) as (keyof typeof LIMIT_DEFAULTS)[]) {
    const value = options[name] ?? LIMIT_DEFAULTS[name];
    checkInteger(value, name, 1, Number.MAX_SAFE_INTEGER, 'bad-argument');
    limits[name] = value;
  }
  return { ...limits, copiesWithinBuffer: options.copiesWithinBuffer ?? false };
}

function resolveMemoryTypes(types: readonly MemoryType[] = DEFAULT_TYPES): readonly MemoryType[] {
  if (!Array.isArray(types) || types.length === 0) {
    throw new UsageError('bad-argument', `memoryTypes is ${show(types)}; pass at least one memory type`);
  }
  return types.map((type: MemoryType, index) => {
    const name = `memoryTypes[${index}]`;
    checkOptions(type, name, ['properties', 'heapIndex', 'heapSizeBytes']);
    checkInteger(type.properties, `${name}.properties`, 0, 2 ** 31 - 1, 'bad-argument');
    checkInteger(type.heapIndex, `${name}.heapIndex`, 0, 2 ** 31 - 1, 'bad-argument');
    return { ...type, heapSizeBytes: resolveSize(type.heapSizeBytes, `${name}.heapSizeBytes`) };
  });
}

function resolveSize(value: number | undefined, name: string): number {
  if (value === undefined || value === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
  checkInteger(value, name, 0, Number.MAX_SAFE_INTEGER, 'bad-argument');
  return value;
}

function resolveOrder(order: SettleOrder = 'fifo'): SettleOrder {
  if (typeof order === 'number') checkInteger(order, 'settleOrder', 0, 2 ** 31 - 1, 'bad-argument');
  else checkOneOf(order, 'settleOrder', ['fifo', 'lifo']);
  return order;
}

/** `value`, or the first of `known` when it is left out. */
function oneOf<T extends string>(value: T | undefined, name: string, known: readonly [T, ...T[]]): T {
  if (value === undefined) return known[0];
  checkOneOf(value, name, known);
  return value;
}
