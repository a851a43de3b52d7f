/**
 * Fixed: equal slots. The granularity is the slot, so whatever needs no more than one fits any free one: ids,
 * instances, matrices, glyphs, tiles. What needs more gets a run, neighbouring slots.
 *
 * Slots of 36 bytes, each at a multiple of 16, are a granularity of 48: the size rounded up to a multiple of
 * the alignment. Any integer will do for either.
 *
 * Layout   the pieces of `pieces.ts`. A slot keeps its record when it is freed, on top of the stack.
 *
 *            wall [ live 1 ][ free 1 ][ free 1 ][ live 3 ][ free 60 ] wall
 *                               ↑ newest  └──────────→─────────┘
 *
 * Cost     a slot: allocate and free O(1), without a search of any kind. A run, and an alignment that does
 *          not divide the slot: O(1) when the newest piece begins with it, else O(pieces), and there are at
 *          most as many pieces as slots. resize: O(1) to shorten, O(pieces) to lengthen. allocateAt,
 *          allocateBy, largestAllocatable, shrinkTo: O(pieces).
 * Promise  a request is refused only when no row of free slots can hold it. The slot freed last is
 *          the next one given out.
 * Refusal  2^21 - 1 records for live ranges and holes together: then NO_SPACE, unless a request fills the
 *          smallest hole that holds it. The statistics' `largestFree` is the free space shared out among the
 *          holes, rounded up to a slot: the longest hole is at least as long.
 * Source   lists of equal cells: D. Knuth, The Art of Computer Programming 1, section 2.2.3.
 */
import { isInt32 } from '../base/bits.ts';
import { type Handle, paddingAt, type Units } from '../base/quantities.ts';
import { checkStrategy } from './arguments.ts';
import { isFree, Pieces } from './pieces.ts';
import { optionsOf } from './state.ts';
import {
  NO_SPACE,
  type Strategy,
  type SuballocatorCapabilities,
  type SuballocatorState,
} from './suballocator.ts';

// Cells of a record, as in pieces.ts; constants of this file are faster than imports.
const SIZE = 1; // slots
const OFFSET = 2; // first slot
const LINK = 3; // free: the piece below it in the stack, or NIL
const PREVIOUS = 4; // the piece to the left
const NEXT = 5; // the piece to the right
const NIL = 0;
const WALL = 0;

const CAPABILITIES: SuballocatorCapabilities = {
  freesInAnyOrder: true,
  anyAlignment: true,
  exact: true,
  exactSizes: true,
  mergesNeighbours: true,
  exactLargestFree: false,
  strategies: ['min-time', 'min-waste', 'min-offset', 'max-offset'],
  allocateAt: true,
  resize: true,
  grow: true,
  shrinkTo: true,
  track: false,
  freeUpTo: false,
};

/** Equal slots of `granularity` bytes: the slot freed last is the next one given out. O(1). */
export class Fixed extends Pieces {
  readonly kind = 'fixed';
  readonly capabilities: SuballocatorCapabilities = CAPABILITIES;

  /**
   * The suballocator that `serialize` was asked of, as it was then; its handles are valid in this one.
   * O(pieces).
   * @throws UsageError `bad-state`
   */
  static restore(state: SuballocatorState): Fixed {
    return new Fixed(optionsOf(state, 'fixed')).load(state);
  }

  allocate(size: number, alignment = 1): Handle {
    // Saves the division that most slots need.
    const isSlot = typeof size === 'number' && size > 0 && size <= this.granularity && isInt32(size);
    const units = isSlot ? 1 : this.unitsOfSize(size);
    const alignmentUnits = this.unitsOfAlignment(alignment);
    const cells = this.cells;
    const n = this.newest;
    // The wall has no slots, so this is also the way when nothing is free.
    if (units !== 1 || alignmentUnits !== 1 || cells[n + SIZE] !== 1) {
      return this.allocateRun(units, alignmentUnits, size);
    }
    this.newest = cells[n + LINK];
    this.splitCount += isFree(cells, cells[n + PREVIOUS]) + isFree(cells, cells[n + NEXT]);
    return this.begin(n, 1, size);
  }

  free(handle: Handle): void {
    const n = this.find(handle);
    const cells = this.cells;
    this.end(n, cells[n + SIZE]);
    cells[n + LINK] = this.newest;
    this.newest = n;
    this.mergeCount += isFree(cells, cells[n + PREVIOUS]) + isFree(cells, cells[n + NEXT]);
  }

  private allocateRun(units: Units, alignment: Units, requested: number): Handle {
    const { cells, newest } = this;
    const at = cells[newest + OFFSET];
    const isHere = cells[newest + SIZE] >= units && at % alignment === 0;
    const handle = isHere
      ? this.claim(newest, at, units, requested)
      : this.place('min-offset', units, alignment, requested);
    if (handle !== NO_SPACE || this.hasRecords(1)) return handle;
    // The table is full: only a hole will do of which nothing is left.
    return this.place('min-waste', units, alignment, requested);
  }

