/**
 * Power ranges: a span cut into ranges whose lengths are powers of two, each at a multiple of its length;
 * free ones are joined with their buddies at once. The base of `buddy`, which says what is served from where.
 *
 * Layout   a record a range, live or free, linked to its neighbours in offset order; 24 bytes, in one
 *          Int32Array. A hole stands in the list of its length, newest first, and a bit per length says which
 *          lists have any. It has no length of its own: it ends where the next range begins, the last one at
 *          the wall. Capacities that are no power of two are cut into the longest ranges that fit one after
 *          the other: 22 into 16, 4, 2.
 *
 *            [ live 4 ][ free 4 ][ live 2 ][ 1 ][ free 1 ][ free 4 ][ live 4 ][ free 2 ] wall 22
 *            0         4         8         10   11        12        16        20
 *
 *          The fours at 4 and 12 have buddies at 0 and 8, which are not free, or not whole.
 * Cost     push, pull, insert: O(1). release: O(log n), a merge for each doubling.
 * Promise  no two buddies are free.
 */
import { highestBit, isPowerOfTwo, lowestPower, powerBelow, shiftRight } from '../base/bits.ts';
import type { Units } from '../base/quantities.ts';
import { Neighbours, WALL } from './neighbours.ts';
import type { RangeParts } from './state.ts';
import { NO_SPACE, type RangeView, type Suballocator, type SuballocatorOptions } from './suballocator.ts';

// Cells of a record.
const NAME = 0; // negative while the range is free
const SIZE = 1; // live: units, a power of two
const LINK = 1; // free: the next hole of its length, or NIL
const OFFSET = 2; // first unit; of the wall: where the span ends
const BACK = 3; // free: the hole before it in the list, or NIL (live: the slack)
const PREVIOUS = 4; // the range to the left
const NEXT = 5; // the range to the right
const STRIDE = 6;
const NIL = 0;

/** Units of the longest range of any span. */
export const LONGEST: number = 2 ** 30;
/** Records that a span of any length is cut into at first, at most. */
export const MOST_ADDED = 62;

/** See the head of the file. */
export abstract class PowerRanges extends Neighbours implements Suballocator {
  /** The first hole of 2^i units, or NIL. */
  protected heads: Int32Array = new Int32Array(31);
  /** The lengths of holes that there are, each its own bit. */
  protected lengths: number = 0;

  /** @throws UsageError `bad-argument`, `unknown-option`, `bad-capacity`, `bad-granularity` */
  constructor(options: SuballocatorOptions) {
    super(options, STRIDE);
    this.makeNameless(WALL);
    this.empty();
  }

  reset(): void {
    this.clear();
    this.empty();
    this.countReset(this.addedCount);
  }

  /** The whole span is holes. */
  private empty(): void {
    this.unlinkAll();
    this.heads.fill(NIL);
    this.lengths = 0;
    this.addedCount = 0;
    this.addHoles(0, this.capacityUnits);
  }

  /** Makes the units from `from` on holes, and the span end at `to`. The table must have the records. */
  protected addHoles(from: Units, to: Units): void {
    this.capacityUnits = to;
    this.cells[WALL + OFFSET] = to;
    for (let at = from, length = 0; at < to; at += length) {
      length = at === 0 ? LONGEST : lowestPower(at);
      while (length > to - at) length = shiftRight(length, 1);
      const n = this.insert(WALL, at);
      this.addedCount++;
      this.release(n, length);
    }
  }

  /** Makes a range that is in no list a hole, joined with its buddy for as long as that is free. */
  protected release(freed: number, units: Units): void {
    const { cells } = this;
    let n = freed;
    let at = cells[n + OFFSET];
    let length = units;
    for (;;) {
      if ((at & length) === 0) {
        const next = cells[n + NEXT];
        const behind = cells[next + NEXT];
        if (cells[next + NAME] > 0 || cells[behind + OFFSET] - at !== length + length) break;
        this.pull(next, length);
        this.give(next);
        cells[n + NEXT] = behind;
        cells[behind + PREVIOUS] = n;
      } else {
        const previous = cells[n + PREVIOUS];
        if (cells[previous + NAME] > 0 || cells[previous + OFFSET] !== at - length) break;
        const next = cells[n + NEXT];
        this.pull(previous, length);
        this.give(n);
        cells[previous + NEXT] = next;
        cells[next + PREVIOUS] = previous;
        n = previous;
        at -= length;
      }
      length += length;
      this.mergeCount++;
    }
    this.push(n, length);
  }

