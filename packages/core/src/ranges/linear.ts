/**
 * Linear: a bump suballocator. Takes the next aligned offset; what is freed on top comes back at once, all
 * else when everything above it is freed too. For things that end together: a frame's constants, a load's
 * staging.
 *
 * Layout   one record a live range, linked in offset order; holes have no records, they are what lies
 *          between.
 *
 *            [ live 12 ][ hole 20 ][ live 8 ][ top 60 ]      only `top` serves requests; freeing `live 8`
 *            makes it 88
 *
 * Cost     allocate, free, offsetOf, sizeOf, largestAllocatable: O(1), no search of any kind. `statistics`:
 *          O(1), but O(live) once after the longest buried hole came back.
 * Promise  offsets ascend from one allocate to the next until something on top is freed; freeing all resets.
 * Refusal  holes below the last live range are free, and shown by `ranges()`, yet serve nothing: ask
 *          `largestAllocatable`, not `statistics().largestFree`. 2^21 live ranges at most: then NO_SPACE.
 * Source   arena and stack allocators, e.g. D. Hanson, "Fast allocation and deallocation of memory based on
 *          object lifetimes", Software: Practice and Experience 20 (1990).
 */
import type { Handle, Units } from '../base/quantities.ts';
import { NIL, RecordTable } from '../tables/record-table.ts';
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

// Cells of a record after its generation.
const OFFSET = 1; // first unit
const SIZE = 2; // units
const BELOW = 3; // the live range below, or NIL
const ABOVE = 4; // the live range above, or NIL
const SLACK = 5; // two cells
const STRIDE = 7;

const CAPABILITIES: SuballocatorCapabilities = { freesInAnyOrder: false, anyAlignment: true, exact: false };

/** One offset after the other, for what ends together. O(1), without a search. */
export class Linear implements Suballocator {
  readonly kind = 'linear';
  readonly capabilities: SuballocatorCapabilities = CAPABILITIES;
  readonly capacity: number;
  readonly granularity: number;
  private readonly span: Span;
  private readonly table = new RecordTable(STRIDE);
  private readonly tally = new Tally();
  private first = NIL;
  private last = NIL;
  /** The first unit above the last live range. */
  private topUnits: Units = 0;
  /** The longest hole below `topUnits`, unless `longestIsStale`. */
  private longestBuried: Units = 0;
  private longestIsStale = false;

  /** @throws UsageError `bad-argument`, `unknown-option`, `bad-capacity`, `bad-granularity` */
  constructor(options: SuballocatorOptions) {
    this.span = new Span(options);
    this.capacity = this.span.capacity;
    this.granularity = this.span.granularity;
    this.tally.holes(1);
  }

  allocate(size: number, alignment = 1): Handle {
    const units = this.span.unitsOfSize(size);
    const offset = this.nextOffset(this.span.unitsOfAlignment(alignment));
    const end = offset + units;
    if (end > this.span.capacityUnits) return NO_SPACE;
    const n = this.table.take();
    if (n === NIL) return NO_SPACE;
    const padding = offset - this.topUnits;
    if (padding !== 0) this.bury(padding);
    if (end === this.span.capacityUnits) this.tally.holes(-1);
    else this.tally.split();
    this.push(n, offset, units);
    writeSlack(this.table.cells, n + SLACK, units * this.granularity - size);
    this.tally.allocated(units, size);
    return this.table.enliven(n);
  }

  free(handle: Handle): void {
    const n = this.table.find(handle);
    const cells = this.table.cells;
    const units = cells[n + SIZE];
    this.tally.freed(units, units * this.granularity - readSlack(cells, n + SLACK));
    const end = cells[n + OFFSET] + units;
    const below = cells[n + BELOW];
    const above = cells[n + ABOVE];
    const from = below === NIL ? 0 : cells[below + OFFSET] + cells[below + SIZE];
    const to = above === NIL ? this.span.capacityUnits : cells[above + OFFSET];
    const holeBelow = cells[n + OFFSET] - from;
    this.countHole(holeBelow !== 0, to !== end);
    if (below === NIL) this.first = above;
    else cells[below + ABOVE] = above;
    if (above === NIL) {
      this.last = below;
      this.topUnits = from;
      // The hole below is now part of the top; was it the longest, nobody knows which one is next.
      if (holeBelow !== 0 && holeBelow === this.longestBuried) this.longestIsStale = true;
    } else {
      cells[above + BELOW] = below;
      if (to - from > this.longestBuried) this.longestBuried = to - from;
    }
    this.table.retire(n);
    this.table.give(n);
  }

