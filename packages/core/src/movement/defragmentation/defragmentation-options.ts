/** Defragmentation options: what a run does and how much of it in one frame, checked at the door. */
import { checkInteger, checkOneOf, checkOptions, show } from '../../base/check.ts';
import { UsageError } from '../../base/errors.ts';
import type { DefragmentationStrategy, PlanOptions } from '../../planning/defragmentation/plan-options.ts';

/** How a heap is defragmented. All optional. */
export interface DefragmentationOptions {
  /** `fast`, `balanced` or `full`; see `PlanOptions`. Default `balanced`. */
  readonly strategy?: DefragmentationStrategy;
  /**
   * Where ranges go: `across` to other chunks, `within` towards the start of their own, `both` as the
   * strategy needs; see `PlanOptions`. Default `across`.
   */
  readonly scope?: 'across' | 'within' | 'both';
  /**
   * The most that one pass copies, in bytes; what goes by way of scratch counts twice. What is longer never
   * moves. Default 4 MiB.
   */
  readonly bytesPerPass?: number;
  /** The most moves of one pass. Default 128. */
  readonly movesPerPass?: number;
  /** The longest that one pass is planned for, in milliseconds of `clock`. Default: no limit. */
  readonly millisecondsPerPass?: number;
  /** Milliseconds since some moment, such as `() => performance.now()`; needed for a limit of time. */
  readonly clock?: () => number;
  /** Chunks that `full` may make to move into, a pool, where limits allow it. Default 1. */
  readonly spareChunks?: number;
  /** Whether passes are done by `step` alone; else each `endFrame` does one. Default false. */
  readonly byHand?: boolean;
}

/** How a heap defragments itself. Sizes in bytes. */
export interface AutomaticDefragmentation extends Omit<DefragmentationOptions, 'byHand'> {
  /** Frames between two looks at the heap. Default 10. */
  readonly everyFrames?: number;
  /** Heaps that hold less are left alone. Default 8 MiB. */
  readonly leastBytes?: number;
  /**
   * A chunk of which more is free is worth a run; where the scope lets ranges slide, also one of which more
   * is free beside its longest hole. Default 0.3.
   */
  readonly freeShare?: number;
  /**
   * A run begins, too, when all chunks of a pool have so many of their largest free together. Default 1.5.
   */
  readonly freeChunks?: number;
  /** Asked in each frame with something to do; a busy one is left alone. Default: frames are never busy. */
  readonly isBusy?: () => boolean;
}

/** When to look, and what is worth a run. */
export interface AutomaticSettings {
  readonly everyFrames: number;
  readonly leastBytes: number;
  readonly freeShare: number;
  readonly freeChunks: number;
  readonly isBusy: () => boolean;
  readonly run: DefragmentationOptions;
}

const RUN_KEYS = [
  'strategy',
  'scope',
  'bytesPerPass',
  'movesPerPass',
  'millisecondsPerPass',
  'clock',
  'spareChunks',
];
const BY_HAND = 'byHand';
const TRIGGER_KEYS = ['everyFrames', 'leastBytes', 'freeShare', 'freeChunks', 'isBusy'];
const BYTES_PER_PASS: number = 4 * 1024 * 1024;
const MOVES_PER_PASS = 128;
const LEAST_BYTES: number = 8 * 1024 * 1024;

/**
 * What the planner is to do; it checks the rest.
 * @throws UsageError `unknown-option`, `bad-argument`
 */
export function planOptionsOf(options: DefragmentationOptions): PlanOptions {
  checkOptions(options, 'options', [...RUN_KEYS, BY_HAND]);
  const { byHand = false, ...limits } = options;
  if (typeof byHand !== 'boolean') {
    throw new UsageError('bad-argument', `byHand is ${show(byHand)}; pass true or false`);
  }
  return { scope: 'across', bytesPerPass: BYTES_PER_PASS, movesPerPass: MOVES_PER_PASS, ...limits };
}

/** @throws UsageError `bad-argument`, `unknown-option`, `bad-size` */
export function checkAutomatic(options: AutomaticDefragmentation): AutomaticSettings {
  checkOptions(options, 'defragmentation', [...RUN_KEYS, ...TRIGGER_KEYS]);
  const { everyFrames = 10, leastBytes = LEAST_BYTES, freeShare = 0.3, freeChunks = 1.5 } = options;
  const { isBusy = () => false, strategy = 'balanced', scope = 'across' } = options;
  checkInteger(everyFrames, 'everyFrames', 1, Number.MAX_SAFE_INTEGER, 'bad-argument');
  checkInteger(leastBytes, 'leastBytes', 0, Number.MAX_SAFE_INTEGER, 'bad-size');
  checkShare(freeShare, 'freeShare', 1);
  checkShare(freeChunks, 'freeChunks', Number.MAX_SAFE_INTEGER);
  checkOneOf(strategy, 'strategy', ['fast', 'balanced', 'full']);
  checkOneOf(scope, 'scope', ['across', 'within', 'both']);
  if (typeof isBusy !== 'function') {
    throw new UsageError('bad-argument', `isBusy is ${show(isBusy)}; pass a function`);
  }
  const run = Object.fromEntries(Object.entries(options).filter(([key]) => RUN_KEYS.includes(key)));
  return { everyFrames, leastBytes, freeShare, freeChunks, isBusy, run };
}

function checkShare(value: number, name: string, most: number): void {
  if (typeof value === 'number' && value > 0 && value <= most) return;
  throw new UsageError('bad-argument', `${name} is ${show(value)}; pass a number above 0, at most ${most}`);
}
