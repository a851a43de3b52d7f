/**
 * TLSF: two-level bins over boundary-linked ranges. The default kind: constant time, good fit, never a false
 * refusal.
 *
 * Layout   the ranges of `linked-ranges.ts`; a free one also stands in the list of its size bin, newest
 *          first.
 *
 *            [ live 12 ][ free 20 ][ live 8 ][ free 60 ]
 *                          │                    └─ bin of 60 → …
 *                          └─ bin of 20 → …                  LINK/BACK: within the bin
 *
 * Cost     allocate, free: O(1) while some hole of a larger bin fits. Only when none does, allocate looks
 *          through the holes of the bins that may hold a fit: O(holes of those bins), one bin when the
 *          alignment divides the granularity. `largestAllocatable` looks through the last bin that has a
 *          hole.
 * Promise  a request is refused only when no hole can hold it; free neighbours are always merged.
 * Refusal  2^21 - 1 records for live ranges, holes and walls together: then NO_SPACE. The statistics'
 *          `largestFree` is the first hole of the last bin: the longest may be up to 1/32 longer.
 * Source   M. Masmano et al., "TLSF: a new dynamic memory allocator for real-time systems", ECRTS 2004.
 */
import type { Handle, Units } from '../base/quantities.ts';
import {
  areSoundMarks,
  binCountOf,
  binFrom,
  binOf,
  findBin,
  findLastBin,
  growBins,
  headOf,
  makeBins,
  markBin,
  unmarkBin,
} from '../tables/size-bins.ts';
import { CAPABILITIES_IN_REGIONS, RangesInRegions } from './ranges-in-regions.ts';
import { optionsOf, type RangeParts } from './state.ts';
import {
  NO_SPACE,
  type SuballocatorCapabilities,
  type SuballocatorOptions,
  type SuballocatorState,
} from './suballocator.ts';

// Cells of a record, as in linked-ranges.ts; constants of this file are faster than imported ones.
const NAME = 0;
const FREE_LINK = 1; // unused record, as in record-table.ts: the next one, or NIL
const SIZE = 1; // units
const LINK = 2; // free: the next hole of the bin, or NIL
const BACK = 3; // free: the one before it in the bin, or NIL
const OFFSET = 2; // live or wall: first unit
const PREVIOUS = 4; // the range to the left
const NEXT = 5; // the range to the right
const NIL = 0;
const NO_BIN = -1;
const HEADS = 32; // as in size-bins.ts: the first cell of the bins' heads

const CAPABILITIES: SuballocatorCapabilities = { ...CAPABILITIES_IN_REGIONS, exactLargestFree: false };

/** The default kind: two-level bins, good fit, O(1) while a larger bin has a hole. */
export class Tlsf extends RangesInRegions {
  readonly kind = 'tlsf';
  readonly capabilities: SuballocatorCapabilities = CAPABILITIES;
  private bins: Int32Array;

  /** @throws UsageError `bad-argument`, `unknown-option`, `bad-capacity`, `bad-granularity` */
  constructor(options: SuballocatorOptions) {
    super(options);
    this.bins = makeBins(this.capacityUnits);
    this.makeRegions([{ offset: 0, size: this.capacity }]);
  }

  /**
   * The suballocator that `serialize` was asked of, as it was then; its handles are valid in this one.
   * O(ranges).
   * @throws UsageError `bad-state`
   */
  static restore(state: SuballocatorState): Tlsf {
    return new Tlsf(optionsOf(state, 'tlsf')).load(state);
  }

  /**
   * Written out, though `take` and `carveFront` say the same: so the engine compiles it as one piece and does
   * not spread it over its callers, which takes a fifth off its time.
   */
  allocate(size: number, alignment = 1): Handle {
    const units = this.unitsOfSize(size);
    const alignmentUnits = this.unitsOfAlignment(alignment);
    if (alignmentUnits !== 1) return this.allocateAligned(units, alignmentUnits, size);
    if (units > this.capacityUnits) return NO_SPACE;
    const bin = findBin(this.bins, binFrom(units));
    if (bin === NO_BIN) return this.allocateTight(units, size);
    const hole = this.bins[HEADS + bin];
    let cells = this.cells;
    const left = cells[hole + SIZE] - units;
    const previous = cells[hole + PREVIOUS];
    let n = hole;
    let after = NO_BIN;
    if (left !== 0) {
      n = this.freeHead;
      if (n !== NIL) {
        this.freeHead = cells[n + FREE_LINK];
      } else {
        n = this.takeFresh();
        if (n === NIL) return NO_SPACE;
        cells = this.cells;
      }
      cells[n + SIZE] = units;
      cells[n + PREVIOUS] = previous;
      cells[n + NEXT] = hole;
      cells[previous + NEXT] = n;
      cells[hole + PREVIOUS] = n;
      cells[hole + SIZE] = left;
      this.splitCount++;
      after = binOf(left);
    }
    if (bin !== after) {
      this.pullFirst(hole, bin);
      if (after !== NO_BIN) this.push(hole, after);
    }
    cells[n + OFFSET] = cells[previous + OFFSET] + cells[previous + SIZE];
    return this.begin(n, units, size);
  }

  /** Only the bin of the request's own size may still hold a fit. */
  private allocateTight(units: Units, requested: number): Handle {
    const hole = this.findInBin(binOf(units), units);
    return hole === NIL ? NO_SPACE : this.carveFront(hole, units, requested);
  }

  private allocateAligned(units: Units, alignment: Units, requested: number): Handle {
    if (units > this.capacityUnits) return NO_SPACE;
    const hole = this.findAligned(units, alignment);
    return hole === NIL ? NO_SPACE : this.carve(hole, this.paddingOf(hole, alignment), units, requested);
  }

