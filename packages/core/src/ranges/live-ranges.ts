/**
 * Live ranges: a span in which only live ranges have records, linked in offset order; a hole is what lies
 * between two of them. The base of the kinds that serve requests at one place and never search.
 *
 * Layout   the wall, record 0, closes the chain: it begins where the span ends and is as long as the span,
 *          negative, so that it ends where the span begins. Thus every range has two neighbours, and a hole
 *          is always `offset of the right one - end of the left one`.
 *
 *            wall [ live 12 ] hole 20 [ live 8 ] hole 60 wall       the last wall is the first
 *
 * Cost     all O(1) but `reset`, `serialize` and a walk over `ranges()`.
 * Promise  free neighbours are one hole, since nothing parts them. Nothing ever moves: `grow` and `shrinkTo`
 *          move the wall alone, and `resize` the end of a range alone, as far as the hole behind it goes.
 * Refusal  does not know which hole is the longest: `largestFree` is a bound from below, at least the free
 *          space shared out among the holes.
 */
import { type Handle, paddingAt, type Units } from '../base/quantities.ts';
import { Neighbours, WALL } from './neighbours.ts';
import type { RangeParts } from './state.ts';
import { NO_SPACE, type RangeView, type Suballocator, type SuballocatorOptions } from './suballocator.ts';

// Cells of a record.
const SIZE = 1; // units
const OFFSET = 2; // first unit
const PREVIOUS = 4; // the range to the left
const NEXT = 5; // the range to the right

/** See the head of the file. */
export abstract class LiveRanges extends Neighbours implements Suballocator {
  /** The range behind which the next one is placed, or WALL. */
  protected front: number = WALL;

  /**
   * `stride`: cells of a record, 6 or more.
   * @throws UsageError `bad-argument`, `unknown-option`, `bad-capacity`, `bad-granularity`
   */
  constructor(options: SuballocatorOptions, stride: number) {
    super(options, stride);
    this.empty();
    this.addedCount = 1;
  }

  resize(handle: Handle, size: number): boolean {
    const n = this.find(handle);
    const units = this.unitsOfSize(size);
    const cells = this.cells;
    const before = cells[n + SIZE];
    const room = cells[cells[n + NEXT] + OFFSET] - cells[n + OFFSET];
    if (units > room) return false;
    if (before < room && units === room) this.mergeCount++;
    else if (before === room && units < room) this.splitCount++;
    cells[n + SIZE] = units;
    this.change(n, before, units, size);
    return true;
  }

  grow(capacity: number): void {
    const units = this.unitsOfCapacity(capacity);
    if (units < this.capacityUnits) throw this.wrongSide(capacity);
    this.moveWall(units);
  }

  shrinkTo(capacity: number): boolean {
    const units = this.unitsOfCapacity(capacity);
    if (units > this.capacityUnits) throw this.wrongSide(capacity);
    if (this.endOf(this.cells[WALL + PREVIOUS]) > units) return false;
    this.moveWall(units);
    return true;
  }

  /** Ends the span at `units` from now on. */
  private moveWall(units: Units): void {
    const end = this.endOf(this.cells[WALL + PREVIOUS]);
    this.addedCount += (end < units ? 1 : 0) - (end < this.capacityUnits ? 1 : 0);
    this.capacityUnits = units;
    this.cells[WALL + OFFSET] = units;
    this.cells[WALL + SIZE] = -units;
  }

  reset(): void {
    this.clear();
    this.empty();
    this.countReset(1);
  }

  private empty(): void {
    this.cells[WALL + OFFSET] = this.capacityUnits;
    this.cells[WALL + SIZE] = -this.capacityUnits;
    this.unlinkAll();
    this.front = WALL;
  }

  *ranges(): IterableIterator<RangeView> {
    let reached = 0;
    for (let n = this.cells[WALL + NEXT]; n !== WALL; n = this.cells[n + NEXT]) {
      const offset = this.cells[n + OFFSET];
      if (offset > reached) yield this.viewOf(reached, offset - reached, NO_SPACE);
      yield this.viewOf(offset, this.cells[n + SIZE], this.handleOf(n));
      reached = this.endOf(n);
    }
    if (reached < this.capacityUnits) yield this.viewOf(reached, this.capacityUnits - reached, NO_SPACE);
  }