  offsetOf(handle: Handle): number {
    const n = this.table.find(handle);
    return this.table.cells[n + OFFSET] * this.granularity;
  }

  sizeOf(handle: Handle): number {
    const n = this.table.find(handle);
    return this.table.cells[n + SIZE] * this.granularity;
  }

  /** What the space on top can hold; holes below do not count. O(1). @throws UsageError `bad-alignment` */
  indexOf(handle: Handle): number {
    return this.table.indexOf(handle);
  }

  largestAllocatable(alignment = 1): number {
    const offset = this.nextOffset(this.span.unitsOfAlignment(alignment));
    return Math.max(0, this.span.capacityUnits - offset) * this.granularity;
  }

  statistics(into?: SuballocatorStatistics): SuballocatorStatistics {
    const longest = Math.max(this.findLongestBuried(), this.span.capacityUnits - this.topUnits);
    return this.tally.report(this.capacity, this.granularity, longest * this.granularity, into);
  }

  reset(): void {
    this.table.clear();
    this.tally.cleared(1);
    this.first = NIL;
    this.last = NIL;
    this.topUnits = 0;
    this.longestBuried = 0;
    this.longestIsStale = false;
  }

  *ranges(): IterableIterator<RangeView> {
    const granularity = this.granularity;
    let from = 0;
    for (let n = this.first; n !== NIL; n = this.table.cells[n + ABOVE]) {
      const offset = this.table.cells[n + OFFSET];
      const size = this.table.cells[n + SIZE];
      if (offset > from) yield freeView(from, offset, granularity);
      yield { offset: offset * granularity, size: size * granularity, handle: this.table.handleOf(n) };
      from = offset + size;
    }
    if (from < this.span.capacityUnits) yield freeView(from, this.span.capacityUnits, granularity);
  }

  /** Bytes of metadata now. */
  get metadataBytes(): number {
    return this.table.byteLength;
  }

  /** The first unit on top that is a multiple of `alignment`; may lie past the end. */
  private nextOffset(alignment: Units): Units {
    const over = this.topUnits % alignment;
    return over === 0 ? this.topUnits : this.topUnits - over + alignment;
  }

  /** Space skipped for alignment is a hole that waits for what is about to lie on it. */
  private bury(units: Units): void {
    this.tally.holes(1);
    this.tally.split();
    if (units > this.longestBuried) this.longestBuried = units;
  }

  private push(n: number, offset: Units, units: Units): void {
    const cells = this.table.cells;
    cells[n + OFFSET] = offset;
    cells[n + SIZE] = units;
    cells[n + BELOW] = this.last;
    cells[n + ABOVE] = NIL;
    if (this.last === NIL) this.first = n;
    else cells[this.last + ABOVE] = n;
    this.last = n;
    this.topUnits = offset + units;
  }

  /** A range has become free between two others: a new hole, one that grew, or two that met. */
  private countHole(joinsBelow: boolean, joinsAbove: boolean): void {
    if (joinsBelow) this.tally.merged();
    if (joinsAbove) this.tally.merged();
    if (joinsBelow && joinsAbove) this.tally.holes(-1);
    else if (!joinsBelow && !joinsAbove) this.tally.holes(1);
  }

  private findLongestBuried(): Units {
    if (!this.longestIsStale) return this.longestBuried;
    const cells = this.table.cells;
    let longest = 0;
    let from = 0;
    for (let n = this.first; n !== NIL; n = cells[n + ABOVE]) {
      longest = Math.max(longest, cells[n + OFFSET] - from);
      from = cells[n + OFFSET] + cells[n + SIZE];
    }
    this.longestBuried = longest;
    this.longestIsStale = false;
    return longest;
  }
}

function freeView(from: Units, to: Units, granularity: number): RangeView {
  return { offset: from * granularity, size: (to - from) * granularity, handle: NO_SPACE };
}
