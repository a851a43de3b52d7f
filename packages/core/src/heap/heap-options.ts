/**
 * Heap options: how a heap is made, checked at the door.
 */
import type { GpuBackend } from '../backend/port.ts';
import { checkInteger, checkOptions, show } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';
import type { Pressure } from '../memory/ladder.ts';
import {
  type AutomaticDefragmentation,
  type AutomaticSettings,
  checkAutomatic,
} from '../movement/defragmentation/defragmentation-options.ts';
import {
  checkResidency,
  type ResidencyOptions,
  type ResidencySettings,
} from '../movement/residency/residency-options.ts';
import { DebugLog, type DebugSettings, type Logger } from '../telemetry/debug-log.ts';
import type { LeakReport } from '../telemetry/leaks.ts';

/** How a heap is made. All optional, sizes in bytes. */
export interface GpuHeapOptions {
  /** The most that is ever held from the device, staging included. Default: no limit. */
  readonly budgetBytes?: number;
  /**
   * Chunks grow up to this size. A multiple of 65,536. Default: 16 MiB, and an eighth of what their pool
   * holds when that is more, up to 256 MiB.
   */
  readonly chunkBytes?: number;
  /** Allocations of this size or more get a buffer of their own. Default: `chunkBytes`. */
  readonly dedicatedBytes?: number;
  /**
   * The most that is held in mapped chunks for `uploads`; 0 or less than 64 KiB for none. Default: 32 MiB, or
   * an eighth of the budget if that is less.
   */
  readonly uploadBytes?: number;
  /** The most that is held for reads under way; a read beyond it is refused. Default: the budget alone. */
  readonly readbackBytes?: number;
  /**
   * Called before a request fails for lack of memory, so that the application can free things, `trim()` or
   * raise the budget; then the request is tried once more.
   */
  readonly onPressure?: (pressure: Pressure) => void;
  /**
   * Bytes behind each allocation that are filled with a pattern, so that `checkGuards()` finds writes past
   * its end. For debugging: a write more for each allocation. A multiple of 4, at most 65,536; default 0.
   */
  readonly guardBytes?: number;
  /**
   * Has the heap defragment itself at the end of frames; `{}` takes the defaults. What moves has a new
   * `buffer`, `offset` and `version`, and is told by its `moved` hooks. Default: nothing moves by itself.
   */
  readonly defragmentation?: AutomaticDefragmentation;
  /** How it evicts what was given a `priority`, when memory is short. */
  readonly residency?: ResidencyOptions;
  /** What is logged and kept for reports, each with a switch of its own. */
  readonly debug?: DebugSettings;
  /** Takes the lines of the log. Default: nothing is ever logged. */
  readonly logger?: Logger;
  /**
   * Whether to watch for allocations whose objects are collected before they were freed: each is logged, told
   * to `onLeak` and its range given back. An object more for each allocation. Default: with `onLeak`.
   */
  readonly watchLeaks?: boolean;
  /** Told of every allocation that was collected before it was freed, and of those live at `dispose()`. */
  readonly onLeak?: (leak: LeakReport) => void;
}

/** The options with nothing left out. */
export interface HeapSettings {
  readonly budgetBytes: number;
  readonly chunkBytes: number;
  readonly mostChunkBytes: number;
  readonly dedicatedBytes: number;
  readonly uploadBytes: number;
  readonly readbackBytes: number;
  readonly onPressure: ((pressure: Pressure) => void) | undefined;
  readonly guardBytes: number;
  readonly defragmentation: AutomaticSettings | undefined;
  readonly residency: ResidencySettings;
  readonly log: DebugLog;
  readonly watchLeaks: boolean;
  readonly onLeak: ((leak: LeakReport) => void) | undefined;
}

const KNOWN = [
  'budgetBytes',
  'chunkBytes',
  'dedicatedBytes',
  'uploadBytes',
  'readbackBytes',
  'onPressure',
  'guardBytes',
  'defragmentation',
  'residency',
  'debug',
  'logger',
  'watchLeaks',
  'onLeak',
] as const;
const DEFAULT_CHUNK_BYTES: number = 16 * 1024 * 1024;
const CHUNK_BYTES_STEP = 65_536;
const MAX_GUARD_BYTES = 65_536;
const DEFAULT_UPLOAD_BYTES: number = 32 * 1024 * 1024;
const UPLOAD_SHARE_OF_BUDGET = 8;
/** A chunk's suballocator counts in units of 16 bytes, of which it takes 2^31-1. */
const DEFAULT_MOST_CHUNK_BYTES: number = 256 * 1024 * 1024;
const MAX_CHUNK_BYTES: number = 2 ** 34;

