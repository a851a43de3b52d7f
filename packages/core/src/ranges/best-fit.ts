/**
 * Best fit: always the smallest hole that holds the request, the lowest offset among equals. The tightest
 * packing. As policies, the first hole that fits, or the next one after the range given out last.
 *
 * Layout   the ranges of `linked-ranges.ts`; holes of about one size (the bins of TLSF) form a tree ordered
 *          by size and offset.
 *
 *            bin of 16…16  bin of 40…41             bins in order, and in each its tree in order:
 *                 20           40                   together every hole by size, then offset
 *               ╱    ╲           ╲
 *             16      20          41
 *
 * Cost     allocate, free: O(log holes of one bin) expected. An alignment that does not divide the
 *          granularity may rule holes out: then the next larger is tried, O(log + misses), and only holes
 *          shorter than size + alignment can miss. `largestAllocatable`, `largestFree`: O(log), and misses
 *          likewise. The policies `first` and `next` walk: O(ranges passed).
 * Promise  exact: a request is refused only when no hole can hold it; with `best`, no smaller hole would have
 *          done. Free neighbours are always merged.
 * Refusal  2^21 - 1 records for live ranges, holes and walls together: then NO_SPACE.
 * Source   P. Wilson et al., "Dynamic storage allocation: a survey and critical review", IWMM 1995
 *          (address-ordered best fit packs best).
 */
import { checkOneOf } from '../base/check.ts';
import type { Handle, Units } from '../base/quantities.ts';
import {
  insertHole,
  lastHole,
  leastFitting,
  leastFrom,
  mostFitting,
  removeHole,
} from '../tables/hole-tree.ts';
import {
  areSoundMarks,
  binCountOf,
  binOf,
  findBin,
  findLastBin,
  growBins,
  headOf,
  makeBins,
  setHead,
} from '../tables/size-bins.ts';
import { CAPABILITIES_IN_REGIONS, RangesInRegions } from './ranges-in-regions.ts';
import { optionsOf, type RangeParts } from './state.ts';
import {
  NO_SPACE,
  type SuballocatorCapabilities,
  type SuballocatorOptions,
  type SuballocatorState,
} from './suballocator.ts';

// Cells of a record, as in linked-ranges.ts and hole-tree.ts; constants of this file are faster than imports.
const NAME = 0;
const SIZE = 1; // units
const LEFT = 2; // free: the smaller holes of the tree, or NIL
const RIGHT = 3; // free: the larger ones, or NIL
const PREVIOUS = 4; // the range to the left
const NEXT = 5; // the range to the right
const NIL = 0;
const NO_BIN = -1;
const WALL = 0;

/** Which hole serves: the smallest that fits, the one at the lowest offset, or the next one round. */
export type FitPolicy = 'best' | 'first' | 'next';

const POLICIES: readonly FitPolicy[] = ['best', 'first', 'next'];

/** How a {@link BestFit} is made. */
export interface BestFitOptions extends SuballocatorOptions {
  /** Default `best`. */
  readonly policy?: FitPolicy;
}

/** The tightest packing: always the smallest hole that fits, the lowest offset among equals. O(log n). */
export class BestFit extends RangesInRegions {
  readonly kind = 'best-fit';
  readonly capabilities: SuballocatorCapabilities = CAPABILITIES_IN_REGIONS;
  /** Which hole serves. */
  readonly policy: FitPolicy;
  /** Heads are the roots of the bins' trees. */
  private bins: Int32Array;
  /** Policy `next`: the live range or wall behind which the search begins. */
  private rover = WALL;

  /**
   * @throws UsageError `bad-argument`, `unknown-option`, `bad-capacity`, `bad-granularity`
   */
  constructor(options: BestFitOptions) {
    super(options, ['policy']);
    const { policy = 'best' } = options;
    checkOneOf(policy, 'policy', POLICIES);
    this.policy = policy;
    this.bins = makeBins(this.capacityUnits);
    this.makeRegions([{ offset: 0, size: this.capacity }]);
  }

