/**
 * Linked ranges: a span cut into live and free ranges that know their neighbours. The base of the kinds that
 * differ only in how they keep their holes.
 *
 * Layout   a record a range, live or free, linked to its neighbours in offset order; 24 bytes, in one
 *          Int32Array. A free one needs the cells of OFFSET and SLACK for the kind's own links: its offset is
 *          where the range before it ends, which is live, since free neighbours are merged. Walls part the
 *          regions: they look live, so that nothing merges across them, and are as long as the gap.
 *
 *            wall [ live 12 ][ free 20 ][ live 8 ] wall [ free 60 ] wall       the last wall is the first
 *
 * Cost     free, resize: O(1) beside what the kind does with its holes. `min-offset`, `max-offset`:
 *          O(ranges), and so is `allocateAt`, unless it follows one that was near.
 * Promise  free neighbours are always merged; a remainder keeps the record of the hole it is left of.
 * Refusal  2^21 - 1 records for live ranges, holes and walls together: then NO_SPACE.
 */
import { type Handle, paddingAt, type Units } from '../base/quantities.ts';
import { NIL } from '../tables/record-table.ts';
import { checkStrategy } from './arguments.ts';
import { Neighbours, WALL } from './neighbours.ts';
import {
  NO_SPACE,
  type RangeView,
  type Strategy,
  type Suballocator,
  type SuballocatorOptions,
} from './suballocator.ts';

// Cells of a record.
const NAME = 0; // negative while the range is free
const SIZE = 1; // units
const OFFSET = 2; // live or wall: first unit
const PREVIOUS = 4; // the range to the left
const NEXT = 5; // the range to the right
const STRIDE = 6;

/** See the head of the file. */
export abstract class LinkedRanges extends Neighbours implements Suballocator {
  /** The record that `allocateAt` has made live last: what comes next is mostly near. */
  private nearby = WALL;

  /** @throws UsageError `bad-argument`, `unknown-option`, `bad-capacity`, `bad-granularity` */
  constructor(options: SuballocatorOptions, moreOptions: readonly string[] = []) {
    super(options, STRIDE, moreOptions);
    this.makeNameless(WALL);
    this.unlinkAll();
  }

  /** Takes a hole, whose size and neighbours are set, into the kind's books. */
  protected abstract addHole(n: number): void;

  /** Takes a hole out of the books, before its size or its neighbours change. */
  protected abstract removeHole(n: number): void;

  /** Changes the length of a hole, which stays where it begins. */
  protected abstract resizeHole(n: number, units: Units): void;

  /** Makes `previous` the range before a hole, which thereby begins elsewhere, and changes its length. */
  protected abstract shiftHole(n: number, previous: number, units: Units): void;

  /** The hole that wastes least, or NIL. */
  protected abstract findLeast(units: Units, alignment: Units): number;

  free(handle: Handle): void {
    const n = this.find(handle);
    const cells = this.cells;
    const units = cells[n + SIZE];
    this.end(n, units);
    const previous = cells[n + PREVIOUS];
    const next = cells[n + NEXT];
    if (cells[previous + NAME] < 0) {
      let right = next;
      let grown = cells[previous + SIZE] + units;
      if (cells[next + NAME] < 0) {
        right = cells[next + NEXT];
        grown += cells[next + SIZE];
        this.removeHole(next);
        this.give(next);
        this.mergeCount++;
      }
      cells[previous + NEXT] = right;
      cells[right + PREVIOUS] = previous;
      this.give(n);
      this.mergeCount++;
      this.resizeHole(previous, grown);
    } else if (cells[next + NAME] < 0) {
      cells[previous + NEXT] = next;
      this.shiftHole(next, previous, cells[next + SIZE] + units);
      this.give(n);
      this.mergeCount++;
    } else {
      this.addHole(n);
    }
  }

