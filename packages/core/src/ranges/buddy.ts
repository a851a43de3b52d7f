/**
 * Buddy: ranges whose lengths are powers of two, each at a multiple of its length. Two neighbours that could
 * be the halves of one such range are buddies; free ones are joined at once. For requests that are powers of
 * two themselves: texture tiles, tables that double, bins of a sort.
 *
 * Layout   the ranges of `power-ranges.ts`. An allocation takes the newest of the shortest holes that are
 *          long enough and halves it until it is as long as the request:
 *
 *            [ free 16 ]  →  [ live 2 ][ free 2 ][ free 4 ][ free 8 ]
 *
 * Cost     allocate, free: O(log n), a split or merge for each doubling between a request and its hole; so is
 *          resize. An alignment longer than the range: likewise, and O(holes) only when no hole is that
 *          long. allocateAt, `min-offset`, `max-offset`, shrinkTo: O(ranges).
 * Promise  a request is refused only when no hole can hold it. A range begins at a multiple of its reserved
 *          size, without being asked.
 * Refusal  reserves up to twice what is asked for, a byte less. Two holes that touch are no longer range
 *          unless they are buddies: a request may be refused that they could hold together. No range is
 *          longer than the longest power of two in the span. Alignments must be powers of two in units:
 *          alignment / gcd(alignment, granularity) is 1, 2, 4 …, others throw `bad-alignment`. 2^21 - 1
 *          records for ranges and holes together: then NO_SPACE.
 * Source   K. Knowlton, "A fast storage allocator", Communications of the ACM 8 (1965); D. Knuth, The Art of
 *          Computer Programming 1, section 2.5.
 */
import { highestBit, lowestPower, powerBelow, powerFrom, shiftRight } from '../base/bits.ts';
import { UsageError } from '../base/errors.ts';
import type { Handle, Units } from '../base/quantities.ts';
import { checkStrategy } from './arguments.ts';
import { LONGEST, MOST_ADDED, PowerRanges } from './power-ranges.ts';
import { optionsOf } from './state.ts';
import {
  NO_SPACE,
  type Strategy,
  type SuballocatorCapabilities,
  type SuballocatorState,
} from './suballocator.ts';

// Cells of a record, as in power-ranges.ts; constants of this file are faster than imports.
const SIZE = 1; // live: units, a power of two
const LINK = 1; // free: the next hole of its length, or NIL
const OFFSET = 2; // first unit; of the wall: where the span ends
const PREVIOUS = 4; // the range to the left
const NEXT = 5; // the range to the right
const NIL = 0;
/** The wall before the first range and behind the last. */
const WALL = 0;

const CAPABILITIES: SuballocatorCapabilities = {
  freesInAnyOrder: true,
  anyAlignment: false,
  exact: true,
  exactSizes: false,
  mergesNeighbours: false,
  exactLargestFree: true,
  strategies: ['min-time', 'min-waste', 'min-offset', 'max-offset'],
  allocateAt: true,
  resize: true,
  grow: true,
  shrinkTo: true,
  track: false,
  freeUpTo: false,
};

/** Powers of two at multiples of themselves. O(log n). */
export class Buddy extends PowerRanges {
  readonly kind = 'buddy';
  readonly capabilities: SuballocatorCapabilities = CAPABILITIES;
  /**
   * The suballocator that `serialize` was asked of, as it was then; its handles are valid in this one.
   * O(ranges).
   * @throws UsageError `bad-state`
   */
  static restore(state: SuballocatorState): Buddy {
    return new Buddy(optionsOf(state, 'buddy')).load(state);
  }

  protected override checkAlignmentUnits(units: Units, alignment: number): void {
    if (units === lowestPower(units)) return;
    throw new UsageError(
      'bad-alignment',
      `alignment ${alignment} is ${units} units of ${this.granularity} bytes where they first meet; buddy serves powers of two`,
    );
  }

