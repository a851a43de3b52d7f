/**
 * TLSF: two-level bins over boundary-linked ranges. The default kind: constant time, good fit, never a false
 * refusal.
 *
 * Layout   one record a range, live or free, linked to its neighbours in offset order; a free one also stands
 *          in the list of its size bin. 28 bytes a range, in one Int32Array.
 *
 *            [ live 12 ][ free 20 ][ live 8 ][ free 60 ]     PREVIOUS/NEXT: to the left and right
 *                          │                    └─ bin of 60 → …
 *                          └─ bin of 20 → …                  LINK_A/LINK_B: within the bin
 *
 * Cost     allocate, free: O(1) while some hole of a larger bin fits. Only when none does, allocate looks
 *          through the holes of the bins that may hold a fit: O(holes of those bins), one bin when the
 *          alignment divides the granularity. `largestFree` looks through the last bin that has a hole.
 * Promise  a request is refused only when no hole can hold it; free neighbours are always merged.
 * Refusal  2^21 ranges at most, live and free together: then NO_SPACE.
 * Source   M. Masmano et al., "TLSF: a new dynamic memory allocator for real-time systems", ECRTS 2004.
 */
import type { Handle, Units } from '../base/quantities.ts';
import { NAME, NIL, RecordTable } from '../tables/record-table.ts';
import { binFrom, binOf, SizeBins } from '../tables/size-bins.ts';
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

// Cells of a record after its name.
const OFFSET = 1; // first unit
const SIZE = 2; // units
const PREVIOUS = 3; // the range to the left, or NIL
const NEXT = 4; // the range to the right, or NIL
const LINK_A = 5; // free: next in the bin, or NIL
const LINK_B = 6; // free: previous in the bin, or NIL
const SLACK = 5; // live: reserved minus requested bytes, in the two cells that only free ranges need
const STRIDE = 7;

const CAPABILITIES: SuballocatorCapabilities = { freesInAnyOrder: true, anyAlignment: true, exact: true };

