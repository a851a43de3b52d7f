/**
 * Binned: slots of equal length for small requests, over a parent suballocator that serves the rest. For very
 * many small ranges that come and go all the time.
 *
 * Layout   three floors. slabs.ts cuts ranges of the parent, slabs, into slots of one size class;
 *          slab-bins.ts knows which slots are free; here is said what is served from where.
 *
 *            request of 11 units → bin of 12 → a loose slot, or a slab with free ones, or a new slab
 *            request of 700 units, longer than every class → the parent
 *
 *          An aligned request takes a class that is a multiple of its alignment, from a slab that begins at
 *          one; where that would be twice as long as asked, the parent serves it.
 * Cost     allocate, free: O(1), two loads and two stores beside the record. Once in a while O(slots of a
 *          slab), when a slab is carved or given back, beside what the parent takes. When the parent refuses:
 *          O(records). resize: O(1) in its slot. shrinkTo, untrack, ranges: O(records).
 * Promise  a request is refused only when no free slot holds it, and neither would the parent if every empty
 *          slab were given back: those are, before it is. Empty slabs go back to the parent but one a class,
 *          so that a range freed and asked for again carves nothing; slots go back to their slabs when more
 *          are loose than one in 32 of those in use.
 * Refusal  what is free in a slab in use serves one slot at a time: a row of free slots is no hole, and
 *          `largestFree` counts the longest slot or hole of the parent. Slots are up to an eighth longer than
 *          asked. 2^21 - 1 records for slots and ranges of its own, and as many for the parent: then
 *          NO_SPACE.
 * Source   J. Bonwick, "The slab allocator", USENIX 1994.
 */
import { shiftRight } from '../base/bits.ts';
import { type Handle, roundUp, type Units } from '../base/quantities.ts';
import { SlabBins } from './slab-bins.ts';
import type { BinnedParentClass } from './slabs.ts';
import { optionsOf } from './state.ts';
import {
  NO_SPACE,
  type RangeView,
  type RegionView,
  type SuballocatorCapabilities,
  type SuballocatorState,
  type SuballocatorStatistics,
} from './suballocator.ts';
import { Tlsf } from './tlsf.ts';

// Cells of a record, a slab and a bin, as in slabs.ts; constants of this file are faster than imported ones.
const SIZE = 1; // units
const OFFSET = 2; // first unit
const LINK = 3; // free slot: the next one of its stack, or NIL
const PLACE = 4; // slot: its slab; a range of its own: -1 - the index of the parent's range
const STRIDE = 5;
const NIL = 0;
const RANGE = 0; // index of the parent's range
const FREE = 4; // the first slot that is back, or NIL
const MOST_LOOSE = 0; // more than this go back
const LOOSE_COUNT = 1;
const LOOSE = 2; // the first loose slot, or NIL
const PARTLY_FREE = 4; // the first slab with slots back and slots out, or NIL
const EMPTY = 5; // the first slab with all slots back, or NIL
const UNITS = 6; // length of a slot
const BIN_STRIDE = 8;

/** How many loose slots, and how many slabs, an aligned request looks at. */
const LOOKS = 8;

const CAPABILITIES: SuballocatorCapabilities = {
  freesInAnyOrder: true,
  anyAlignment: true,
  exact: false,
  exactSizes: false,
  mergesNeighbours: false,
  exactLargestFree: false,
  strategies: [],
  allocateAt: false,
  resize: true,
  grow: true,
  shrinkTo: true,
  track: true,
  freeUpTo: false,
};

/** Slots of equal length for small requests, over a parent for the rest. O(1). */
export class Binned extends SlabBins {
  readonly kind = 'binned';
  readonly capabilities: SuballocatorCapabilities = CAPABILITIES;
  private readonly ofParent: SuballocatorStatistics = this.parent.statistics();

  /**
   * The suballocator that `serialize` was asked of, as it was then; its handles are valid in this one.
   * `parent`: the class that it was made with. O(ranges).
   * @throws UsageError `bad-state`
   */
  static restore(state: SuballocatorState, parent: BinnedParentClass = Tlsf): Binned {
    return new Binned({ ...optionsOf(state, 'binned'), parent }).load(state);
  }

  allocate(size: number, alignment = 1): Handle {
    const units = this.unitsOfSize(size);
    const alignmentUnits = this.unitsOfAlignment(alignment);
    if (alignmentUnits !== 1) return this.allocateAligned(units, alignment, size);
    if (units > this.mostSlotUnits) return this.allocateOwn(units, 1, size);
    const { bins, cells } = this;
    const bin = this.binOf[units];
    const n = bins[bin + LOOSE];
    if (n === NIL) return this.allocateFresh(bin, units, size);
    bins[bin + LOOSE] = cells[n + LINK];
    bins[bin + LOOSE_COUNT]--;
    return this.begin(n, cells[n + SIZE], size);
  }