  /** A hole that holds `units` at an offset that is a multiple of `alignment`, or NIL when there is none. */
  private findAligned(units: Units, alignment: Units): number {
    const near = findBin(this.bins, binFrom(units));
    if (near !== NO_BIN) {
      const hole = headOf(this.bins, near);
      if (this.fits(hole, units, alignment)) return hole;
    }
    const padded = units + alignment - 1;
    const sure = padded > this.capacityUnits ? NO_BIN : findBin(this.bins, binFrom(padded));
    if (sure !== NO_BIN) return headOf(this.bins, sure);
    for (let bin = findBin(this.bins, binOf(units)); bin !== NO_BIN; bin = findBin(this.bins, bin + 1)) {
      for (let n = headOf(this.bins, bin); n !== NIL; n = this.cells[n + LINK]) {
        if (this.fits(n, units, alignment)) return n;
      }
    }
    return NIL;
  }

  private findInBin(bin: number, units: Units): number {
    const cells = this.cells;
    let n = headOf(this.bins, bin);
    while (n !== NIL && cells[n + SIZE] < units) n = cells[n + LINK];
    return n;
  }

  /** O(holes of about that size); all holes that may fit when the alignment rules many out. */
  protected findLeast(units: Units, alignment: Units): number {
    const cells = this.cells;
    let least = NIL;
    for (let bin = findBin(this.bins, binOf(units)); bin !== NO_BIN; bin = findBin(this.bins, bin + 1)) {
      for (let n = headOf(this.bins, bin); n !== NIL; n = cells[n + LINK]) {
        if (least !== NIL && cells[n + SIZE] >= cells[least + SIZE]) continue;
        if (this.fits(n, units, alignment)) least = n;
      }
      if (least !== NIL) return least;
    }
    return NIL;
  }

  largestAllocatable(alignment = 1): number {
    const alignmentUnits = this.unitsOfAlignment(alignment);
    const cells = this.cells;
    let best = 0;
    for (let bin = findLastBin(this.bins); bin >= binOf(best + 1); bin--) {
      for (let n = headOf(this.bins, bin); n !== NIL; n = cells[n + LINK]) {
        const fit = cells[n + SIZE] - this.paddingOf(n, alignmentUnits);
        if (fit > best) best = fit;
      }
    }
    return best * this.granularity;
  }

  protected longestHole(): Units {
    const bin = findLastBin(this.bins);
    return bin === NO_BIN ? 0 : this.cells[headOf(this.bins, bin) + SIZE];
  }

  /** Bytes of metadata now. */
  get metadataBytes(): number {
    return this.tableBytes + this.bins.byteLength;
  }

  protected addHole(n: number): void {
    this.push(n, binOf(this.cells[n + SIZE]));
  }

  protected removeHole(n: number): void {
    this.pull(n, binOf(this.cells[n + SIZE]));
  }

  protected resizeHole(n: number, units: Units): void {
    const before = binOf(this.cells[n + SIZE]);
    const after = binOf(units);
    this.cells[n + SIZE] = units;
    if (before !== after) this.rebin(n, before, after);
  }

  protected shiftHole(n: number, previous: number, units: Units): void {
    const cells = this.cells;
    const before = binOf(cells[n + SIZE]);
    const after = binOf(units);
    cells[n + PREVIOUS] = previous;
    cells[n + SIZE] = units;
    if (before !== after) this.rebin(n, before, after);
  }

  private rebin(n: number, before: number, after: number): void {
    this.pull(n, before);
    this.push(n, after);
  }

  // Record 0, which is none, takes the links back from where there is no hole: that costs less than a branch.

  private push(n: number, bin: number): void {
    const { cells, bins } = this;
    const next = bins[HEADS + bin];
    cells[n + LINK] = next;
    cells[n + BACK] = NIL;
    cells[next + BACK] = n;
    bins[HEADS + bin] = n;
    markBin(bins, bin);
  }

  private pull(n: number, bin: number): void {
    const { cells } = this;
    const back = cells[n + BACK];
    if (back === NIL) {
      this.pullFirst(n, bin);
      return;
    }
    const next = cells[n + LINK];
    cells[next + BACK] = back;
    cells[back + LINK] = next;
  }

  private pullFirst(n: number, bin: number): void {
    const { cells, bins } = this;
    const next = cells[n + LINK];
    cells[next + BACK] = NIL;
    bins[HEADS + bin] = next;
    if (next === NIL) unmarkBin(bins, bin);
  }

  protected clearHoles(): void {
    this.bins.fill(0);
  }

  protected makeRoom(): void {
    this.bins = growBins(this.bins, this.capacityUnits);
  }

  protected override saveParts(parts: RangeParts): void {
    super.saveParts(parts);
    parts.bins = this.bins.slice();
  }

  protected override loadParts(parts: Readonly<RangeParts>): boolean {
    const { bins } = parts;
    if (!super.loadParts(parts) || !(bins instanceof Int32Array)) return false;
    this.bins = bins.slice();
    return bins.length >= makeBins(this.capacityUnits).length && this.hasSoundBins();
  }

  /** Whether every hole is in its bin, once, and nothing else is. */
  private hasSoundBins(): boolean {
    const { cells, bins } = this;
    let count = 0;
    for (let bin = 0; bin < binCountOf(bins); bin++) {
      let back = NIL;
      for (let n = headOf(bins, bin); n !== NIL; n = cells[n + LINK]) {
        const isHole = this.isRecord(n) && cells[n + NAME] < 0 && binOf(cells[n + SIZE]) === bin;
        if (!isHole || cells[n + BACK] !== back || ++count > this.holeCount) return false;
        back = n;
      }
    }
    return count === this.holeCount && areSoundMarks(bins);
  }
}
