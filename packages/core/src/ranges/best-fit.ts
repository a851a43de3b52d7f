/**
 * Best fit: always the smallest hole that holds the request, the lowest offset among equals. The tightest
 * packing.
 *
 * Layout   one record a range, live or free, linked to its neighbours in offset order; holes of about one
 *          size (the bins of TLSF) form a tree ordered by size and offset. 28 bytes a range, in one
 *          Int32Array.
 *
 *            bin of 16…16  bin of 40…41             bins in order, and in each its tree in order:
 *                 20           40                   together every hole by size, then offset
 *               ╱    ╲           ╲
 *             16      20          41
 *
 * Cost     allocate, free: O(log holes of one bin) expected. An alignment that does not divide the
 *          granularity may rule holes out: then the next larger is tried, O(log + misses), and only holes
 *          shorter than size + alignment can miss. `largestAllocatable`, `largestFree`: O(log), and misses
 *          likewise.
 * Promise  exact: a request is refused only when no hole can hold it; no smaller hole would have done. Free
 *          neighbours are always merged.
 * Refusal  2^21 ranges at most, live and free together: then NO_SPACE.
 * Source   P. Wilson et al., "Dynamic storage allocation: a survey and critical review", IWMM 1995
 *          (address-ordered best fit packs best).
 */
import type { Handle, Units } from '../base/quantities.ts';
import {
  insertHole,
  lastHole,
  leastFitting,
  leastFrom,
  mostFitting,
  paddingAt,
  removeHole,
} from '../tables/hole-tree.ts';
import { RecordTable } from '../tables/record-table.ts';
import { binOf, SizeBins } from '../tables/size-bins.ts';
import { readSlack, writeSlack } from './slack.ts';
import { Span } from './span.ts';
import {
  NO_SPACE,
  type RangeView,
  type Suballocator,
  type SuballocatorCapabilities,
  type SuballocatorOptions,
  type SuballocatorStatistics,
} from './suballocator.ts';
import { Tally } from './tally.ts';

// Cells of a record; the tree knows the first five by the same numbers.
const NAME = 0; // negative while the range is free
const OFFSET = 1; // first unit
const SIZE = 2; // units
const LEFT = 3; // free: the smaller holes of the tree, or NIL
const RIGHT = 4; // free: the larger ones, or NIL
const SLACK = 3; // live: two cells, in the place of the tree's links
const PREVIOUS = 5; // the range to the left, or NIL
const NEXT = 6; // the range to the right, or NIL
const STRIDE = 7;
const NIL = -1; // no record; a constant of this file is faster than an imported one

const CAPABILITIES: SuballocatorCapabilities = { freesInAnyOrder: true, anyAlignment: true, exact: true };

/** The tightest packing: always the smallest hole that fits, the lowest offset among equals. O(log n). */
export class BestFit implements Suballocator {
  readonly kind = 'best-fit';
  readonly capabilities: SuballocatorCapabilities = CAPABILITIES;
  readonly capacity: number;
  readonly granularity: number;
  private readonly span: Span;
  private readonly table = new RecordTable(STRIDE);
  /** Heads are the roots of the bins' trees. */
  private readonly bins = new SizeBins();
  private readonly tally = new Tally();
  /** The range at offset 0. */
  private first = NIL;

  /** @throws UsageError `bad-argument`, `unknown-option`, `bad-capacity`, `bad-granularity` */
  constructor(options: SuballocatorOptions) {
    this.span = new Span(options);
    this.capacity = this.span.capacity;
    this.granularity = this.span.granularity;
    this.makeEmpty();
  }

  allocate(size: number, alignment = 1): Handle {
    const units = this.span.unitsOfSize(size);
    const alignmentUnits = this.span.unitsOfAlignment(alignment);
    if (units > this.span.capacityUnits) return NO_SPACE;
    const hole = alignmentUnits === 1 ? this.findLeast(units) : this.findFitting(units, alignmentUnits);
    if (hole === NIL) return NO_SPACE;
    const padding = alignmentUnits === 1 ? 0 : paddingAt(this.table.cells[hole + OFFSET], alignmentUnits);
    return this.carve(hole, padding, units, size);
  }