  allocateBy(strategy: Strategy, size: number, alignment = 1): Handle {
    checkStrategy(strategy, this.capabilities.strategies);
    if (strategy === 'min-time') return this.allocate(size, alignment);
    const units = this.unitsOfSize(size);
    const alignmentUnits = this.unitsOfAlignment(alignment);
    if (units > this.capacityUnits) return NO_SPACE;
    if (strategy === 'max-offset') return this.allocateHighest(units, alignmentUnits, size);
    const isLowest = strategy === 'min-offset';
    const hole = isLowest ? this.findLowest(units, alignmentUnits) : this.findLeast(units, alignmentUnits);
    return hole === NIL ? NO_SPACE : this.carve(hole, this.paddingOf(hole, alignmentUnits), units, size);
  }

  allocateAt(offset: number, size: number): Handle {
    const at = this.unitsOfOffset(offset);
    const units = this.unitsOfSize(size);
    const hole = this.holeAt(at);
    if (hole === WALL) return NO_SPACE;
    const from = this.offsetOfHole(hole);
    if (at + units > from + this.cells[hole + SIZE]) return NO_SPACE;
    const handle = this.carve(hole, at - from, units, size);
    if (handle !== NO_SPACE) this.nearby = this.find(handle);
    return handle;
  }

  /** The hole in which a unit lies; WALL for none. O(ranges between it and the last that was placed so). */
  private holeAt(at: Units): number {
    const { cells } = this;
    // Live, whichever range it is by now, it knows where it is.
    let n = cells[this.nearby + NAME] > 0 ? this.nearby : WALL;
    while (n !== WALL && (cells[n + NAME] < 0 || cells[n + OFFSET] > at)) n = cells[n + PREVIOUS];
    for (n = cells[n + NEXT]; n !== WALL; n = cells[n + NEXT]) {
      const isHole = cells[n + NAME] < 0;
      const from = isHole ? this.offsetOfHole(n) : cells[n + OFFSET];
      if (from > at) return WALL;
      if (isHole && at < from + cells[n + SIZE]) return n;
    }
    return WALL;
  }

  resize(handle: Handle, size: number): boolean {
    const n = this.find(handle);
    const units = this.unitsOfSize(size);
    const before = this.cells[n + SIZE];
    const next = this.cells[n + NEXT];
    const hasRoom = this.cells[next + NAME] < 0;
    if (units > before) {
      if (!hasRoom || this.cells[next + SIZE] < units - before) return false;
      this.moveBorder(n, next, units);
    } else if (units < before) {
      if (hasRoom) this.moveBorder(n, next, units);
      else if (!this.addHoleAfter(n, units)) return false;
    }
    this.change(n, before, units, size);
    return true;
  }

  /** Makes a live range `units` long at the cost, or to the good, of the hole behind it. */
  private moveBorder(n: number, hole: number, units: Units): void {
    const cells = this.cells;
    const left = cells[hole + SIZE] + cells[n + SIZE] - units;
    this.removeHole(hole);
    cells[n + SIZE] = units;
    if (left > 0) {
      cells[hole + SIZE] = left;
      this.addHole(hole);
      return;
    }
    this.unlink(hole);
    this.give(hole);
    this.mergeCount++;
  }

  /** Shortens a live range with no hole behind it; false when the table is full. */
  private addHoleAfter(n: number, units: Units): boolean {
    const hole = this.take();
    if (hole === NIL) return false;
    const cells = this.cells;
    cells[hole + SIZE] = cells[n + SIZE] - units;
    cells[n + SIZE] = units;
    this.linkAfter(n, hole);
    this.addHole(hole);
    this.splitCount++;
    return true;
  }

  *ranges(): IterableIterator<RangeView> {
    for (let n = this.cells[WALL + NEXT]; n !== WALL; n = this.cells[n + NEXT]) {
      const size = this.cells[n + SIZE];
      if (!this.isLive(n)) yield this.viewOf(this.offsetOfHole(n), size, NO_SPACE);
      else if (!this.isNameless(n)) yield this.viewOf(this.cells[n + OFFSET], size, this.handleOf(n));
    }
  }

  eachRange(visit: (offset: number, size: number, handle: Handle) => void): void {
    const { cells, granularity } = this;
    for (let n = cells[WALL + NEXT]; n !== WALL; n = cells[n + NEXT]) {
      const size = cells[n + SIZE] * granularity;
      if (!this.isLive(n)) visit(this.offsetOfHole(n) * granularity, size, NO_SPACE);
      else if (!this.isNameless(n)) visit(cells[n + OFFSET] * granularity, size, this.handleOf(n));
    }
  }

