/**
 * Lifetime options: what callers of `planLifetimes` pass, checked, with what they left out.
 *
 * Cost     O(items + conflicts).
 * Promise  every item and option is read once, so that nothing can change between the check and the use.
 */
import { checkInteger, checkOptions, checkText, show } from '../../base/check.ts';
import { UsageError } from '../../base/errors.ts';
import { MAX_ALIGNMENT } from '../../ranges/suballocator.ts';
import type { LifetimeItem, LifetimeOptions } from './lifetime-plan.ts';

/** All options, with their defaults. */
export interface CheckedOptions {
  readonly granularity: number;
  /** A multiple of the granularity. */
  readonly maxBufferBytes: number;
  readonly maxBuffers: number;
  readonly timeLimitMs: number;
  readonly clock: () => number;
  readonly stepLimit: number;
  readonly seed: number;
}

const MOST = Number.MAX_SAFE_INTEGER;
const ITEM_OPTIONS = ['size', 'firstUse', 'lastUse', 'alignment', 'conflictsWith', 'label'];
const PLAN_OPTIONS = [
  'granularity',
  'maxBufferBytes',
  'maxBuffers',
  'timeLimitMs',
  'clock',
  'stepLimit',
  'seed',
];

/** @throws UsageError `bad-argument`, `unknown-option`, `bad-granularity`, `bad-size` */
export function checkPlanOptions(options: LifetimeOptions): CheckedOptions {
  checkOptions(options, 'options', PLAN_OPTIONS);
  const { granularity = 256, maxBufferBytes = MOST, maxBuffers = MOST, seed = 1 } = options;
  checkInteger(granularity, 'granularity', 1, MAX_ALIGNMENT, 'bad-granularity');
  checkInteger(maxBufferBytes, 'maxBufferBytes', 1, MOST, 'bad-size');
  checkInteger(maxBuffers, 'maxBuffers', 1, MOST, 'bad-argument');
  checkInteger(seed, 'seed', 1, 2 ** 32 - 1, 'bad-argument');
  const wholeBytes = maxBufferBytes - (maxBufferBytes % granularity);
  return { granularity, maxBufferBytes: wholeBytes, maxBuffers, seed, ...checkLimits(options) };
}

type Limits = Pick<CheckedOptions, 'timeLimitMs' | 'clock' | 'stepLimit'>;

/** Without any limit there is no search. */
function checkLimits({ timeLimitMs, clock, stepLimit }: LifetimeOptions): Limits {
  if (timeLimitMs !== undefined && !(typeof timeLimitMs === 'number' && timeLimitMs >= 0)) {
    throw new UsageError('bad-argument', `timeLimitMs is ${show(timeLimitMs)}; pass milliseconds, 0 or more`);
  }
  if (clock !== undefined && typeof clock !== 'function') {
    throw new UsageError(
      'bad-argument',
      `clock is ${show(clock)}; pass a function, as () => performance.now()`,
    );
  }
  if (stepLimit !== undefined) checkInteger(stepLimit, 'stepLimit', 0, MOST, 'bad-argument');
  const isTimed = timeLimitMs !== undefined && timeLimitMs > 0;
  if (isTimed && clock === undefined) {
    throw new UsageError(
      'bad-argument',
      `timeLimitMs is ${timeLimitMs} without a clock; pass one, as () => performance.now()`,
    );
  }
  if (timeLimitMs === Number.POSITIVE_INFINITY && stepLimit === undefined) {
    throw new UsageError('bad-argument', 'timeLimitMs is Infinity without a stepLimit; pass either');
  }
  return {
    timeLimitMs: timeLimitMs ?? (stepLimit === undefined ? 0 : Number.POSITIVE_INFINITY),
    clock: isTimed && clock !== undefined ? clock : () => 0,
    stepLimit: stepLimit ?? MOST,
  };
}

/**
 * Copies of the items, in order.
 * @throws UsageError `bad-argument`, `unknown-option`, `bad-size`, `bad-alignment`
 */
export function checkItems(items: readonly LifetimeItem[]): LifetimeItem[] {
  if (!Array.isArray(items)) {
    throw new UsageError('bad-argument', `items is ${show(items)}; pass an array of objects`);
  }
  return Array.from(items, (item, index) => checkItem(item, index, items.length));
}

function checkItem(item: LifetimeItem, index: number, count: number): LifetimeItem {
  const name = `items[${index}]`;
  checkOptions(item, name, ITEM_OPTIONS);
  const { size, firstUse, lastUse, alignment = 1, conflictsWith = [], label } = item;
  checkInteger(size, `${name}.size`, 1, MOST, 'bad-size');
  checkInteger(firstUse, `${name}.firstUse`, 0, MOST, 'bad-argument');
  checkInteger(lastUse, `${name}.lastUse`, firstUse, MOST, 'bad-argument');
  checkInteger(alignment, `${name}.alignment`, 1, MAX_ALIGNMENT, 'bad-alignment');
  if (label !== undefined) checkText(label, `${name}.label`);
  const conflicts = checkConflicts(conflictsWith, index, count);
  const checked = { size, firstUse, lastUse, alignment, conflictsWith: conflicts };
  return label === undefined ? checked : { ...checked, label };
}

function checkConflicts(conflictsWith: readonly number[], index: number, count: number): number[] {
  const name = `items[${index}].conflictsWith`;
  if (!Array.isArray(conflictsWith)) {
    throw new UsageError('bad-argument', `${name} is ${show(conflictsWith)}; pass an array of indices`);
  }
  return Array.from(conflictsWith, (other, at) => {
    checkInteger(other, `${name}[${at}]`, 0, count - 1, 'bad-argument');
    if (other !== index) return other;
    throw new UsageError('bad-argument', `${name}[${at}] is the item itself; name others`);
  });
}