  /**
   * The suballocator that `serialize` was asked of, as it was then; its handles are valid in this one.
   * O(ranges).
   * @throws UsageError `bad-state`
   */
  static restore(state: SuballocatorState): BestFit {
    const options = optionsOf(state, 'best-fit');
    const { more }: RangeParts = state.parts;
    const policy = POLICIES[more instanceof Float64Array ? (more[0] ?? 0) : 0] ?? 'best';
    return new BestFit({ ...options, policy }).load(state);
  }

  allocate(size: number, alignment = 1): Handle {
    const units = this.unitsOfSize(size);
    const alignmentUnits = this.unitsOfAlignment(alignment);
    if (units > this.capacityUnits) return NO_SPACE;
    if (this.policy !== 'best') return this.allocateInOrder(units, alignmentUnits, size);
    const hole = this.findLeast(units, alignmentUnits);
    return hole === NIL ? NO_SPACE : this.carve(hole, this.paddingOf(hole, alignmentUnits), units, size);
  }

  private allocateInOrder(units: Units, alignment: Units, requested: number): Handle {
    const isFirst = this.policy === 'first';
    const hole = isFirst ? this.findLowest(units, alignment) : this.findNext(units, alignment);
    if (hole === NIL) return NO_SPACE;
    const before = this.cells[hole + PREVIOUS];
    const padding = this.paddingOf(hole, alignment);
    const handle = this.carve(hole, padding, units, requested);
    if (!isFirst && handle !== NO_SPACE) {
      // What was carved follows the padding, or what was before the hole.
      const first = this.cells[before + NEXT];
      this.rover = padding === 0 ? first : this.cells[first + NEXT];
    }
    return handle;
  }

  private findNext(units: Units, alignment: Units): number {
    const cells = this.cells;
    let n = this.rover;
    do {
      n = cells[n + NEXT];
      if (cells[n + NAME] < 0 && this.fits(n, units, alignment)) return n;
    } while (n !== this.rover);
    return NIL;
  }

  override free(handle: Handle): void {
    const n = this.find(handle);
    if (n === this.rover) {
      const previous = this.cells[n + PREVIOUS];
      this.rover = this.isLive(previous) ? previous : this.cells[previous + PREVIOUS];
    }
    super.free(handle);
  }

  override untrack(offset: number): boolean {
    const isDone = super.untrack(offset);
    if (isDone) this.rover = WALL;
    return isDone;
  }

  protected findLeast(units: Units, alignment: Units): number {
    const own = binOf(units);
    if (alignment !== 1) return this.findFitting(own, units, alignment);
    const near = leastFrom(this.cells, headOf(this.bins, own), units);
    if (near !== NIL) return near;
    const bin = findBin(this.bins, own + 1);
    return bin === NO_BIN ? NIL : leastFrom(this.cells, headOf(this.bins, bin), units);
  }

  private findFitting(own: number, units: Units, alignment: Units): number {
    for (let bin = findBin(this.bins, own); bin !== NO_BIN; bin = findBin(this.bins, bin + 1)) {
      const hole = leastFitting(this.cells, headOf(this.bins, bin), units, alignment);
      if (hole !== NIL) return hole;
    }
    return NIL;
  }

  largestAllocatable(alignment = 1): number {
    const alignmentUnits = this.unitsOfAlignment(alignment);
    let best = 0;
    for (let bin = findLastBin(this.bins); bin >= binOf(best + 1); bin--) {
      best = mostFitting(this.cells, headOf(this.bins, bin), alignmentUnits, best);
    }
    return best * this.granularity;
  }

  protected longestHole(): Units {
    const bin = findLastBin(this.bins);
    return bin === NO_BIN ? 0 : this.cells[lastHole(this.cells, headOf(this.bins, bin)) + SIZE];
  }