  free(handle: Handle): void {
    const n = this.table.find(handle);
    const cells = this.table.cells;
    const units = cells[n + SIZE];
    this.tally.freed(units, units * this.granularity - readSlack(cells, n + SLACK));
    this.table.retire(n);
    const previous = cells[n + PREVIOUS];
    const next = cells[n + NEXT];
    const joinsLeft = previous !== NIL && cells[previous + NAME] < 0;
    const joinsRight = next !== NIL && cells[next + NAME] < 0;
    if (joinsLeft) {
      let grown = cells[previous + SIZE] + units;
      this.tally.merged();
      this.drop(n);
      if (joinsRight) {
        grown += cells[next + SIZE];
        this.tally.merged();
        this.tally.holes(-1);
        this.unlink(next);
        this.drop(next);
      }
      this.moveHole(previous, cells[previous + OFFSET], grown);
    } else if (joinsRight) {
      this.tally.merged();
      this.moveHole(next, cells[n + OFFSET], cells[next + SIZE] + units);
      this.drop(n);
    } else {
      this.tally.holes(1);
      this.link(n);
    }
  }

  offsetOf(handle: Handle): number {
    const n = this.table.find(handle);
    return this.table.cells[n + OFFSET] * this.granularity;
  }

  sizeOf(handle: Handle): number {
    const n = this.table.find(handle);
    return this.table.cells[n + SIZE] * this.granularity;
  }

  indexOf(handle: Handle): number {
    return this.table.indexOf(handle);
  }

  largestAllocatable(alignment = 1): number {
    const alignmentUnits = this.span.unitsOfAlignment(alignment);
    let best = 0;
    for (let bin = this.bins.findLast(); bin >= binOf(best + 1); bin--) {
      best = mostFitting(this.table.cells, this.bins.heads[bin], alignmentUnits, best);
    }
    return best * this.granularity;
  }

  statistics(into?: SuballocatorStatistics): SuballocatorStatistics {
    const bin = this.bins.findLast();
    const cells = this.table.cells;
    const longest = bin === NIL ? 0 : cells[lastHole(cells, this.bins.heads[bin]) + SIZE];
    return this.tally.report(this.capacity, this.granularity, longest * this.granularity, into);
  }

  reset(): void {
    this.table.clear();
    this.bins.clear();
    this.tally.cleared(0);
    this.makeEmpty();
  }

  *ranges(): IterableIterator<RangeView> {
    for (let n = this.first; n !== NIL; n = this.table.cells[n + NEXT]) {
      const cells = this.table.cells;
      yield {
        offset: cells[n + OFFSET] * this.granularity,
        size: cells[n + SIZE] * this.granularity,
        handle: this.table.isLive(n) ? this.table.handleOf(n) : NO_SPACE,
      };
    }
  }

  /** Bytes of metadata now. */
  get metadataBytes(): number {
    return this.table.byteLength + this.bins.byteLength;
  }

  private makeEmpty(): void {
    const n = this.table.take();
    const cells = this.table.cells;
    cells[n + OFFSET] = 0;
    cells[n + SIZE] = this.span.capacityUnits;
    cells[n + PREVIOUS] = NIL;
    cells[n + NEXT] = NIL;
    this.first = n;
    this.tally.holes(1);
    this.link(n);
  }

  private findLeast(units: Units): number {
    const cells = this.table.cells;
    const own = binOf(units);
    const near = leastFrom(cells, this.bins.heads[own], units);
    if (near !== NIL) return near;
    const bin = this.bins.find(own + 1);
    return bin === NIL ? NIL : leastFrom(cells, this.bins.heads[bin], units);
  }

