/**
 * Range records: what every kind shares, whatever it does with its holes. Turns bytes into units at the door,
 * answers what is asked about ranges and about all of them.
 *
 * Layout   a record a live range. Cell 0 is its name, 1 its length, 2 its first unit, 3 the bytes that it
 *          reserves beyond those asked for; then come the cells of the kind. What a record that is not live
 *          holds is the kind's business.
 * Cost     O(1), a few nanoseconds; no division remainder of doubles on the way for small sizes.
 * Promise  units fit 31 bits; conversions are exact up to 2^53-1 bytes; a call that throws has changed
 *          nothing.
 */
import { isInt32, shiftRight } from '../base/bits.ts';
import { checkInteger, checkOptions, show } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';
import { type Handle, MAX_UNITS, type Units, unitsFromBytes } from '../base/quantities.ts';
import { Figures } from './figures.ts';
import type { RangeParts } from './state.ts';
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

/** What a request may take: a range, a piece of padding, and one record that replaces a worn one. */
const MOST_RECORDS = 3;

/** A size up to this and a granularity that is a power of two turn into units without a division. */
const SMALL_SIZE: number = 2 ** 30;

/** See the head of the file. */
export abstract class RangeRecords extends Figures implements Suballocator {
  abstract readonly kind: string;
  abstract readonly capabilities: SuballocatorCapabilities;
  /** Sizes up to this are rounded up by `roundUp` and shifted; 0 when the granularity allows none. */
  private readonly smallSize: number;
  private readonly roundUp: number;
  private readonly shift: number;
  // The alignment asked for last and what it is in units: callers rarely change it.
  private lastAlignment = 1;
  private lastAlignmentUnits: Units = 1;

  /**
   * `stride`: cells of a record, 4 or more; `moreOptions`: names of what the kind takes beside.
   * @throws UsageError `bad-argument`, `unknown-option`, `bad-capacity`, `bad-granularity`
   */
  constructor(options: SuballocatorOptions, stride: number, moreOptions: readonly string[] = []) {
    checkOptions(options, 'options', ['capacity', 'granularity', ...moreOptions]);
    const { capacity, granularity = 1 } = options;
    checkInteger(granularity, 'granularity', 1, Number.MAX_SAFE_INTEGER, 'bad-granularity');
    super(stride, granularity);
    this.capacityUnits = this.unitsOfCapacity(capacity);
    const bits = Math.log2(granularity);
    const isShift = granularity < SMALL_SIZE && Number.isInteger(bits);
    this.smallSize = isShift ? SMALL_SIZE : 0;
    this.roundUp = isShift ? granularity - 1 : 0;
    this.shift = isShift ? bits : 0;
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
    let needed = 0;
    for (const request of requests as readonly RangeRequest[]) {
      const unchecked: unknown = request;
      checkOptions(unchecked, 'request', ['size', 'alignment']);
      const alignmentUnits = request.alignment === undefined ? 1 : this.unitsOfAlignment(request.alignment);
      needed += this.unitsOfSize(request.size) + alignmentUnits - 1;
    }
    // Frees would not undo it: holes of a bin come in another order then.
    const before = this.areSureToFit(needed, requests.length) ? {} : this.save();
    const handles: Handle[] = [];
    for (const { size, alignment } of requests) {
      const handle = this.allocate(size, alignment);
      if (handle === NO_SPACE) {
        this.takeOver(before);
        return undefined;
      }
      handles.push(handle);
    }
    return handles;
  }

  /**
   * Whether `count` requests of so many units together, paddings included, can not fail: the longest hole
   * holds all, and every request that goes there takes the front of it.
   */
  protected areSureToFit(needed: Units, count: number): boolean {
    const { exact, exactSizes } = this.capabilities;
    return exact && exactSizes && needed <= this.longestHole() && this.hasRecords(MOST_RECORDS * count);
  }

  private save(): RangeParts {
    const parts: RangeParts = {};
    this.saveTable(parts);
    this.saveFigures(parts);
    this.saveParts(parts);
    return parts;
  }

  private takeOver(parts: Readonly<RangeParts>): boolean {
    return this.loadTable(parts) && this.loadFigures(parts) && this.loadParts(parts);
  }