  /** Bytes of metadata now. */
  get metadataBytes(): number {
    return this.tableBytes + this.bins.byteLength;
  }

  protected resizeHole(n: number, units: Units): void {
    this.shiftHole(n, this.cells[n + PREVIOUS], units);
  }

  protected shiftHole(n: number, previous: number, units: Units): void {
    const cells = this.cells;
    const bin = binOf(cells[n + SIZE]);
    const stays = binOf(units) === bin && isAlone(cells, headOf(this.bins, bin), n);
    if (!stays) this.removeHole(n);
    cells[n + PREVIOUS] = previous;
    cells[n + SIZE] = units;
    if (!stays) this.addHole(n);
  }

  // Most bins hold one hole or none, so that is done here, without the tree.

  protected addHole(n: number): void {
    const cells = this.cells;
    const bin = binOf(cells[n + SIZE]);
    const root = headOf(this.bins, bin);
    if (root !== NIL) {
      setHead(this.bins, bin, insertHole(cells, root, n));
      return;
    }
    cells[n + LEFT] = NIL;
    cells[n + RIGHT] = NIL;
    setHead(this.bins, bin, n);
  }

  protected removeHole(n: number): void {
    const bin = binOf(this.cells[n + SIZE]);
    const root = headOf(this.bins, bin);
    setHead(this.bins, bin, isAlone(this.cells, root, n) ? NIL : removeHole(this.cells, root, n));
  }

  protected clearHoles(): void {
    this.bins.fill(0);
    this.rover = WALL;
  }

  protected makeRoom(): void {
    this.bins = growBins(this.bins, this.capacityUnits);
  }

  protected override saveParts(parts: RangeParts): void {
    super.saveParts(parts);
    parts.bins = this.bins.slice();
    parts.more = Float64Array.of(POLICIES.indexOf(this.policy), this.rover);
  }

  protected override loadParts(parts: RangeParts): boolean {
    const { bins, more } = parts;
    if (!super.loadParts(parts) || !(bins instanceof Int32Array)) return false;
    if (!(more instanceof Float64Array) || more.length !== 2 || POLICIES[more[0]] !== this.policy)
      return false;
    this.rover = more[1];
    const isPlace = this.rover === WALL || (this.isRecord(this.rover) && this.isLive(this.rover));
    this.bins = bins.slice();
    return isPlace && bins.length >= makeBins(this.capacityUnits).length && this.hasSoundTrees();
  }

  /** Whether every hole is in the tree of its bin, once, in order, and nothing else is. */
  private hasSoundTrees(): boolean {
    let count = 0;
    for (let bin = 0; bin < binCountOf(this.bins); bin++) {
      let last = NIL;
      // An explicit stack that can not outgrow the holes: the tree may be anything.
      const path: number[] = [];
      for (let t = headOf(this.bins, bin); t !== NIL || path.length > 0; ) {
        if (t !== NIL) {
          const isHole = this.isRecord(t) && !this.isLive(t) && binOf(this.cells[t + SIZE]) === bin;
          if (!isHole || path.length >= this.holeCount) return false;
          path.push(t);
          t = this.cells[t + LEFT];
          continue;
        }
        const n = path.pop() as number;
        if (++count > this.holeCount || (last !== NIL && !this.isOrdered(last, n))) return false;
        last = n;
        t = this.cells[n + RIGHT];
      }
    }
    return count === this.holeCount && areSoundMarks(this.bins);
  }

  private isOrdered(left: number, right: number): boolean {
    const difference = this.cells[right + SIZE] - this.cells[left + SIZE];
    return difference > 0 || (difference === 0 && this.offsetOfHole(right) > this.offsetOfHole(left));
  }
}

function isAlone(cells: Int32Array, root: number, n: number): boolean {
  return root === n && cells[n + LEFT] === NIL && cells[n + RIGHT] === NIL;
}
