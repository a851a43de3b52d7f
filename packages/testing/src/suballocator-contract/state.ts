/**
 * Shown state: a copy of all that a suballocator shows, to compare before with after.
 *
 * Layout   columns, used again for every reading, because one is made after every operation.
 */
import {
  type Handle,
  NO_SPACE,
  type RegionView,
  type Suballocator,
  type SuballocatorStatistics,
} from '@gpuheap/core/ranges';

/** The fields that `statistics()` must have, and no others. */
export const STATISTICS_FIELDS: readonly (keyof SuballocatorStatistics)[] = [
  'capacity',
  'used',
  'requested',
  'free',
  'largestFree',
  'liveCount',
  'holeCount',
  'fragmentation',
  'peakUsed',
  'peakLiveCount',
  'allocationCount',
  'freeCount',
  'allocatedBytes',
  'freedBytes',
  'splitCount',
  'mergeCount',
];

/** More ranges than any table holds: a walk that gets here does not end. */
const ENDLESS = 2 ** 22;

/** Ranges, regions and figures at one moment: that of the last `read`. */
export class ShownState {
  /** Ranges shown. */
  count = 0;
  readonly offsets: number[] = [];
  readonly sizes: number[] = [];
  readonly handles: Handle[] = [];
  /** Undefined where the kind has no regions to show. */
  regions: readonly RegionView[] | undefined;
  statistics: SuballocatorStatistics;
  private other: SuballocatorStatistics | undefined;

  constructor(subject: Suballocator) {
    this.statistics = subject.statistics();
  }

  /** Copies what is shown now. O(ranges). */
  read(subject: Suballocator): void {
    let count = 0;
    for (const range of subject.ranges()) {
      this.offsets[count] = range.offset;
      this.sizes[count] = range.size;
      this.handles[count] = range.handle;
      if (++count > ENDLESS) break;
    }
    this.count = count;
    this.regions = subject.regions?.();
    this.statistics = subject.statistics(this.statistics);
  }

  /** The first difference to what is shown now, as a sentence, or nothing. O(ranges). */
  differenceTo(subject: Suballocator): string | undefined {
    let i = 0;
    for (const { offset, size, handle } of subject.ranges()) {
      const isSame = offset === this.offsets[i] && size === this.sizes[i] && handle === this.handles[i];
      if (!isSame || i >= this.count) {
        return `range ${i} was ${this.textOf(i)} and is ${textOf(offset, size, handle)}`;
      }
      i++;
    }
    if (i !== this.count) return `there were ${this.count} ranges and are ${i}`;
    this.other = subject.statistics(this.other);
    for (const field of STATISTICS_FIELDS) {
      const was = this.statistics[field];
      const is = this.other[field];
      if (was !== is) return `${field} was ${was} and is ${is}`;
    }
    return this.regionDifference(subject.regions?.());
  }

  /** The free ranges, as they are shown. */
  holes(): RegionView[] {
    const found: RegionView[] = [];
    for (let i = 0; i < this.count; i++) {
      if (this.handles[i] !== NO_SPACE) continue;
      found.push({ offset: this.offsets[i] as number, size: this.sizes[i] as number });
    }
    return found;
  }

  private regionDifference(now: readonly RegionView[] | undefined): string | undefined {
    const before = this.regions;
    if (before === undefined && now === undefined) return undefined;
    const was = (before ?? []).map(({ offset, size }) => `${offset}+${size}`).join(' ');
    const is = (now ?? []).map(({ offset, size }) => `${offset}+${size}`).join(' ');
    return was === is ? undefined : `the regions were ${was} and are ${is}`;
  }

  private textOf(i: number): string {
    if (i >= this.count) return 'not there';
    return textOf(this.offsets[i] as number, this.sizes[i] as number, this.handles[i] as Handle);
  }
}

function textOf(offset: number, size: number, handle: Handle): string {
  return `[${offset}, ${offset + size}) ${handle === NO_SPACE ? 'free' : `live as ${handle}`}`;
}