  allocate(size: number, alignment = 1): Handle {
    const units = this.unitsOfSize(size);
    const alignmentUnits = this.unitsOfAlignment(alignment);
    if (units > LONGEST) return NO_SPACE;
    const length = powerFrom(units);
    const least = Math.max(alignmentUnits, length);
    const from = lowestPower(this.lengths & -least);
    // Every hole that is long enough is aligned; a shorter one may be by chance.
    if (from === 0) return least === length ? NO_SPACE : this.allocateLeast(length, alignmentUnits, size);
    const n = this.heads[highestBit(from)];
    return this.carve(n, from, this.cells[n + OFFSET], length, size);
  }

  free(handle: Handle): void {
    const n = this.find(handle);
    const units = this.cells[n + SIZE];
    this.end(n, units);
    this.release(n, units);
  }

  allocateBy(strategy: Strategy, size: number, alignment = 1): Handle {
    checkStrategy(strategy, this.capabilities.strategies);
    if (strategy === 'min-time') return this.allocate(size, alignment);
    const units = this.unitsOfSize(size);
    const alignmentUnits = this.unitsOfAlignment(alignment);
    if (units > LONGEST) return NO_SPACE;
    const length = powerFrom(units);
    if (strategy === 'min-waste') return this.allocateLeast(length, alignmentUnits, size);
    const isLowest = strategy === 'min-offset';
    const n = isLowest ? this.findLowest(length, alignmentUnits) : this.findHighest(length, alignmentUnits);
    if (n === NIL) return NO_SPACE;
    const room = this.roomOf(n);
    const step = Math.max(length, alignmentUnits);
    const last = isLowest || room < step ? 0 : room - step;
    return this.carve(n, room, this.cells[n + OFFSET] + last, length, size);
  }

  allocateAt(offset: number, size: number): Handle {
    const at = this.unitsOfOffset(offset);
    const units = this.unitsOfSize(size);
    const { cells } = this;
    if (at >= this.capacityUnits || units > LONGEST) return NO_SPACE;
    const length = powerFrom(units);
    let n = cells[WALL + NEXT];
    while (cells[cells[n + NEXT] + OFFSET] <= at) n = cells[n + NEXT];
    const isRoom = !this.isLive(n) && this.roomOf(n) >= length && at % length === 0;
    return isRoom ? this.carve(n, this.roomOf(n), at, length, size) : NO_SPACE;
  }

  /** Takes the shortest hole that fits. O(holes) where the alignment is longer than the range. */
  private allocateLeast(length: Units, alignment: Units, requested: number): Handle {
    for (let left = this.lengths & -length; left !== 0; left -= lowestPower(left)) {
      const room = lowestPower(left);
      const n = this.findAligned(room, alignment);
      if (n !== NIL) return this.carve(n, room, this.cells[n + OFFSET], length, requested);
    }
    return NO_SPACE;
  }

  /** A hole of this length that begins at a multiple of `alignment`, or NIL. */
  private findAligned(length: Units, alignment: Units): number {
    let n = this.heads[highestBit(length)];
    while (n !== NIL && this.cells[n + OFFSET] % alignment !== 0) n = this.cells[n + LINK];
    return n;
  }

  /** The hole at the lowest offset that fits, or NIL. O(ranges). */
  private findLowest(length: Units, alignment: Units): number {
    let n = this.cells[WALL + NEXT];
    while (n !== WALL && !this.fits(n, length, alignment)) n = this.cells[n + NEXT];
    return n;
  }

  private findHighest(length: Units, alignment: Units): number {
    let n = this.cells[WALL + PREVIOUS];
    while (n !== WALL && !this.fits(n, length, alignment)) n = this.cells[n + PREVIOUS];
    return n;
  }

  private fits(n: number, length: Units, alignment: Units): boolean {
    return !this.isLive(n) && this.roomOf(n) >= length && this.cells[n + OFFSET] % alignment === 0;
  }

