/**
 * State scene: the state of a suballocator whose ranges are a chain of records, laid open to be spoilt.
 *
 * Layout   as in the kinds: a record's name in its first cell, its right neighbour in the sixth; the wall is
 *          the record at 0.
 */
import type { Suballocator, SuballocatorState } from '@gpuheap/core/ranges';

/** Cells of a record that all such kinds have. */
export const [NAME, SIZE, OFFSET, SLACK, PREVIOUS, NEXT] = [0, 1, 2, 3, 4, 5] as const;
/** Figures, by their places. */
export const [USED, SLACKS, LIVE_COUNT, ALLOCATIONS, ADDED] = [0, 1, 2, 5, 9] as const;

/** A state, its parts and its records in offset order. */
export interface StateScene<Kind extends Suballocator> {
  readonly subject: Kind;
  readonly state: SuballocatorState;
  readonly cells: Int32Array;
  readonly figures: Float64Array;
  readonly records: readonly number[];
}

/** The scene of a suballocator as it is now. O(ranges). */
export function openState<Kind extends Suballocator>(subject: Kind): StateScene<Kind> {
  const state = subject.serialize();
  const cells = state.parts['cells'] as Int32Array;
  const figures = state.parts['figures'] as Float64Array;
  const records: number[] = [];
  for (let n = cells[NEXT] as number; n !== 0; n = cells[n + NEXT] as number) records.push(n);
  return { subject, state, cells, figures, records };
}

/** The record of the range that is `place`-th in offset order. */
export function recordAt({ records }: StateScene<Suballocator>, place: number): number {
  const n = records[place];
  if (n === undefined) throw new RangeError(`there are ${records.length} records, none is number ${place}`);
  return n;
}

/** Adds to a cell, or to a figure. */
export function add(numbers: Int32Array | Float64Array, at: number, value: number): void {
  numbers[at] = (numbers[at] as number) + value;
}

/** Puts a number in the place of another. */
export function put(numbers: Int32Array | Float64Array, at: number, value: number): void {
  numbers[at] = value;
}
