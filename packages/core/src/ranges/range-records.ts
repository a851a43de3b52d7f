/**
 * Range records: what every kind shares, whatever it does with its holes. Turns bytes into units at the door,
 * names live ranges, keeps the figures.
 *
 * Layout   a record a live range. Cell 0 is its name, 1 its length, 2 its first unit, 3 the bytes that it
 *          reserves beyond those asked for; then come the cells of the kind. What a record that is not live
 *          holds is the kind's business. The figures live in one Float64Array, so that counting allocates
 *          nothing.
 * Cost     O(1), a few nanoseconds; no division remainder of doubles on the way for small sizes.
 * Promise  units fit 31 bits; conversions are exact up to 2^53-1 bytes; a call that throws has changed
 *          nothing.
 */
import { isInt32, shiftRight } from '../base/bits.ts';
import { checkInteger, checkOptions, show } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';
import { type Handle, MAX_UNITS, type Units, unitsFromBytes } from '../base/quantities.ts';
import { RecordTable } from '../tables/record-table.ts';
import { checkState, loadFigures, type RangeParts } from './state.ts';
import {
  MAX_ALIGNMENT,
  NO_SPACE,
  type RangeRequest,
  type RangeView,
  type Suballocator,
  type SuballocatorCapabilities,
  type SuballocatorOptions,
  type SuballocatorState,
  type SuballocatorStatistics,
} from './suballocator.ts';

// Cells of a live record after its name.
const SIZE = 1; // units
const OFFSET = 2; // first unit
const SLACK = 3; // bytes, or WIDE

// The figures.
const USED_UNITS = 0;
const SLACK_BYTES = 1;
const LIVE = 2;
const HOLES = 3;
const PEAK_USED_UNITS = 4;
const PEAK_LIVE = 5;
const ALLOCATIONS = 6;
const ALLOCATED_UNITS = 7;
const SPLITS = 8;
const MERGES = 9;
const FIGURES = 10;

/** A size up to this and a granularity that is a power of two turn into units without a division. */
const SMALL_SIZE: number = 2 ** 30;
const NO_SHIFT = -1;
/** Instead of a slack that a cell does not hold. */
const WIDE = -1;

/** See the head of the file. */
export abstract class RangeRecords extends RecordTable implements Suballocator {
  abstract readonly kind: string;
  abstract readonly capabilities: SuballocatorCapabilities;
  readonly granularity: number;
  /** Units managed. */
  protected capacityUnits: Units;
  private readonly figures = new Float64Array(FIGURES);
  /** Bits that a unit has more than a byte, or NO_SHIFT. */
  private readonly shift: number;
  // The alignment asked for last and what it is in units: callers rarely change it.
  private lastAlignment = 1;
  private lastAlignmentUnits: Units = 1;
  /** Slacks of 2^31 bytes and more, which only giant units can have. */
  private readonly wideSlacks: Map<number, number> = new Map();

  /**
   * `stride`: cells of a record, 4 or more; `moreOptions`: names of what the kind takes beside.
   * @throws UsageError `bad-argument`, `unknown-option`, `bad-capacity`, `bad-granularity`
   */
  constructor(options: SuballocatorOptions, stride: number, moreOptions: readonly string[] = []) {
    checkOptions(options, 'options', ['capacity', 'granularity', ...moreOptions]);
    const { capacity, granularity = 1 } = options;
    checkInteger(granularity, 'granularity', 1, Number.MAX_SAFE_INTEGER, 'bad-granularity');
    super(stride);
    this.granularity = granularity;
    this.capacityUnits = this.unitsOfCapacity(capacity);
    const bits = Math.log2(granularity);
    this.shift = granularity < SMALL_SIZE && Number.isInteger(bits) ? bits : NO_SHIFT;
  }

  abstract allocate(size: number, alignment?: number): Handle;
  abstract free(handle: Handle): void;
  abstract largestAllocatable(alignment?: number): number;
  abstract reset(): void;
  abstract ranges(): IterableIterator<RangeView>;
  /** Units of the longest hole, or the bound that the kind documents. O(1). */
  protected abstract longestHole(): Units;

  get capacity(): number {
    return this.capacityUnits * this.granularity;
  }

  offsetOf(handle: Handle): number {
    return this.cells[this.find(handle) + OFFSET] * this.granularity;
  }

  sizeOf(handle: Handle): number {
    return this.cells[this.find(handle) + SIZE] * this.granularity;
  }

  allocateMany(requests: readonly RangeRequest[]): Handle[] | undefined {
    if (!Array.isArray(requests)) {
      throw new UsageError(
        'bad-argument',
        `requests is ${show(requests)}; pass an array of { size, alignment? }`,
      );
    }
    for (const request of requests as readonly RangeRequest[]) {
      const unchecked: unknown = request;
      checkOptions(unchecked, 'request', ['size', 'alignment']);
      this.unitsOfSize(request.size);
      if (request.alignment !== undefined) this.unitsOfAlignment(request.alignment);
    }
    const figures = this.figures.slice();
    const handles: Handle[] = [];
    for (const { size, alignment } of requests) {
      const handle = this.allocate(size, alignment);
      if (handle === NO_SPACE) {
        // The last first, so that every kind is back where it was.
        while (handles.length > 0) this.free(handles.pop() as Handle);
        this.figures.set(figures);
        return undefined;
      }
      handles.push(handle);
    }
    return handles;
  }

