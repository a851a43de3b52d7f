/**
 * Lifetime problem: items as columns, checked, in the order in which they begin.
 *
 * Layout   items are numbered anew by their first step; `indices` has the numbers of the caller. Steps at
 *          which nothing begins are left out: two items are alive together exactly when some item begins
 *          while both are. `counts[s]` items have begun at step s or before, and they are the first ones.
 * Cost     O(n log n + conflicts).
 * Promise  all sums of sizes and paddings are safe integers, so that no end of a range ever is not.
 */
import { checkInteger } from '../../base/check.ts';
import { UsageError } from '../../base/errors.ts';
import { roundUp } from '../../base/quantities.ts';
import type { CheckedOptions } from './lifetime-options.ts';
import type { LifetimeItem } from './lifetime-plan.ts';

/** Items as columns. Bytes unless the name says otherwise. */
export interface LifetimeProblem {
  readonly count: number;
  /** By the number of an item: its index in the caller's list. */
  readonly indices: Int32Array;
  /** Multiples of the granularity. */
  readonly sizes: Float64Array;
  /** Multiples of the granularity and of what the item asks for. */
  readonly alignments: Float64Array;
  /** The first and the last step, both included, of those that are left. */
  readonly firsts: Int32Array;
  readonly lasts: Int32Array;
  readonly stepCount: number;
  /** By step: items that have begun. */
  readonly counts: Int32Array;
  /** By step: bytes alive. */
  readonly loads: Float64Array;
  /** By item: those that may not share a buffer with it, each once; `undefined` when there are none. */
  readonly conflicts: readonly (readonly number[] | undefined)[];
  /** Whether any two conflict. */
  readonly hasConflicts: boolean;
  readonly maxBufferBytes: number;
  readonly maxBuffers: number;
}

/** @throws UsageError `too-large` when an item is larger than a buffer, or all together than 2^53-1 bytes */
export function makeProblem(items: readonly LifetimeItem[], options: CheckedOptions): LifetimeProblem {
  const count = items.length;
  const indices = Int32Array.from(items, (_, index) => index);
  indices.sort((a, b) => items[a].firstUse - items[b].firstUse || a - b);
  const sizes = new Float64Array(count);
  const alignments = new Float64Array(count);
  let sumBytes = 0;
  for (let i = 0; i < count; i++) {
    const { size, alignment = 1 } = items[indices[i]];
    alignments[i] = commonMultiple(options.granularity, alignment);
    sizes[i] = roundUp(size, options.granularity);
    // An offset that was a multiple of the granularity skips at most so much more.
    sumBytes += sizes[i] + alignments[i] - options.granularity;
    if (sizes[i] > options.maxBufferBytes) throw tooLargeForBuffer(items, indices[i], options);
    // Above it additions round: so it is looked at after each of them.
    if (sumBytes > Number.MAX_SAFE_INTEGER) throw tooLargeTogether(i + 1);
  }
  const steps = stepsOf(items, indices);
  const conflicts = conflictsOf(items, indices);
  return {
    count,
    indices,
    sizes,
    alignments,
    ...steps,
    loads: loadsOf(sizes, steps),
    conflicts,
    hasConflicts: conflicts.some((list) => list !== undefined),
    maxBufferBytes: options.maxBufferBytes,
    maxBuffers: options.maxBuffers,
  };
}

type Steps = Pick<LifetimeProblem, 'firsts' | 'lasts' | 'counts' | 'stepCount'>;

function stepsOf(items: readonly LifetimeItem[], indices: Int32Array): Steps {
  const count = indices.length;
  const firsts = new Int32Array(count);
  const begins: number[] = [];
  const counts: number[] = [];
  for (let i = 0; i < count; i++) {
    const { firstUse } = items[indices[i]];
    if (begins.length === 0 || begins[begins.length - 1] !== firstUse) begins.push(firstUse);
    firsts[i] = begins.length - 1;
    counts[firsts[i]] = i + 1;
  }
  const lasts = Int32Array.from(indices, (index) => lastAtMost(begins, items[index].lastUse));
  return { firsts, lasts, counts: Int32Array.from(counts), stepCount: begins.length };
}

/** The last place of a rising row whose number is at most `most`; the first one is. O(log n). */
function lastAtMost(row: readonly number[], most: number): number {
  let low = 0;
  let high = row.length;
  while (low + 1 < high) {
    const middle = Math.floor((low + high) / 2);
    if (row[middle] <= most) low = middle;
    else high = middle;
  }
  return low;
}

function loadsOf(sizes: Float64Array, { firsts, lasts, stepCount }: Steps): Float64Array {
  const loads = new Float64Array(stepCount + 1);
  for (let i = 0; i < sizes.length; i++) {
    loads[firsts[i]] += sizes[i];
    loads[lasts[i] + 1] -= sizes[i];
  }
  for (let step = 1; step < stepCount; step++) loads[step] += loads[step - 1];
  return loads.subarray(0, stepCount);
}

/** Both ways, each once, in rising order. */
function conflictsOf(
  items: readonly LifetimeItem[],
  indices: Int32Array,
): readonly (readonly number[] | undefined)[] {
  const numbers = new Int32Array(indices.length);
  indices.forEach((index, i) => {
    numbers[index] = i;
  });
  const sets: (Set<number> | undefined)[] = new Array(indices.length).fill(undefined);
  const add = (from: number, to: number): void => {
    sets[from] ??= new Set();
    sets[from].add(to);
  };
  items.forEach(({ conflictsWith = [] }, index) => {
    for (const other of conflictsWith) {
      add(numbers[index], numbers[other]);
      add(numbers[other], numbers[index]);
    }
  });
  return sets.map((set) => set && [...set].sort((a, b) => a - b));
}

/** @throws UsageError `bad-alignment` when it is above 2^53-1 */
function commonMultiple(granularity: number, alignment: number): number {
  let divisor = granularity;
  for (let rest = alignment; rest !== 0; ) [divisor, rest] = [rest, divisor % rest];
  const factor = alignment / divisor;
  checkInteger(
    granularity,
    `the granularity beside an alignment of ${alignment}`,
    1,
    Math.floor(Number.MAX_SAFE_INTEGER / factor),
    'bad-alignment',
  );
  return granularity * factor;
}

function tooLargeForBuffer(
  items: readonly LifetimeItem[],
  index: number,
  { granularity, maxBufferBytes }: CheckedOptions,
): UsageError {
  const { size, label } = items[index];
  const name = label === undefined ? `items[${index}]` : `items[${index}] (${label})`;
  return new UsageError(
    'too-large',
    `${name} has ${size} bytes, in steps of ${granularity}, and a buffer at most ${maxBufferBytes}; split it`,
  );
}

function tooLargeTogether(count: number): UsageError {
  return new UsageError(
    'too-large',
    `the sizes and alignments of ${count} items add up to more than 2^53-1 bytes; plan fewer at a time`,
  );
}