  /** The bin has no loose slots. */
  private allocateFresh(bin: number, units: Units, requested: number): Handle {
    if (!this.refill(bin)) return this.allocateOwn(units, 1, requested);
    const { bins, cells } = this;
    const n = bins[bin + LOOSE];
    bins[bin + LOOSE] = cells[n + LINK];
    bins[bin + LOOSE_COUNT]--;
    return this.begin(n, cells[n + SIZE], requested);
  }

  /** Slots are as long as the alignment asks, so that all of a slab suit or none does. */
  private allocateAligned(units: Units, alignment: number, requested: number): Handle {
    const step = this.unitsOfAlignment(alignment);
    const slotUnits = roundUp(units, step);
    if (slotUnits > this.mostSlotUnits || slotUnits > 2 * units) {
      return this.allocateOwn(units, alignment, requested);
    }
    const { bins } = this;
    const bin = this.binOf[slotUnits];
    if (bins[bin + UNITS] % step !== 0) return this.allocateOwn(units, alignment, requested);
    let n = this.findSlot(bin, step, LOOKS);
    if (n === NIL) {
      const slab = this.carve(bin, alignment);
      if (slab === NIL) return this.allocateOwn(units, alignment, requested);
      this.linkEmpty(slab, bin);
      n = this.slabs[slab + FREE];
    }
    this.takeSlot(n);
    return this.begin(n, this.cells[n + SIZE], requested);
  }

  /** As a range of the parent, or wherever it still fits. */
  private allocateOwn(units: Units, alignment: number, requested: number): Handle {
    const handle = this.placeOwn(units, alignment, requested);
    return handle === NO_SPACE ? this.allocateTight(units, alignment, requested) : handle;
  }

  private placeOwn(units: Units, alignment: number, requested: number): Handle {
    const n = this.take();
    if (n === NIL) return NO_SPACE;
    const { cells, parent } = this;
    const handle = parent.allocate(requested, alignment);
    if (handle === NO_SPACE) {
      this.give(n);
      return NO_SPACE;
    }
    cells[n + SIZE] = units;
    cells[n + OFFSET] = parent.offsetOf(handle) / this.granularity;
    cells[n + PLACE] = -1 - this.hold(handle);
    this.takenUnits += units;
    this.ownCount++;
    return this.begin(n, units, requested);
  }

  /**
   * The parent refuses: gives it what is empty, or takes a slot that is too long. Changes nothing in vain.
   */
  private allocateTight(units: Units, alignment: number, requested: number): Handle {
    if (units > this.capacityUnits - this.usedUnits) return NO_SPACE;
    const step = this.unitsOfAlignment(alignment);
    if (this.findFree(units, step) === NIL && this.longestRow(step, units) < units) return NO_SPACE;
    this.giveAllBack();
    const handle = this.placeOwn(units, alignment, requested);
    if (handle !== NO_SPACE) return handle;
    const n = this.findFree(units, step);
    if (n === NIL) return NO_SPACE;
    this.takeSlot(n);
    return this.begin(n, this.cells[n + SIZE], requested);
  }

  /** The shortest free slot that holds `units` at a multiple of `step`, or NIL. */
  private findFree(units: Units, step: Units): number {
    if (units > this.mostSlotUnits) return NIL;
    let n = NIL;
    for (let bin = this.binOf[units]; n === NIL && bin < this.bins.length; bin += BIN_STRIDE) {
      n = this.findSlot(bin, step, Number.POSITIVE_INFINITY);
    }
    return n;
  }

  free(handle: Handle): void {
    const n = this.find(handle);
    const cells = this.cells;
    const units = cells[n + SIZE];
    this.end(n, units);
    if (cells[n + PLACE] < 0) {
      this.freeOwn(n);
      return;
    }
    const bins = this.bins;
    const bin = this.binOf[units];
    const count = bins[bin + LOOSE_COUNT] + 1;
    cells[n + LINK] = bins[bin + LOOSE];
    bins[bin + LOOSE] = n;
    bins[bin + LOOSE_COUNT] = count;
    if (count > bins[bin + MOST_LOOSE]) this.settle(bin);
  }

  private freeOwn(n: number): void {
    const { cells } = this;
    this.parent.free(this.heldAt(-1 - cells[n + PLACE]));
    this.takenUnits -= cells[n + SIZE];
    this.ownCount--;
    cells[n + PLACE] = NIL;
    this.give(n);
  }

  /** Too many slots of a bin are loose: the older half stays so, and one empty slab stays. */
  private settle(bin: number): void {
    this.sendBack(bin, shiftRight(this.bins[bin + LOOSE_COUNT], 1));
    this.trim(bin, 1);
  }