  statistics(into?: SuballocatorStatistics): SuballocatorStatistics {
    const out = into ?? ({} as SuballocatorStatistics);
    const { granularity, usedUnits, liveCount } = this;
    const used = usedUnits * granularity;
    const free = this.capacityUnits - usedUnits;
    const longest = this.longestHole();
    out.capacity = this.capacity;
    out.used = used;
    out.requested = used - this.slackBytes;
    out.free = free * granularity;
    out.largestFree = longest * granularity;
    out.liveCount = liveCount;
    out.holeCount = this.holeCount;
    out.fragmentation = free === 0 ? 0 : 1 - longest / free;
    out.peakUsed = this.peakUsedUnits * granularity;
    out.peakLiveCount = this.peakLiveCount;
    out.allocationCount = this.allocationCount;
    out.freeCount = this.allocationCount - liveCount;
    out.allocatedBytes = this.allocatedUnits * granularity;
    out.freedBytes = (this.allocatedUnits - usedUnits) * granularity;
    out.splitCount = this.splitCount;
    out.mergeCount = this.mergeCount;
    return out;
  }

  serialize(): SuballocatorState {
    const parts = this.save();
    parts.capacityUnits = this.capacityUnits;
    const { kind, granularity } = this;
    return { format: 'gpuheap-suballocator', version: 1, kind, granularity, parts: { ...parts } };
  }

  /** Adds what the kind keeps beside the records. O(ranges). */
  protected abstract saveParts(parts: RangeParts): void;

  /** Takes that over again and looks whether it can be true, as far as O(ranges) tells. */
  protected abstract loadParts(parts: Readonly<RangeParts>): boolean;

  /**
   * Takes over a serialized state; this suballocator must be new, and made with what `optionsOf` answers for
   * the state. @throws UsageError `bad-state`
   */
  protected load(state: SuballocatorState): this {
    const parts: RangeParts = state.parts;
    const { capacityUnits = Number.NaN } = parts;
    this.capacityUnits = capacityUnits;
    // Whether it is what the ranges add up to each kind sees for itself.
    const isSound =
      capacityUnits <= MAX_UNITS &&
      Number.isSafeInteger(this.capacity) &&
      this.takeOver(parts) &&
      this.hasSoundFigures() &&
      hasCounted(this.statistics());
    if (!isSound) {
      throw new UsageError(
        'bad-state',
        `the parts of this ${this.kind} state contradict each other; pass what serialize() returned`,
      );
    }
    return this;
  }

  /**
   * Units that hold `size` bytes; more than `capacityUnits` when it can not fit.
   * @throws UsageError `bad-size`
   */
  protected unitsOfSize(size: number): Units {
    // A small size and the sum fit 31 bits; a power of two as granularity needs no division.
    if (typeof size === 'number' && size > 0 && size <= this.smallSize && isInt32(size)) {
      return shiftRight(size + this.roundUp, this.shift);
    }
    return this.unitsOfAnySize(size);
  }

  private unitsOfAnySize(size: number): Units {
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
    return alignment === this.lastAlignment ? this.lastAlignmentUnits : this.unitsOfNewAlignment(alignment);
  }

  private unitsOfNewAlignment(alignment: number): Units {
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

  /** What `grow` throws for less than there is, and `shrinkTo` for more. */
  protected wrongSide(capacity: number): UsageError {
    return new UsageError(
      'bad-capacity',
      `capacity ${capacity} lies on the wrong side of the present ${this.capacity}; call grow or shrinkTo`,
    );
  }

  /** What `grow` throws when there is no record for a hole. */
  protected tooFullToGrow(): UsageError {
    return new UsageError('bad-capacity', 'the tables are full; free some ranges before you grow');
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

  /** A view of a piece of the span, in bytes. */
  protected viewOf(offset: Units, size: Units, handle: Handle): RangeView {
    return { offset: offset * this.granularity, size: size * this.granularity, handle };
  }
}

/** Whether these counts can be. Those of the kind alone do not tell: it may count splits elsewhere too. */
function hasCounted({ splitCount, mergeCount }: SuballocatorStatistics): boolean {
  return splitCount >= 0 && mergeCount >= 0;
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
