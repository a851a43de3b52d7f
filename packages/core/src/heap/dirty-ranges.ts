/**
 * Dirty ranges: which elements have changed, as a few ranges that cover them all.
 *
 * Layout   `bounds`: from and to of each range, in order, apart by more than `gap`.
 * Cost     O(1) within the range that was touched last, else O(ranges), at most 16 of them. Allocates nothing
 *          after construction.
 * Promise  covers every element that was added. Ranges no further apart than `gap` are one.
 * Refusal  beyond 16 ranges, the two nearest become one, and what lies between counts as changed.
 */

/** A write costs some 3 µs by itself: so many of them are still cheap. */
const MOST_RANGES = 16;

export class DirtyRanges {
  /** Ranges now. */
  count = 0;
  private readonly gap: number;
  // One more than kept, for the moment of insertion.
  private readonly bounds = new Float64Array(2 * (MOST_RANGES + 1));
  /** Where in `bounds` the range is that was touched last. */
  private latest = 0;

  /** `gap`: elements, 0 or more, that are sooner taken along than left out. */
  constructor(gap: number) {
    this.gap = gap;
  }

  /** First element of a range. */
  fromOf(range: number): number {
    return this.bounds[2 * range];
  }

  /** The element after the last one of a range. */
  toOf(range: number): number {
    return this.bounds[2 * range + 1];
  }

  /** Elements `from` up to `to` have changed; at least one. */
  add(from: number, to: number): void {
    const { bounds, latest } = this;
    // Without ranges both bounds are 0, which nothing fits.
    if (from >= bounds[latest] && to <= bounds[latest + 1]) return;
    this.merge(from, to);
    if (this.count > MOST_RANGES) this.joinNearest();
  }

  /** Nothing has changed. */
  clear(): void {
    this.count = 0;
    this.latest = 0;
    this.bounds.fill(0, 0, 2);
  }

  /** Takes the place of all ranges that are no further than `gap` from it. */
  private merge(from: number, to: number): void {
    const { bounds, gap } = this;
    const end = 2 * this.count;
    let first = 0;
    while (first < end && bounds[first + 1] + gap < from) first += 2;
    let behind = first;
    while (behind < end && bounds[behind] - gap <= to) behind += 2;
    const least = behind > first ? Math.min(from, bounds[first]) : from;
    const most = behind > first ? Math.max(to, bounds[behind - 1]) : to;
    bounds.copyWithin(first + 2, behind, end);
    bounds[first] = least;
    bounds[first + 1] = most;
    this.count += 1 - (behind - first) / 2;
    this.latest = first;
  }

  private joinNearest(): void {
    const { bounds } = this;
    let nearest = 1;
    for (let k = 3; k < 2 * this.count - 1; k += 2) {
      if (bounds[k + 1] - bounds[k] < bounds[nearest + 1] - bounds[nearest]) nearest = k;
    }
    bounds.copyWithin(nearest, nearest + 2, 2 * this.count);
    this.count--;
    this.latest = nearest - 1;
  }
}