/** The default kind: two-level bins, good fit, O(1) while a larger bin has a hole. */
export class Tlsf implements Suballocator {
  readonly kind = 'tlsf';
  readonly capabilities: SuballocatorCapabilities = CAPABILITIES;
  readonly capacity: number;
  readonly granularity: number;
  private readonly span: Span;
  private readonly table = new RecordTable(STRIDE);
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
    if (alignmentUnits !== 1) return this.allocateAligned(units, alignmentUnits, size);
    const bin = this.bins.find(binFrom(units));
    if (bin !== NIL) return this.carve(this.bins.heads[bin], bin, units, size);
    const own = binOf(units);
    const hole = this.findInBin(own, units);
    return hole === NIL ? NO_SPACE : this.carve(hole, own, units, size);
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
        this.unlink(next, binOf(cells[next + SIZE]));
        this.drop(next);
      }
      this.resizeHole(previous, grown);
    } else if (joinsRight) {
      this.tally.merged();
      cells[next + OFFSET] -= units;
      this.drop(n);
      this.resizeHole(next, cells[next + SIZE] + units);
    } else {
      this.tally.holes(1);
      this.link(n, binOf(units));
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
    return this.largestFit(alignmentUnits) * this.granularity;
  }

  statistics(into?: SuballocatorStatistics): SuballocatorStatistics {
    return this.tally.report(this.capacity, this.granularity, this.largestFit(1) * this.granularity, into);
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
    this.link(n, binOf(this.span.capacityUnits));
  }

  /**
   * Makes the first `units` of a hole live. The remainder keeps the hole's record, and its bin when that
   * still fits.
   */
  private carve(hole: number, bin: number, units: Units, requested: number): Handle {
    const left = this.table.cells[hole + SIZE] - units;
    if (left === 0) {
      this.unlink(hole, bin);
      this.tally.holes(-1);
      return this.enliven(hole, units, requested);
    }
    const n = this.table.take();
    if (n === NIL) return NO_SPACE;
    const cells = this.table.cells;
    const offset = cells[hole + OFFSET];
    const previous = cells[hole + PREVIOUS];
    cells[n + OFFSET] = offset;
    cells[n + SIZE] = units;
    cells[n + PREVIOUS] = previous;
    cells[n + NEXT] = hole;
    if (previous === NIL) this.first = n;
    else cells[previous + NEXT] = n;
    cells[hole + PREVIOUS] = n;
    cells[hole + OFFSET] = offset + units;
    cells[hole + SIZE] = left;
    const after = binOf(left);
    if (after !== bin) {
      this.unlink(hole, bin);
      this.link(hole, after);
    }
    this.tally.split();
    return this.enliven(n, units, requested);
  }

  private enliven(n: number, units: Units, requested: number): Handle {
    const cells = this.table.cells;
    writeSlack(cells, n + SLACK, units * this.granularity - requested);
    this.tally.allocated(units, requested);
    return this.table.enliven(n);
  }

  private allocateAligned(units: Units, alignment: Units, requested: number): Handle {
    const hole = this.findAligned(units, alignment);
    if (hole === NIL) return NO_SPACE;
    const cells = this.table.cells;
    const padding = paddingAt(cells[hole + OFFSET], alignment);
    if (padding === 0) return this.carve(hole, binOf(cells[hole + SIZE]), units, requested);
    return this.carveAfter(hole, padding, units, requested);
  }

  /** Makes `units` of a hole live after `padding` units that stay free, in front of what remains. */
  private carveAfter(hole: number, padding: Units, units: Units, requested: number): Handle {
    const n = this.table.take();
    if (n === NIL) return NO_SPACE;
    const rest = this.table.cells[hole + SIZE] - padding - units;
    const tail = rest === 0 ? NIL : this.table.take();
    if (rest !== 0 && tail === NIL) {
      this.table.give(n);
      return NO_SPACE;
    }
    const cells = this.table.cells;
    const offset = cells[hole + OFFSET] + padding;
    cells[n + OFFSET] = offset;
    cells[n + SIZE] = units;
    this.insertAfter(hole, n);
    this.resizeHole(hole, padding);
    this.tally.split();
    if (tail !== NIL) {
      cells[tail + OFFSET] = offset + units;
      cells[tail + SIZE] = rest;
      this.insertAfter(n, tail);
      this.link(tail, binOf(rest));
      this.tally.holes(1);
      this.tally.split();
    }
    return this.enliven(n, units, requested);
  }

  private insertAfter(left: number, n: number): void {
    const cells = this.table.cells;
    const next = cells[left + NEXT];
    cells[n + PREVIOUS] = left;
    cells[n + NEXT] = next;
    cells[left + NEXT] = n;
    if (next !== NIL) cells[next + PREVIOUS] = n;
  }

  /** A hole that holds `units` at an offset that is a multiple of `alignment`, or NIL when there is none. */
  private findAligned(units: Units, alignment: Units): number {
    const cells = this.table.cells;
    const near = this.bins.find(binFrom(units));
    if (near !== NIL && fits(cells, this.bins.heads[near], units, alignment)) return this.bins.heads[near];
    const padded = units + alignment - 1;
    const sure = padded > this.span.capacityUnits ? NIL : this.bins.find(binFrom(padded));
    if (sure !== NIL) return this.bins.heads[sure];
    for (let bin = this.bins.find(binOf(units)); bin !== NIL; bin = this.bins.find(bin + 1)) {
      for (let n = this.bins.heads[bin]; n !== NIL; n = cells[n + LINK_A]) {
        if (fits(cells, n, units, alignment)) return n;
      }
    }
    return NIL;
  }

  private findInBin(bin: number, units: Units): number {
    const cells = this.table.cells;
    let n = this.bins.heads[bin];
    while (n !== NIL && cells[n + SIZE] < units) n = cells[n + LINK_A];
    return n;
  }

  /** Units of the largest request with this alignment that some hole holds. */
  private largestFit(alignment: Units): Units {
    const cells = this.table.cells;
    let best = 0;
    for (let bin = this.bins.findLast(); bin >= binOf(best + 1); bin--) {
      for (let n = this.bins.heads[bin]; n !== NIL; n = cells[n + LINK_A]) {
        const fit = cells[n + SIZE] - paddingAt(cells[n + OFFSET], alignment);
        if (fit > best) best = fit;
      }
    }
    return best;
  }

  private resizeHole(n: number, units: Units): void {
    const cells = this.table.cells;
    const before = binOf(cells[n + SIZE]);
    const after = binOf(units);
    cells[n + SIZE] = units;
    if (before === after) return;
    this.unlink(n, before);
    this.link(n, after);
  }

  private link(n: number, bin: number): void {
    const cells = this.table.cells;
    const heads = this.bins.heads;
    const next = heads[bin];
    cells[n + LINK_A] = next;
    cells[n + LINK_B] = NIL;
    heads[bin] = n;
    if (next === NIL) this.bins.mark(bin);
    else cells[next + LINK_B] = n;
  }

  private unlink(n: number, bin: number): void {
    const cells = this.table.cells;
    const next = cells[n + LINK_A];
    const previous = cells[n + LINK_B];
    if (next !== NIL) cells[next + LINK_B] = previous;
    if (previous !== NIL) {
      cells[previous + LINK_A] = next;
      return;
    }
    this.bins.heads[bin] = next;
    if (next === NIL) this.bins.unmark(bin);
  }

  /** Takes a range that is in no bin out of the offset order and gives its record back. */
  private drop(n: number): void {
    const cells = this.table.cells;
    const previous = cells[n + PREVIOUS];
    const next = cells[n + NEXT];
    if (previous === NIL) this.first = next;
    else cells[previous + NEXT] = next;
    if (next !== NIL) cells[next + PREVIOUS] = previous;
    this.table.give(n);
  }
}

/** Units to skip from `offset` to the next multiple of `alignment`. */
function paddingAt(offset: Units, alignment: Units): Units {
  const over = offset % alignment;
  return over === 0 ? 0 : alignment - over;
}

function fits(cells: Int32Array, n: number, units: Units, alignment: Units): boolean {
  return cells[n + SIZE] - paddingAt(cells[n + OFFSET], alignment) >= units;
}
