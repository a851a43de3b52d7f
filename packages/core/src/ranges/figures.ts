/**
 * Figures: what `statistics()` says of live ranges, counted as they come and go, so that reading is O(1).
 *
 * Layout   plain fields of the suballocator, since engines reach nothing faster. A record's SLACK cell has
 *          the bytes that its range reserves beyond those asked for; the few that pass 31 bits, which only
 *          giant units have, lie in a map.
 * Cost     begin, end, change: O(1), a few nanoseconds. hasSoundFigures: O(records).
 * Promise  the sums are those of the live ranges; peaks and counts since construction never fall, but when
 *          all of a failed `allocateMany` is undone.
 */
import { type Handle, MAX_UNITS, type Units } from '../base/quantities.ts';
import { RecordTable } from '../tables/record-table.ts';
import type { RangeParts } from './state.ts';

// Cells of a live record after its name.
const SIZE = 1; // units
const SLACK = 3; // bytes, or WIDE

/**
 * A double that is 0: engines keep a field that begins so as a double, and need not think again when it
 * grows.
 */
const ZERO = -0;
const FIGURES = 10;
/** Instead of a slack that a cell does not hold. */
const WIDE = -1;

/** See the head of the file. */
export abstract class Figures extends RecordTable {
  readonly granularity: number;
  /** Units managed. */
  protected capacityUnits: Units = 0;
  protected usedUnits: Units = 0;
  protected slackBytes: number = ZERO;
  protected liveCount = 0;
  protected peakUsedUnits: Units = 0;
  protected peakLiveCount = 0;
  protected allocationCount = 0;
  protected allocatedUnits: number = ZERO;
  /** Free ranges cut in two. */
  protected splitCount = 0;
  /** Pairs of free neighbours joined. */
  protected mergeCount = 0;
  /** Free ranges that came otherwise than by a split, less those that went otherwise than by a merge. */
  protected addedCount = 0;
  /** Slacks of 2^31 bytes and more, which only giant units can have. */
  private readonly wideSlacks: Map<number, number> = new Map();

  /** `stride`: cells of a record, 4 or more; `granularity`: bytes of a unit. */
  constructor(stride: number, granularity: number) {
    super(stride);
    this.granularity = granularity;
  }

  /** Notes what `n` reserves beyond the bytes asked for, and counts the range. Answers its handle. */
  protected begin(n: number, units: Units, requested: number): Handle {
    const slack = units * this.granularity - requested;
    this.cells[n + SLACK] = slack <= MAX_UNITS ? slack : this.setWideSlack(n, slack);
    this.slackBytes += slack;
    this.allocationCount++;
    this.allocatedUnits += units;
    const used = this.usedUnits + units;
    const live = this.liveCount + 1;
    this.usedUnits = used;
    this.liveCount = live;
    if (used > this.peakUsedUnits) this.peakUsedUnits = used;
    if (live > this.peakLiveCount) this.peakLiveCount = live;
    return this.enliven(n);
  }

  protected override replaced(from: number, to: number): void {
    if (this.cells[to + SLACK] === WIDE) this.setWideSlack(to, this.takeWideSlack(from));
  }

  /** Counts a range of `units` as ended and its handle out. */
  protected end(n: number, units: Units): void {
    const slack = this.cells[n + SLACK];
    this.slackBytes -= slack === WIDE ? this.takeWideSlack(n) : slack;
    this.usedUnits -= units;
    this.liveCount--;
    this.retire(n);
  }

  /** Counts a live range that was `before` units long and now is `after`, for `requested` bytes. */
  protected change(n: number, before: Units, after: Units, requested: number): void {
    const slack = this.cells[n + SLACK];
    this.slackBytes -= slack === WIDE ? this.takeWideSlack(n) : slack;
    const now = after * this.granularity - requested;
    this.cells[n + SLACK] = now <= MAX_UNITS ? now : this.setWideSlack(n, now);
    this.slackBytes += now;
    this.usedUnits += after - before;
    if (after > before) this.allocatedUnits += after - before;
    this.peakUsedUnits = Math.max(this.peakUsedUnits, this.usedUnits);
  }

