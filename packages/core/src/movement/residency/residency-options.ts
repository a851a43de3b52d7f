/** Residency options: how a heap evicts and brings back, checked at the door. */
import { checkInteger, checkOneOf, checkOptions, show } from '../../base/check.ts';
import { UsageError } from '../../base/errors.ts';
import type { EvictionOrder } from './eviction-round.ts';

/** Restores that undo evictions of a moment ago. Bytes of one window of 60 boundaries. */
export interface Thrashing {
  /** Brought back less than 60 boundaries after they had been evicted for lack of memory. */
  readonly returnedBytes: number;
  /** Evicted for lack of memory. */
  readonly evictedBytes: number;
}

/** How a heap evicts. All optional. */
export interface ResidencyOptions {
  /**
   * What goes first among those of one priority: by `recency`, what was used least recently; by `frequency`,
   * what was used least recently before its last use, so that what was needed once goes before what is needed
   * again and again. Default `recency`.
   */
  readonly order?: EvictionOrder;
  /** The most that hints of `prefetch` bring back at the end of one frame, in bytes. Default 4 MiB. */
  readonly prefetchBytesPerFrame?: number;
  /**
   * Told once when what is evicted is needed again at once, for at least half of its bytes: the working set
   * is larger than the budget. And again after a window in which that was over.
   */
  readonly onThrash?: (thrashing: Thrashing) => void;
}

/** The options with nothing left out. */
export interface ResidencySettings {
  readonly order: EvictionOrder;
  readonly prefetchBytesPerFrame: number;
  readonly onThrash: ((thrashing: Thrashing) => void) | undefined;
}

const PREFETCH_BYTES: number = 4 * 1024 * 1024;

/** @throws UsageError `bad-argument`, `unknown-option`, `bad-size` */
export function checkResidency(options: ResidencyOptions): ResidencySettings {
  checkOptions(options, 'residency', ['order', 'prefetchBytesPerFrame', 'onThrash']);
  const { order = 'recency', prefetchBytesPerFrame = PREFETCH_BYTES, onThrash } = options;
  checkOneOf(order, 'order', ['recency', 'frequency']);
  checkInteger(prefetchBytesPerFrame, 'prefetchBytesPerFrame', 0, Number.MAX_SAFE_INTEGER, 'bad-size');
  if (onThrash !== undefined && typeof onThrash !== 'function') {
    throw new UsageError('bad-argument', `onThrash is ${show(onThrash)}; pass a function`);
  }
  return { order, prefetchBytesPerFrame, onThrash };
}

/** What a platform's `AbortSignal` is, as far as it is needed here. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** How far `ensureResident` has come. */
export interface ResidencyProgress {
  /** Allocations that are resident, of those that were asked for, each once. */
  readonly residentCount: number;
  readonly count: number;
  /** Their sizes, in bytes. */
  readonly residentBytes: number;
  readonly bytes: number;
}

/** How `ensureResident` goes about it. */
export interface EnsureOptions {
  /** Ends it: the promise rejects with the signal's reason. What is resident by then stays so. */
  readonly signal?: AbortSignalLike;
  /** Told at the beginning, and whenever some more are resident. */
  readonly onProgress?: (progress: ResidencyProgress) => void;
}

/** @throws UsageError `bad-argument`, `unknown-option` */
export function checkEnsureOptions(options: EnsureOptions): EnsureOptions {
  checkOptions(options, 'options', ['signal', 'onProgress']);
  const { signal, onProgress } = options;
  if (signal !== undefined && typeof signal?.addEventListener !== 'function') {
    throw new UsageError('bad-argument', `signal is ${show(signal)}; pass an AbortSignal`);
  }
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw new UsageError('bad-argument', `onProgress is ${show(onProgress)}; pass a function`);
  }
  return options;
}