  statistics(into?: SuballocatorStatistics): SuballocatorStatistics {
    const out = into ?? ({} as SuballocatorStatistics);
    const { figures, granularity } = this;
    const used = figures[USED_UNITS] * granularity;
    const free = this.capacityUnits - figures[USED_UNITS];
    const longest = this.longestHole();
    out.capacity = this.capacity;
    out.used = used;
    out.requested = used - figures[SLACK_BYTES];
    out.free = free * granularity;
    out.largestFree = longest * granularity;
    out.liveCount = figures[LIVE];
    out.holeCount = figures[HOLES];
    out.fragmentation = free === 0 ? 0 : 1 - longest / free;
    out.peakUsed = figures[PEAK_USED_UNITS] * granularity;
    out.peakLiveCount = figures[PEAK_LIVE];
    out.allocationCount = figures[ALLOCATIONS];
    out.freeCount = figures[ALLOCATIONS] - figures[LIVE];
    out.allocatedBytes = figures[ALLOCATED_UNITS] * granularity;
    out.freedBytes = (figures[ALLOCATED_UNITS] - figures[USED_UNITS]) * granularity;
    out.splitCount = figures[SPLITS];
    out.mergeCount = figures[MERGES];
    return out;
  }

  serialize(): SuballocatorState {
    const parts: RangeParts = {};
    this.saveTable(parts);
    this.saveParts(parts);
    parts.capacityUnits = this.capacityUnits;
    parts.figures = this.figures.slice();
    if (this.wideSlacks.size > 0) parts.wideSlacks = Float64Array.from([...this.wideSlacks].flat());
    const { kind, granularity } = this;
    return { format: 'gpuheap-suballocator', version: 1, kind, granularity, parts: { ...parts } };
  }

  /** Adds what the kind keeps beside the records. O(ranges). */
  protected abstract saveParts(parts: RangeParts): void;

  /** Takes that over again and looks whether it can be true, as far as O(ranges) tells. */
  protected abstract loadParts(parts: Readonly<RangeParts>): boolean;

  /**
   * Takes over a serialized state; this suballocator must be new, and made with the state's granularity.
   * @throws UsageError `bad-state`
   */
  protected load(state: SuballocatorState): this {
    checkState(state, this.kind);
    const parts: RangeParts = state.parts;
    const { capacityUnits, wideSlacks = new Float64Array() } = parts;
    const isWhole = Number.isSafeInteger(capacityUnits) && (capacityUnits as number) <= MAX_UNITS;
    this.capacityUnits = capacityUnits as number;
    const isSound =
      isWhole &&
      this.loadTable(parts) &&
      loadFigures(parts.figures, this.figures) &&
      wideSlacks instanceof Float64Array &&
      this.loadParts(parts);
    if (!isSound) {
      throw new UsageError(
        'bad-state',
        `the parts of this ${this.kind} state contradict each other; pass what serialize() returned`,
      );
    }
    for (let i = 0; i + 1 < wideSlacks.length; i += 2) this.wideSlacks.set(wideSlacks[i], wideSlacks[i + 1]);
    return this;
  }

  /**
   * Units that hold `size` bytes; more than `capacityUnits` when it can not fit.
   * @throws UsageError `bad-size`
   */
  protected unitsOfSize(size: number): Units {
    // Small sizes and the sum fit 31 bits; a power of two as granularity needs no division.
    if (typeof size === 'number' && size > 0 && size < SMALL_SIZE && this.shift !== NO_SHIFT) {
      if (isInt32(size)) return shiftRight(size + this.granularity - 1, this.shift);
    }
    if (!(Number.isSafeInteger(size) && size > 0)) {
      throw new UsageError('bad-size', `size is ${show(size)}; pass an integer from 1 to 2^53-1`);
    }
    return unitsFromBytes(size, this.granularity);
  }

  /**
   * The alignment in units: an offset of k units is a multiple of `alignment` bytes iff k is a multiple of
   * the answer.
   * @throws UsageError `bad-alignment`
   */
  protected unitsOfAlignment(alignment: number): Units {
    if (alignment === this.lastAlignment) return this.lastAlignmentUnits;
    checkInteger(alignment, 'alignment', 1, MAX_ALIGNMENT, 'bad-alignment');
    const units = alignment / greatestCommonDivisor(alignment, this.granularity);
    this.checkAlignmentUnits(units, alignment);
    this.lastAlignment = alignment;
    this.lastAlignmentUnits = units;
    return units;
  }

  /** Kinds that do not serve every alignment throw here. */
  protected checkAlignmentUnits(_units: Units, _alignment: number): void {}