  resize(handle: Handle, size: number): boolean {
    const n = this.find(handle);
    const units = this.unitsOfSize(size);
    const { cells } = this;
    const before = cells[n + SIZE];
    if (cells[n + PLACE] > 0) {
      if (units > before) return false;
      this.change(n, before, before, size);
      return true;
    }
    if (!this.parent.resize(this.heldAt(-1 - cells[n + PLACE]), size)) return false;
    cells[n + SIZE] = units;
    this.takenUnits += units - before;
    this.change(n, before, units, size);
    return true;
  }

  largestAllocatable(alignment = 1): number {
    const step = this.unitsOfAlignment(alignment);
    const { bins, granularity } = this;
    let best = this.longestRow(step, 1);
    for (let bin = bins.length - BIN_STRIDE; bin >= 0 && bins[bin + UNITS] > best; bin -= BIN_STRIDE) {
      if (this.findSlot(bin, step, Number.POSITIVE_INFINITY) !== NIL) best = bins[bin + UNITS];
    }
    return Math.max(best * granularity, this.parent.largestAllocatable(alignment));
  }

  protected longestHole(): Units {
    const { bins } = this;
    let longest = this.parent.statistics(this.ofParent).largestFree / this.granularity;
    for (let bin = bins.length - BIN_STRIDE; bin >= 0 && bins[bin + UNITS] > longest; bin -= BIN_STRIDE) {
      const isFree =
        bins[bin + LOOSE] !== NIL || bins[bin + PARTLY_FREE] !== NIL || bins[bin + EMPTY] !== NIL;
      if (isFree) longest = bins[bin + UNITS];
    }
    return longest;
  }

  protected override get holeCount(): number {
    const freeSlotCount = this.slotCount + this.ownCount - this.liveCount;
    return this.parent.statistics(this.ofParent).holeCount + freeSlotCount;
  }

  override statistics(into?: SuballocatorStatistics): SuballocatorStatistics {
    const out = super.statistics(into);
    out.splitCount += this.ofParent.splitCount;
    out.mergeCount += this.ofParent.mergeCount;
    return out;
  }

  reset(): void {
    this.parent.reset();
    this.clearSlabs();
    this.countReset(0);
  }

  *ranges(): IterableIterator<RangeView> {
    const { cells, parent } = this;
    const slots = this.slotsOfRanges();
    for (const { offset, size, handle } of parent.ranges()) {
      if (handle === NO_SPACE) yield { offset, size, handle };
      else {
        for (const n of slots.get(parent.indexOf(handle)) as number[]) {
          yield this.viewOf(cells[n + OFFSET], cells[n + SIZE], this.isLive(n) ? this.handleOf(n) : NO_SPACE);
        }
      }
    }
  }

  /** The records in each range of the parent, by its index, in offset order. */
  private slotsOfRanges(): Map<number, number[]> {
    const { cells, slabs } = this;
    const found = new Map<number, number[]>();
    for (let n = STRIDE; n < this.usedCells; n += STRIDE) {
      const place = cells[n + PLACE];
      if (place === NIL) continue;
      const range = place < 0 ? -1 - place : slabs[place + RANGE];
      const records = found.get(range);
      if (records === undefined) found.set(range, [n]);
      else records.push(n);
    }
    for (const records of found.values()) records.sort((a, b) => cells[a + OFFSET] - cells[b + OFFSET]);
    return found;
  }

  grow(capacity: number): void {
    this.parent.grow(capacity);
    this.followParent();
  }

  track(offset: number, size: number): void {
    this.parent.track(offset, size);
    this.followParent();
  }

  regions(): readonly RegionView[] {
    return this.parent.regions();
  }

  untrack(offset: number): boolean {
    if (!this.parent.untrack(offset)) {
      const { size } = this.regions().find((region) => region.offset === offset) as RegionView;
      if (this.hasLive(offset / this.granularity, (offset + size) / this.granularity)) return false;
      this.giveAllBack();
      this.parent.untrack(offset);
    }
    this.followParent();
    return true;
  }

  shrinkTo(capacity: number): boolean {
    if (!this.parent.shrinkTo(capacity)) {
      const end = this.unitsOfCapacity(capacity);
      if (this.hasLive(end, this.capacityUnits) || !this.cutSlabAt(end)) return false;
      this.giveAllBack();
      this.parent.shrinkTo(capacity);
    }
    this.followParent();
    return true;
  }

  private followParent(): void {
    this.capacityUnits = this.parent.capacity / this.granularity;
  }

  /** Whether a live range has one of the units from `from` to `to`. O(records). */
  private hasLive(from: Units, to: Units): boolean {
    const { cells } = this;
    for (let n = STRIDE; n < this.usedCells; n += STRIDE) {
      if (!this.isLive(n)) continue;
      if (cells[n + OFFSET] < to && cells[n + OFFSET] + cells[n + SIZE] > from) return true;
    }
    return false;
  }
}