  /**
   * Makes the `length` units at `at` of the hole `n`, which has `room`, live. NO_SPACE when the table is
   * full.
   */
  private carve(n: number, room: Units, at: Units, length: Units, requested: number): Handle {
    if (room !== length && !this.hasRecords(highestBit(room) - highestBit(length))) return NO_SPACE;
    this.pull(n, room);
    let live = n;
    for (let half = room; half !== length; ) {
      half = shiftRight(half, 1);
      const upper = this.insert(this.cells[live + NEXT], this.cells[live + OFFSET] + half);
      const isBelow = at < this.cells[upper + OFFSET];
      this.push(isBelow ? upper : live, half);
      if (!isBelow) live = upper;
      this.splitCount++;
    }
    this.cells[live + SIZE] = length;
    return this.begin(live, length, requested);
  }

  resize(handle: Handle, size: number): boolean {
    const n = this.find(handle);
    const units = this.unitsOfSize(size);
    if (units > LONGEST) return false;
    const before = this.cells[n + SIZE];
    const length = powerFrom(units);
    const isDone = length < before ? this.halve(n, length) : this.double(n, length);
    if (isDone) this.change(n, before, length, size);
    return isDone;
  }

  /** Gives upper halves of a live range back until it has `length` units; false when the table is full. */
  private halve(n: number, length: Units): boolean {
    const before = this.cells[n + SIZE];
    if (!this.hasRecords(highestBit(before) - highestBit(length))) return false;
    for (let half = before; half !== length; this.splitCount++) {
      half = shiftRight(half, 1);
      this.push(this.insert(this.cells[n + NEXT], this.cells[n + OFFSET] + half), half);
    }
    this.cells[n + SIZE] = length;
    return true;
  }

  /** Joins a live range with its buddies until it has `length` units; false when one of them is not free. */
  private double(n: number, length: Units): boolean {
    const { cells } = this;
    const at = cells[n + OFFSET];
    const before = cells[n + SIZE];
    let last = n;
    for (let reached = before; reached < length; reached += reached) {
      last = cells[last + NEXT];
      const isBuddy = !this.isLive(last) && this.roomOf(last) === reached && at % (reached + reached) === 0;
      if (!isBuddy) return false;
    }
    for (let reached = before; reached < length; reached += reached, this.mergeCount++) {
      const next = cells[n + NEXT];
      this.pull(next, reached);
      this.unlink(next);
      this.give(next);
    }
    cells[n + SIZE] = length;
    return true;
  }

  grow(capacity: number): void {
    const units = this.unitsOfCapacity(capacity);
    if (units < this.capacityUnits) throw this.wrongSide(capacity);
    if (!this.hasRecords(MOST_ADDED)) throw this.tooFullToGrow();
    this.addHoles(this.capacityUnits, units);
  }

  shrinkTo(capacity: number): boolean {
    const { cells } = this;
    const units = this.unitsOfCapacity(capacity);
    if (units > this.capacityUnits) throw this.wrongSide(capacity);
    let last = cells[WALL + PREVIOUS];
    for (; last !== WALL && cells[cells[last + NEXT] + OFFSET] > units; last = cells[last + PREVIOUS]) {
      if (this.isLive(last)) return false;
    }
    if (!this.hasRecords(MOST_ADDED)) return false;
    const end = cells[cells[last + NEXT] + OFFSET];
    for (let n = cells[last + NEXT]; n !== WALL; n = cells[last + NEXT]) {
      this.pull(n, this.roomOf(n));
      this.unlink(n);
      this.give(n);
      this.addedCount--;
    }
    this.addHoles(end, units);
    return true;
  }

  largestAllocatable(alignment = 1): number {
    const alignmentUnits = this.unitsOfAlignment(alignment);
    for (let left = this.lengths; left !== 0; left -= powerBelow(left)) {
      const length = powerBelow(left);
      if (this.findAligned(length, alignmentUnits) !== NIL) return length * this.granularity;
    }
    return 0;
  }
}