  /** Units of a capacity in bytes. @throws UsageError `bad-capacity` */
  protected unitsOfCapacity(capacity: number): Units {
    const { granularity } = this;
    checkInteger(capacity, 'capacity', 1, Number.MAX_SAFE_INTEGER, 'bad-capacity');
    const units = (capacity - (capacity % granularity)) / granularity;
    if (units < 1) {
      throw new UsageError(
        'bad-capacity',
        `capacity ${capacity} is less than one unit of ${granularity} bytes; raise it`,
      );
    }
    if (units > MAX_UNITS) {
      const fitting = Math.ceil(capacity / MAX_UNITS);
      throw new UsageError(
        'bad-capacity',
        `capacity ${capacity} is ${units} units of ${granularity} bytes, the most is ${MAX_UNITS}; a granularity of ${fitting} would fit`,
      );
    }
    return units;
  }

  /** Units of an offset, a multiple of the granularity. @throws UsageError `bad-offset` */
  protected unitsOfOffset(offset: number): Units {
    checkInteger(offset, 'offset', 0, Number.MAX_SAFE_INTEGER, 'bad-offset');
    if (offset % this.granularity !== 0) {
      throw new UsageError(
        'bad-offset',
        `offset ${offset} is not a multiple of the granularity ${this.granularity}; round it`,
      );
    }
    return offset / this.granularity;
  }

  /** Notes what `n` reserves beyond the bytes asked for, and counts the range. Answers its handle. */
  protected begin(n: number, units: Units, requested: number): Handle {
    const slack = units * this.granularity - requested;
    if (slack <= MAX_UNITS) this.cells[n + SLACK] = slack;
    else this.setWideSlack(n, slack);
    const figures = this.figures;
    const used = figures[USED_UNITS] + units;
    const live = figures[LIVE] + 1;
    figures[USED_UNITS] = used;
    figures[SLACK_BYTES] += slack;
    figures[LIVE] = live;
    figures[ALLOCATIONS]++;
    figures[ALLOCATED_UNITS] += units;
    if (used > figures[PEAK_USED_UNITS]) figures[PEAK_USED_UNITS] = used;
    if (live > figures[PEAK_LIVE]) figures[PEAK_LIVE] = live;
    return this.enliven(n);
  }

  /** Counts a range of `units` as ended and its handle out. */
  protected end(n: number, units: Units): void {
    const slack = this.cells[n + SLACK];
    const figures = this.figures;
    figures[USED_UNITS] -= units;
    figures[SLACK_BYTES] -= slack === WIDE ? this.takeWideSlack(n) : slack;
    figures[LIVE]--;
    this.retire(n);
  }

  /** Counts a live range that was `before` units long and now is `after`, for `requested` bytes. */
  protected change(n: number, before: Units, after: Units, requested: number): void {
    const { figures, cells } = this;
    const slack = cells[n + SLACK];
    figures[SLACK_BYTES] -= slack === WIDE ? this.takeWideSlack(n) : slack;
    const now = after * this.granularity - requested;
    if (now <= MAX_UNITS) cells[n + SLACK] = now;
    else this.setWideSlack(n, now);
    figures[SLACK_BYTES] += now;
    figures[USED_UNITS] += after - before;
    if (after > before) figures[ALLOCATED_UNITS] += after - before;
    figures[PEAK_USED_UNITS] = Math.max(figures[PEAK_USED_UNITS], figures[USED_UNITS]);
  }

  private setWideSlack(n: number, slack: number): void {
    this.cells[n + SLACK] = WIDE;
    this.wideSlacks.set(n, slack);
  }

  private takeWideSlack(n: number): number {
    const slack = this.wideSlacks.get(n) as number;
    this.wideSlacks.delete(n);
    return slack;
  }

  protected countHoles(change: number): void {
    this.figures[HOLES] += change;
  }

  protected countSplit(): void {
    this.figures[SPLITS]++;
  }

  protected countMerge(): void {
    this.figures[MERGES]++;
  }

  /** Everything has been freed; `holes` free ranges remain, and what was split is whole again. */
  protected countReset(holes: number): void {
    const figures = this.figures;
    figures[USED_UNITS] = 0;
    figures[SLACK_BYTES] = 0;
    figures[LIVE] = 0;
    figures[HOLES] = holes;
    figures[MERGES] = figures[SPLITS];
    this.wideSlacks.clear();
  }

  protected get usedUnits(): Units {
    return this.figures[USED_UNITS];
  }

  protected get liveCount(): number {
    return this.figures[LIVE];
  }

  protected get holeCount(): number {
    return this.figures[HOLES];
  }

  /** A view of a piece of the span, in bytes. */
  protected viewOf(offset: Units, size: Units, handle: Handle): RangeView {
    return { offset: offset * this.granularity, size: size * this.granularity, handle };
  }
}

function greatestCommonDivisor(a: number, b: number): number {
  let left = a;
  let right = b;
  while (right !== 0) {
    const rest = left % right;
    left = right;
    right = rest;
  }
  return left;
}