  /** Slots fit in whatever is free. A run may take the middle of the longest hole, and nothing is sure. */
  protected override areSureToFit(needed: Units, count: number): boolean {
    return needed === count && needed <= this.capacityUnits - this.usedUnits && this.hasRecords(2 * count);
  }

  allocateBy(strategy: Strategy, size: number, alignment = 1): Handle {
    checkStrategy(strategy, this.capabilities.strategies);
    if (strategy === 'min-time') return this.allocate(size, alignment);
    return this.place(strategy, this.unitsOfSize(size), this.unitsOfAlignment(alignment), size);
  }

  allocateAt(offset: number, size: number): Handle {
    const at = this.unitsOfOffset(offset);
    const units = this.unitsOfSize(size);
    const n = this.pieceAt(this.cells[WALL + NEXT], at);
    const isRoom = this.cells[n + OFFSET] + this.roomFrom(n) >= at + units;
    return isRoom && !this.isLive(n) ? this.claim(n, at, units, size) : NO_SPACE;
  }

  /** Makes a run live in the hole that the strategy names. O(pieces). */
  private place(strategy: Strategy, units: Units, alignment: Units, requested: number): Handle {
    const first = this.findHole(strategy, units, alignment);
    if (first === NIL) return NO_SPACE;
    const from = this.cells[first + OFFSET];
    const highest = from + this.roomFrom(first) - units;
    const isHigh = strategy === 'max-offset';
    const at = isHigh ? highest - (highest % alignment) : from + paddingAt(from, alignment);
    return this.claim(first, at, units, requested);
  }

  /**
   * Makes free slots from `at` on live; `first` is a piece there or before. NO_SPACE when the table is full.
   */
  private claim(first: number, at: Units, units: Units, requested: number): Handle {
    let n = this.pieceAt(first, at);
    const padding = at - this.cells[n + OFFSET];
    const isShorter = this.cells[n + SIZE] - padding > units;
    if (!this.hasRecords((padding > 0 ? 1 : 0) + (isShorter ? 1 : 0))) {
      return this.joinHoles() ? this.claim(this.cells[WALL + NEXT], at, units, requested) : NO_SPACE;
    }
    if (padding > 0) this.push(this.cutFront(n, padding));
    if (isShorter) n = this.cutFront(n, units);
    else this.unstack(n, this.extend(n, units));
    const { cells } = this;
    this.splitCount += isFree(cells, cells[n + PREVIOUS]) + isFree(cells, cells[n + NEXT]);
    return this.begin(n, units, requested);
  }

  resize(handle: Handle, size: number): boolean {
    const n = this.find(handle);
    const units = this.unitsOfSize(size);
    const before = this.cells[n + SIZE];
    if (units > before) {
      if (this.roomFrom(this.cells[n + NEXT]) < units - before) return false;
      this.unstack(NIL, this.extend(n, units));
      if (this.isLive(this.cells[n + NEXT])) this.mergeCount++;
    } else if (units < before && !this.shorten(n, units)) return false;
    this.change(n, before, units, size);
    return true;
  }

  /** Gives the last slots of a live range back; false when the table is full. */
  private shorten(n: number, units: Units): boolean {
    const less = this.cells[n + SIZE] - units;
    const next = this.cells[n + NEXT];
    if (this.isLive(next)) {
      if (!this.hasRecords(1) && !this.joinHoles()) return false;
      this.push(this.insert(next, this.cells[n + OFFSET] + units, less));
      this.splitCount++;
    } else {
      this.cells[next + OFFSET] -= less;
      this.cells[next + SIZE] += less;
    }
    this.cells[n + SIZE] = units;
    return true;
  }

  grow(capacity: number): void {
    const more = this.unitsOfCapacity(capacity) - this.capacityUnits;
    if (more < 0) throw this.wrongSide(capacity);
    if (more === 0) return;
    const last = this.cells[WALL + PREVIOUS];
    if (this.isLive(last)) {
      if (!this.hasRecords(1) && !this.joinHoles()) throw this.tooFullToGrow();
      this.push(this.insert(WALL, this.capacityUnits, more));
      this.addedCount++;
    } else this.cells[last + SIZE] += more;
    this.capacityUnits += more;
  }

  shrinkTo(capacity: number): boolean {
    const units = this.unitsOfCapacity(capacity);
    if (units > this.capacityUnits) throw this.wrongSide(capacity);
    if (units === this.capacityUnits) return true;
    const { cells } = this;
    let last = cells[WALL + PREVIOUS];
    while (!this.isLive(last) && cells[last + OFFSET] >= units) last = cells[last + PREVIOUS];
    if (this.isLive(last) && cells[last + OFFSET] + cells[last + SIZE] > units) return false;
    let dropped = 0;
    for (; cells[last + NEXT] !== WALL; dropped++) this.drop(cells[last + NEXT]);
    this.unstack(NIL, dropped);
    if (this.isLive(last)) this.addedCount--;
    else cells[last + SIZE] = units - cells[last + OFFSET];
    this.capacityUnits = units;
    return true;
  }
}