  protected isWall(n: number): boolean {
    return n === WALL || this.isNameless(n);
  }

  /** The first unit of a hole. */
  protected offsetOfHole(n: number): Units {
    const previous = this.cells[n + PREVIOUS];
    return this.cells[previous + OFFSET] + this.cells[previous + SIZE];
  }

  /** Units to skip from where a hole begins to the next multiple of `alignment`. */
  protected paddingOf(hole: number, alignment: Units): Units {
    return alignment === 1 ? 0 : paddingAt(this.offsetOfHole(hole), alignment);
  }

  /** Whether a hole holds `units` at a multiple of `alignment`. */
  protected fits(hole: number, units: Units, alignment: Units): boolean {
    return this.cells[hole + SIZE] - this.paddingOf(hole, alignment) >= units;
  }

  /**
   * Makes `units` of a hole live, `padding` units behind where it begins. NO_SPACE when the table is full.
   */
  protected carve(hole: number, padding: Units, units: Units, requested: number): Handle {
    return padding === 0
      ? this.carveFront(hole, units, requested)
      : this.carveInside(hole, padding, units, requested);
  }

  /** Makes the first `units` of a hole live; the remainder keeps the hole's record. */
  protected carveFront(hole: number, units: Units, requested: number): Handle {
    const left = this.cells[hole + SIZE] - units;
    if (left === 0) {
      const offset = this.offsetOfHole(hole);
      this.removeHole(hole);
      this.cells[hole + OFFSET] = offset;
      return this.begin(hole, units, requested);
    }
    const n = this.take();
    if (n === NIL) return NO_SPACE;
    const cells = this.cells;
    const previous = cells[hole + PREVIOUS];
    cells[n + SIZE] = units;
    cells[n + OFFSET] = cells[previous + OFFSET] + cells[previous + SIZE];
    cells[n + PREVIOUS] = previous;
    cells[n + NEXT] = hole;
    cells[previous + NEXT] = n;
    this.shiftHole(hole, n, left);
    this.splitCount++;
    return this.begin(n, units, requested);
  }

  /** Makes `units` of a hole live between `padding` units that stay its own and what remains behind. */
  private carveInside(hole: number, padding: Units, units: Units, requested: number): Handle {
    const n = this.take();
    if (n === NIL) return NO_SPACE;
    const rest = this.cells[hole + SIZE] - padding - units;
    const tail = rest === 0 ? NIL : this.take();
    if (rest !== 0 && tail === NIL) {
      this.give(n);
      return NO_SPACE;
    }
    const cells = this.cells;
    cells[n + SIZE] = units;
    cells[n + OFFSET] = this.offsetOfHole(hole) + padding;
    this.linkAfter(hole, n);
    this.resizeHole(hole, padding);
    this.splitCount++;
    if (tail !== NIL) {
      cells[tail + SIZE] = rest;
      this.linkAfter(n, tail);
      this.addHole(tail);
      this.splitCount++;
    }
    return this.begin(n, units, requested);
  }

  /** The hole at the lowest offset that fits, or NIL. O(ranges). */
  protected findLowest(units: Units, alignment: Units): number {
    const cells = this.cells;
    for (let n = cells[WALL + NEXT]; n !== WALL; n = cells[n + NEXT]) {
      if (cells[n + NAME] < 0 && this.fits(n, units, alignment)) return n;
    }
    return NIL;
  }

  private allocateHighest(units: Units, alignment: Units, requested: number): Handle {
    const cells = this.cells;
    for (let n = cells[WALL + PREVIOUS]; n !== WALL; n = cells[n + PREVIOUS]) {
      if (cells[n + NAME] > 0 || !this.fits(n, units, alignment)) continue;
      const from = this.offsetOfHole(n);
      const highest = from + cells[n + SIZE] - units;
      return this.carve(n, highest - (highest % alignment) - from, units, requested);
    }
    return NO_SPACE;
  }
}