  *ranges(): IterableIterator<RangeView> {
    for (let n = this.cells[WALL + NEXT]; n !== WALL; n = this.cells[n + NEXT]) {
      yield this.viewOf(this.cells[n + OFFSET], this.roomOf(n), this.isLive(n) ? this.handleOf(n) : NO_SPACE);
    }
  }

  /** Bytes of metadata now. */
  get metadataBytes(): number {
    return this.tableBytes + this.heads.byteLength;
  }

  /** Units from where a range begins to where the next one does. */
  protected roomOf(n: number): Units {
    return this.cells[this.cells[n + NEXT] + OFFSET] - this.cells[n + OFFSET];
  }

  /** Puts a hole in the list of its length. */
  protected push(n: number, length: Units): void {
    const { cells, heads } = this;
    const order = highestBit(length);
    const head = heads[order];
    cells[n + LINK] = head;
    cells[n + BACK] = NIL;
    if (head !== NIL) cells[head + BACK] = n;
    heads[order] = n;
    this.lengths |= length;
  }

  /** Takes a hole out of the list of its length. */
  protected pull(n: number, length: Units): void {
    const { cells } = this;
    const after = cells[n + LINK];
    const before = cells[n + BACK];
    if (after !== NIL) cells[after + BACK] = before;
    if (before !== NIL) cells[before + LINK] = after;
    else {
      this.heads[highestBit(length)] = after;
      if (after === NIL) this.lengths -= length;
    }
  }

  /** A range before `next` that is in no list. The table must have a record. */
  protected insert(next: number, offset: Units): number {
    const n = this.take();
    this.cells[n + OFFSET] = offset;
    this.linkBefore(next, n);
    return n;
  }

  protected longestHole(): Units {
    return this.lengths === 0 ? 0 : powerBelow(this.lengths);
  }

  protected saveParts(parts: RangeParts): void {
    parts.bins = this.heads.slice();
  }

  protected loadParts(parts: Readonly<RangeParts>): boolean {
    const { bins } = parts;
    if (!(bins instanceof Int32Array) || bins.length !== this.heads.length) return false;
    this.heads = bins.slice();
    this.lengths = 0;
    const holes = this.findHoles();
    for (let order = 0; order < bins.length; order++) {
      let before = NIL;
      for (let n = bins[order]; n !== NIL; before = n, n = this.cells[n + LINK]) {
        if (!holes?.delete(n) || this.roomOf(n) !== 2 ** order || this.cells[n + BACK] !== before)
          return false;
        this.lengths |= 2 ** order;
      }
    }
    return holes?.size === 0;
  }

  /** The holes; undefined unless all ranges form one closed chain of buddies that tiles the span. */
  private findHoles(): Set<number> | undefined {
    const { cells, capacityUnits } = this;
    const holes = new Set<number>();
    const first = cells[WALL + NEXT];
    let previous = WALL;
    for (let n = first; n !== WALL; n = cells[n + NEXT]) {
      if (!this.isRecord(n) || this.isNameless(n) || cells[n + PREVIOUS] !== previous) return undefined;
      // Each ends where the next one begins. Lengths are positive, so the walk ends.
      const length = this.roomOf(n);
      const isBuddy = length > 0 && isPowerOfTwo(length) && cells[n + OFFSET] % length === 0;
      if (!isBuddy) return undefined;
      if (!this.isLive(n)) holes.add(n);
      else if (cells[n + SIZE] !== length) return undefined;
      previous = n;
    }
    const isWhole =
      this.isLive(WALL) &&
      cells[WALL + PREVIOUS] === previous &&
      cells[WALL + OFFSET] === capacityUnits &&
      cells[first + OFFSET] === 0 &&
      holes.size === this.holeCount;
    return isWhole ? holes : undefined;
  }
}
