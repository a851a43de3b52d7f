/** Durations: what single calls took, so that a few that were interrupted do not hide the others. */

/** Collects milliseconds. */
export class Durations {
  private readonly all: number[] = [];

  add(milliseconds: number): void {
    this.all.push(milliseconds);
  }

  /** The middle one, in nanoseconds; 0 when there is none. O(n log n). */
  medianNs(): number {
    const sorted = Float64Array.from(this.all).sort();
    return (sorted[Math.floor(sorted.length / 2)] ?? 0) * 1e6;
  }

  /** Their mean in nanoseconds; 0 when there is none. O(n). */
  meanNs(): number {
    const sum = this.all.reduce((before, next) => before + next, 0);
    return (sum / Math.max(1, this.all.length)) * 1e6;
  }
}