  private setWideSlack(n: number, slack: number): number {
    this.wideSlacks.set(n, slack);
    return WIDE;
  }

  private takeWideSlack(n: number): number {
    const slack = this.wideSlacks.get(n) as number;
    this.wideSlacks.delete(n);
    return slack;
  }

  /** Free ranges, as `ranges()` shows them. */
  protected get holeCount(): number {
    return this.addedCount + this.splitCount - this.mergeCount - this.liveCount;
  }

  /** Everything has been freed; `holes` free ranges remain, and what was split is whole again. */
  protected countReset(holes: number): void {
    this.usedUnits = 0;
    this.slackBytes = ZERO;
    this.liveCount = 0;
    // Where the span has grown more may have been joined than was ever split.
    this.mergeCount = Math.max(this.mergeCount, this.splitCount);
    this.addedCount = holes + this.mergeCount - this.splitCount;
    this.wideSlacks.clear();
  }

  /** Copies the figures into `parts`. O(wide slacks). */
  protected saveFigures(parts: RangeParts): void {
    parts.figures = Float64Array.of(
      this.usedUnits,
      this.slackBytes,
      this.liveCount,
      this.peakUsedUnits,
      this.peakLiveCount,
      this.allocationCount,
      this.allocatedUnits,
      this.splitCount,
      this.mergeCount,
      this.addedCount,
    );
    if (this.wideSlacks.size > 0) parts.wideSlacks = Float64Array.from([...this.wideSlacks].flat());
  }

  /** Takes over saved figures; false when they can not be figures. O(wide slacks). */
  protected loadFigures(parts: Readonly<RangeParts>): boolean {
    const { figures, wideSlacks = new Float64Array() } = parts;
    if (!(figures instanceof Float64Array) || figures.length !== FIGURES) return false;
    if (!(wideSlacks instanceof Float64Array)) return false;
    if (!figures.every(Number.isInteger)) return false;
    [this.usedUnits, this.slackBytes, this.liveCount, this.peakUsedUnits, this.peakLiveCount] = figures;
    this.allocationCount = figures[5];
    this.allocatedUnits = figures[6];
    this.splitCount = figures[7];
    this.mergeCount = figures[8];
    this.addedCount = figures[9];
    this.wideSlacks.clear();
    for (let i = 0; i < wideSlacks.length; i += 2) this.wideSlacks.set(wideSlacks[i], wideSlacks[i + 1]);
    return true;
  }

  /** Whether the sums are those of the live records, and the rest can have come before them. O(records). */
  protected hasSoundFigures(): boolean {
    const sums = { live: 0, used: 0, slack: 0, wide: 0 };
    for (let n = this.stride; n < this.usedCells; n += this.stride) {
      if (!this.isLive(n) || this.isNameless(n)) continue;
      const cell = this.cells[n + SLACK];
      const units = this.cells[n + SIZE];
      const slack = cell === WIDE ? (this.wideSlacks.get(n) ?? WIDE) : cell;
      // At least a byte was asked for.
      if (!(Number.isInteger(slack) && slack >= 0 && slack < units * this.granularity)) return false;
      sums.live++;
      sums.used += units;
      sums.slack += slack;
      if (cell === WIDE) sums.wide++;
    }
    return (
      sums.live === this.liveCount &&
      sums.used === this.usedUnits &&
      sums.slack === this.slackBytes &&
      sums.wide === this.wideSlacks.size &&
      this.peakUsedUnits >= this.usedUnits &&
      this.peakLiveCount >= this.liveCount &&
      this.allocationCount >= this.peakLiveCount &&
      this.allocatedUnits >= this.peakUsedUnits
    );
  }
}
