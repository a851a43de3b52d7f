/** State: a copy of all that a suballocator shows, to compare before with after. */
import {
  NO_SPACE,
  type RangeView,
  type Suballocator,
  type SuballocatorStatistics,
} from '@gpuheap/core/ranges';

/** Ranges and figures at one moment. */
export interface State {
  readonly ranges: readonly RangeView[];
  readonly statistics: SuballocatorStatistics;
}

/** The fields that `statistics()` must have, and no others. */
export const STATISTICS_FIELDS: readonly (keyof SuballocatorStatistics)[] = [
  'capacity',
  'used',
  'requested',
  'free',
  'largestFree',
  'liveCount',
  'holeCount',
  'peakUsed',
  'peakLiveCount',
  'allocationCount',
  'freeCount',
  'splitCount',
  'mergeCount',
];

/** Copies what is shown now; stops after 2^22 ranges, should they never end. O(ranges). */
export function readState(subject: Suballocator): State {
  const ranges: RangeView[] = [];
  for (const { offset, size, handle } of subject.ranges()) {
    ranges.push({ offset, size, handle });
    if (ranges.length > 2 ** 22) break;
  }
  return { ranges, statistics: { ...subject.statistics() } };
}

/** The first difference as a sentence, or nothing. O(ranges). */
export function differenceOf(before: State, after: State): string | undefined {
  for (const field of STATISTICS_FIELDS) {
    const was = before.statistics[field];
    const is = after.statistics[field];
    if (was !== is) return `${field} was ${was} and is ${is}`;
  }
  const count = Math.max(before.ranges.length, after.ranges.length);
  for (let i = 0; i < count; i++) {
    const was = rangeText(before.ranges[i]);
    const is = rangeText(after.ranges[i]);
    if (was !== is) return `range ${i} was ${was} and is ${is}`;
  }
  return undefined;
}

function rangeText(range: RangeView | undefined): string {
  if (range === undefined) return 'not there';
  const end = range.offset + range.size;
  return `[${range.offset}, ${end}) ${range.handle === NO_SPACE ? 'free' : `live as ${range.handle}`}`;
}