  private findFitting(units: Units, alignment: Units): number {
    for (let bin = this.bins.find(binOf(units)); bin !== NIL; bin = this.bins.find(bin + 1)) {
      const hole = leastFitting(this.table.cells, this.bins.heads[bin], units, alignment);
      if (hole !== NIL) return hole;
    }
    return NIL;
  }

  /**
   * Makes `units` of a hole live after `padding` units that stay free. What remains on the right keeps the
   * hole's record:
   *
   *   [        hole        ]  →  [ padding ][ live ][ hole ]
   */
  private carve(hole: number, padding: Units, units: Units, requested: number): Handle {
    const right = this.table.cells[hole + SIZE] - padding - units;
    const before = padding === 0 ? NIL : this.table.take();
    if (padding !== 0 && before === NIL) return NO_SPACE;
    const n = right === 0 ? hole : this.table.take();
    if (n === NIL) {
      if (before !== NIL) this.table.give(before);
      return NO_SPACE;
    }
    const cells = this.table.cells;
    const offset = cells[hole + OFFSET];
    if (right === 0) {
      this.unlink(hole);
      this.tally.holes(-1);
      cells[n + OFFSET] = offset + padding;
      cells[n + SIZE] = units;
    } else {
      this.moveHole(hole, offset + padding + units, right);
      this.insertBefore(hole, n, offset + padding, units);
      this.tally.split();
    }
    if (before !== NIL) {
      this.insertBefore(n, before, offset, padding);
      this.link(before);
      this.tally.holes(1);
      this.tally.split();
    }
    writeSlack(cells, n + SLACK, units * this.granularity - requested);
    this.tally.allocated(units, requested);
    return this.table.enliven(n);
  }

  /** Puts the record `n`, which is in no order yet, to the left of `right`. */
  private insertBefore(right: number, n: number, offset: Units, units: Units): void {
    const cells = this.table.cells;
    const previous = cells[right + PREVIOUS];
    cells[n + OFFSET] = offset;
    cells[n + SIZE] = units;
    cells[n + PREVIOUS] = previous;
    cells[n + NEXT] = right;
    cells[right + PREVIOUS] = n;
    if (previous === NIL) this.first = n;
    else cells[previous + NEXT] = n;
  }

  /** Takes a range that is in no tree out of the offset order and gives its record back. */
  private drop(n: number): void {
    const cells = this.table.cells;
    const previous = cells[n + PREVIOUS];
    const next = cells[n + NEXT];
    if (previous === NIL) this.first = next;
    else cells[previous + NEXT] = next;
    if (next !== NIL) cells[next + PREVIOUS] = previous;
    this.table.give(n);
  }

  /** Changes a hole's place and length. */
  private moveHole(n: number, offset: Units, units: Units): void {
    const cells = this.table.cells;
    const bin = binOf(cells[n + SIZE]);
    const stays = binOf(units) === bin && isAlone(cells, this.bins.heads[bin], n);
    if (!stays) this.unlink(n);
    cells[n + OFFSET] = offset;
    cells[n + SIZE] = units;
    if (!stays) this.link(n);
  }

  // Most bins hold one hole or none, so that is done here, without the tree.

  private link(n: number): void {
    const cells = this.table.cells;
    const heads = this.bins.heads;
    const bin = binOf(cells[n + SIZE]);
    const root = heads[bin];
    if (root !== NIL) {
      heads[bin] = insertHole(cells, root, n);
      return;
    }
    cells[n + LEFT] = NIL;
    cells[n + RIGHT] = NIL;
    heads[bin] = n;
    this.bins.mark(bin);
  }

  private unlink(n: number): void {
    const cells = this.table.cells;
    const heads = this.bins.heads;
    const bin = binOf(cells[n + SIZE]);
    if (isAlone(cells, heads[bin], n)) {
      heads[bin] = NIL;
      this.bins.unmark(bin);
      return;
    }
    heads[bin] = removeHole(cells, heads[bin], n);
  }
}

function isAlone(cells: Int32Array, root: number, n: number): boolean {
  return root === n && cells[n + LEFT] === NIL && cells[n + RIGHT] === NIL;
}