/** @throws UsageError `bad-argument`, `unknown-option`, `bad-size` */
export function checkHeapOptions(options: GpuHeapOptions): HeapSettings {
  checkOptions(options, 'options', KNOWN);
  const { chunkBytes = DEFAULT_CHUNK_BYTES, budgetBytes = Number.POSITIVE_INFINITY, onPressure } = options;
  const { dedicatedBytes = chunkBytes } = options;
  const mostChunkBytes = options.chunkBytes ?? DEFAULT_MOST_CHUNK_BYTES;
  checkInteger(chunkBytes, 'chunkBytes', CHUNK_BYTES_STEP, MAX_CHUNK_BYTES, 'bad-size');
  if (chunkBytes % CHUNK_BYTES_STEP !== 0) {
    throw new UsageError('bad-size', `chunkBytes is ${chunkBytes}; pass a multiple of ${CHUNK_BYTES_STEP}`);
  }
  checkInteger(dedicatedBytes, 'dedicatedBytes', 1, Number.MAX_SAFE_INTEGER, 'bad-size');
  checkBudget(budgetBytes);
  const share = Math.floor(budgetBytes / UPLOAD_SHARE_OF_BUDGET);
  const { uploadBytes = Math.min(DEFAULT_UPLOAD_BYTES, share) } = options;
  const { readbackBytes = Number.POSITIVE_INFINITY } = options;
  checkInteger(uploadBytes, 'uploadBytes', 0, Number.MAX_SAFE_INTEGER, 'bad-size');
  if (readbackBytes !== Number.POSITIVE_INFINITY) {
    checkInteger(readbackBytes, 'readbackBytes', 1, Number.MAX_SAFE_INTEGER, 'bad-size');
  }
  const { onLeak, watchLeaks = onLeak !== undefined, guardBytes = 0 } = options;
  checkInteger(guardBytes, 'guardBytes', 0, MAX_GUARD_BYTES, 'bad-size');
  if (guardBytes % 4 !== 0) {
    throw new UsageError('bad-size', `guardBytes is ${guardBytes}; pass a multiple of 4`);
  }
  checkFunction(onPressure, 'onPressure');
  checkFunction(onLeak, 'onLeak');
  if (typeof watchLeaks !== 'boolean') {
    throw new UsageError('bad-argument', `watchLeaks is ${show(watchLeaks)}; pass true or false`);
  }
  const log = new DebugLog(options.debug, options.logger);
  const sizes = {
    chunkBytes,
    mostChunkBytes,
    dedicatedBytes,
    budgetBytes,
    uploadBytes,
    readbackBytes,
    guardBytes,
  };
  const defragmentation = options.defragmentation && checkAutomatic(options.defragmentation);
  const residency = checkResidency(options.residency ?? {});
  return { ...sizes, defragmentation, residency, onPressure, log, watchLeaks, onLeak };
}

function checkFunction(value: unknown, name: string): void {
  if (value === undefined || typeof value === 'function') return;
  throw new UsageError('bad-argument', `${name} is ${show(value)}; pass a function`);
}

/** @throws UsageError `bad-size` */
export function checkBudget(budgetBytes: unknown): asserts budgetBytes is number {
  if (budgetBytes === Number.POSITIVE_INFINITY) return;
  checkInteger(budgetBytes, 'budgetBytes', 1, Number.MAX_SAFE_INTEGER, 'bad-size');
}

/** What `trim` leaves alone. */
export interface TrimLimits {
  /** Chunks that became empty within the last so many frames stay. Default 0. */
  readonly idleFrames?: number;
}

/** Answers `idleFrames`. @throws UsageError `bad-argument`, `unknown-option` */
export function checkTrimLimits(limits: TrimLimits): number {
  checkOptions(limits, 'limits', ['idleFrames']);
  const { idleFrames = 0 } = limits;
  checkInteger(idleFrames, 'idleFrames', 0, Number.MAX_SAFE_INTEGER, 'bad-argument');
  return idleFrames;
}

/** @throws UsageError `bad-argument` unless it looks like a backend */
export function checkBackend<Buffer>(backend: GpuBackend<Buffer>): void {
  if (backend !== null && typeof backend === 'object' && typeof backend.createBuffer === 'function') return;
  throw new UsageError('bad-argument', `backend is ${show(backend)}; pass a GpuBackend`);
}