  /** Bytes of metadata now. */
  get metadataBytes(): number {
    return this.tableBytes;
  }

  /** The first unit behind a range; 0 behind the wall. */
  protected endOf(n: number): Units {
    return this.cells[n + OFFSET] + this.cells[n + SIZE];
  }

  /** Units between a range, or the wall, and what follows it. */
  protected roomBehind(n: number): Units {
    return this.cells[this.cells[n + NEXT] + OFFSET] - this.endOf(n);
  }

  /** Units between a range, or the wall, and what follows it, from the first multiple of `alignment` on. */
  protected alignedRoomBehind(n: number, alignment: Units): Units {
    return Math.max(0, this.roomBehind(n) - paddingAt(this.endOf(n), alignment));
  }

  /** Lays a record that is not live yet at `offset`, inside the hole behind `left`. */
  protected insert(n: number, left: number, offset: Units, units: Units): void {
    const cells = this.cells;
    const right = cells[left + NEXT];
    cells[n + SIZE] = units;
    cells[n + OFFSET] = offset;
    this.linkAfter(left, n);
    if (offset !== cells[left + OFFSET] + cells[left + SIZE]) this.splitCount++;
    if (offset + units !== cells[right + OFFSET]) this.splitCount++;
  }

  /** Ends a live range: its place and the holes beside it are one hole. */
  protected remove(n: number): void {
    const cells = this.cells;
    const left = cells[n + PREVIOUS];
    const right = cells[n + NEXT];
    const units = cells[n + SIZE];
    if (cells[n + OFFSET] !== cells[left + OFFSET] + cells[left + SIZE]) this.mergeCount++;
    if (cells[n + OFFSET] + units !== cells[right + OFFSET]) this.mergeCount++;
    this.unlink(n);
    this.end(n, units);
    this.give(n);
  }

  /** A bound from below for the longest hole, when one of `known` units is known. */
  protected boundFrom(known: Units): Units {
    if (this.holeCount === 0) return 0;
    // One hole at least is as long as all are on average.
    return Math.max(known, Math.ceil((this.capacityUnits - this.usedUnits) / this.holeCount));
  }

  protected saveParts(parts: RangeParts): void {
    parts.more = Float64Array.of(this.front);
  }

  protected loadParts(parts: Readonly<RangeParts>): boolean {
    const { more } = parts;
    if (!(more instanceof Float64Array) || more.length === 0) return false;
    this.front = more[0];
    return (this.front === WALL || this.isRange(this.front)) && this.hasSoundLinks();
  }

  private isRange(n: number): boolean {
    return this.isRecord(n) && this.isLive(n) && !this.isNameless(n);
  }

  /**
   * Whether the live ranges, all of them, form one closed chain within the span that agrees with the figures.
   */
  private hasSoundLinks(): boolean {
    const { cells, capacityUnits } = this;
    if (cells[WALL + OFFSET] !== capacityUnits || cells[WALL + SIZE] !== -capacityUnits) return false;
    const counts = { live: 0, holes: 0, used: 0 };
    let previous = WALL;
    for (let n = cells[WALL + NEXT]; n !== WALL; n = cells[n + NEXT]) {
      if (!this.isRange(n) || cells[n + PREVIOUS] !== previous) return false;
      // Offsets ascend, so the walk ends.
      if (cells[n + SIZE] < 1 || cells[n + OFFSET] < this.endOf(previous)) return false;
      if (cells[n + OFFSET] > this.endOf(previous)) counts.holes++;
      counts.live++;
      counts.used += cells[n + SIZE];
      previous = n;
    }
    if (this.endOf(previous) < capacityUnits) counts.holes++;
    return (
      cells[WALL + PREVIOUS] === previous &&
      capacityUnits > 0 &&
      this.endOf(previous) <= capacityUnits &&
      counts.live === this.liveCount &&
      counts.holes === this.holeCount &&
      counts.used === this.usedUnits
    );
  }
}
