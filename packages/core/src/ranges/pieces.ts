/**
 * Pieces: a span cut into live and free pieces, of which the free ones stay apart until someone needs them
 * together. The base of `fixed`, which thereby links nothing while it frees and reuses single slots.
 *
 * Layout   a record a piece, live or free, linked to its neighbours in offset order; 24 bytes, in one
 *          Int32Array. The free ones form a stack, the one freed last on top. What `ranges()` shows as one
 *          free range, a hole, is a row of free pieces.
 *
 *            wall [ live 1 ][ free 1 ][ free 1 ][ live 3 ][ free 60 ] wall         the last wall is the first
 *                               ↑ newest  └──────────→─────────┘
 *
 *          Nothing has a record before it is first used: a span of 2^31 - 1 slots costs nothing.
 * Cost     push, insert, cutFront: O(1). A search for a hole, and all that takes pieces out of the stack
 *          otherwise than from its top: O(pieces).
 * Promise  every free piece is in the stack, once, and nothing else is.
 * Refusal  2^21 - 1 records for pieces. Who finds the table full can join the pieces of each hole.
 */
import { signBit } from '../base/bits.ts';
import { paddingAt, type Units } from '../base/quantities.ts';
import { Neighbours, WALL } from './neighbours.ts';
import type { RangeParts } from './state.ts';
import {
  NO_SPACE,
  type RangeView,
  type Strategy,
  type Suballocator,
  type SuballocatorOptions,
} from './suballocator.ts';

// Cells of a record.
const NAME = 0; // negative while the piece is free
const SIZE = 1; // units; 0 in a piece that is dropped
const OFFSET = 2; // first unit
const LINK = 3; // free: the piece below it in the stack, or NIL (live: the slack)
const PREVIOUS = 4; // the piece to the left
const NEXT = 5; // the piece to the right
const STRIDE = 6;
const NIL = 0;

/**
 * 1 for a free piece, 0 for a live one and for the wall. A branch in its place would often be mispredicted.
 */
export function isFree(cells: Int32Array, n: number): number {
  return signBit(cells[n + NAME]);
}

/** See the head of the file. */
export abstract class Pieces extends Neighbours implements Suballocator {
  /** The free piece on top of the stack, or NIL. */
  protected newest: number = NIL;

  /** @throws UsageError `bad-argument`, `unknown-option`, `bad-capacity`, `bad-granularity` */
  constructor(options: SuballocatorOptions) {
    super(options, STRIDE);
    this.makeNameless(WALL);
    this.empty();
    this.addedCount = 1;
  }

  reset(): void {
    this.clear();
    this.empty();
    this.countReset(1);
  }

  /** One free piece, as long as the span. */
  private empty(): void {
    this.unlinkAll();
    this.newest = NIL;
    this.push(this.insert(WALL, 0, this.capacityUnits));
  }

  *ranges(): IterableIterator<RangeView> {
    for (let n = this.cells[WALL + NEXT]; n !== WALL; ) {
      const offset = this.cells[n + OFFSET];
      if (this.isLive(n)) {
        yield this.viewOf(offset, this.cells[n + SIZE], this.handleOf(n));
        n = this.cells[n + NEXT];
      } else {
        yield this.viewOf(offset, this.roomFrom(n), NO_SPACE);
        n = this.behindHole(n);
      }
    }
  }

  /** O(pieces). @throws UsageError `bad-alignment` */
  largestAllocatable(alignment = 1): number {
    const alignmentUnits = this.unitsOfAlignment(alignment);
    let best = 0;
    for (let n = this.nextHole(WALL); n !== WALL; n = this.nextHole(n)) {
      best = Math.max(best, this.roomFrom(n) - paddingAt(this.cells[n + OFFSET], alignmentUnits));
    }
    return best * this.granularity;
  }

  protected longestHole(): Units {
    // One hole at least is as long as all are on average.
    return this.holeCount === 0 ? 0 : Math.ceil((this.capacityUnits - this.usedUnits) / this.holeCount);
  }

  /** Bytes of metadata now. */
  get metadataBytes(): number {
    return this.tableBytes;
  }

  /** The first piece of the hole that serves a request by the strategy, or NIL. O(pieces). */
  protected findHole(strategy: Strategy, units: Units, alignment: Units): number {
    let best = NIL;
    let least = Number.POSITIVE_INFINITY;
    for (let n = this.nextHole(WALL); n !== WALL; n = this.nextHole(n)) {
      const room = this.roomFrom(n);
      if (room - paddingAt(this.cells[n + OFFSET], alignment) < units) continue;
      if (strategy === 'min-offset') return n;
      if (strategy === 'min-waste' && room >= least) continue;
      best = n;
      least = room;
    }
    return best;
  }

  /**
   * The first piece of the hole behind the hole that begins with `n`, or behind WALL; WALL when there is
   * none.
   */
  private nextHole(n: number): number {
    let piece = n === WALL ? this.cells[WALL + NEXT] : this.behindHole(n);
    while (piece !== WALL && this.isLive(piece)) piece = this.cells[piece + NEXT];
    return piece;
  }

  /** The first piece from `n` on that is not free. */
  private behindHole(n: number): number {
    let piece = n;
    while (!this.isLive(piece)) piece = this.cells[piece + NEXT];
    return piece;
  }

  /** The piece from `n` on that `at` lies in, or WALL. */
  protected pieceAt(n: number, at: Units): number {
    const { cells } = this;
    let piece = n;
    while (piece !== WALL && cells[piece + OFFSET] + cells[piece + SIZE] <= at) piece = cells[piece + NEXT];
    return piece;
  }

  /** Free units in a row from the piece `n` on. */
  protected roomFrom(n: number): Units {
    let room = 0;
    for (let piece = n; !this.isLive(piece); piece = this.cells[piece + NEXT]) {
      room += this.cells[piece + SIZE];
    }
    return room;
  }

  /** Puts a free piece on the stack. */
  protected push(n: number): void {
    this.cells[n + LINK] = this.newest;
    this.newest = n;
  }

  /** Takes `leaving`, or NIL, and `dropped` pieces out of the stack; the records of the latter are free. */
  protected unstack(leaving: number, dropped: number): void {
    const { cells } = this;
    let above = NIL;
    let left = dropped + (leaving === NIL ? 0 : 1);
    for (let n = this.newest; left > 0; ) {
      const below = cells[n + LINK];
      if (n !== leaving && cells[n + SIZE] > 0) above = n;
      else {
        if (above === NIL) this.newest = below;
        else cells[above + LINK] = below;
        if (n !== leaving) this.give(n);
        left--;
      }
      n = below;
    }
  }

  /** A piece of `units` at `offset`, before the piece `next`. The table must have a record. */
  protected insert(next: number, offset: Units, units: Units): number {
    const n = this.take();
    this.cells[n + SIZE] = units;
    this.cells[n + OFFSET] = offset;
    this.linkBefore(next, n);
    return n;
  }

  /** Makes the first units of a free piece one of their own. The table must have a record. */
  protected cutFront(n: number, units: Units): number {
    const front = this.insert(n, this.cells[n + OFFSET], units);
    this.cells[n + OFFSET] += units;
    this.cells[n + SIZE] -= units;
    return front;
  }

  /** Makes a piece `units` long at the cost of the free ones behind it. Answers how many of them it drops. */
  protected extend(n: number, units: Units): number {
    const { cells } = this;
    let dropped = 0;
    while (cells[n + SIZE] < units) {
      const next = cells[n + NEXT];
      const part = Math.min(cells[next + SIZE], units - cells[n + SIZE]);
      cells[n + SIZE] += part;
      cells[next + OFFSET] += part;
      cells[next + SIZE] -= part;
      if (cells[next + SIZE] > 0) break;
      this.drop(next);
      dropped++;
    }
    return dropped;
  }

  /** Takes a free piece out of the offset order. It is to leave the stack too. */
  protected drop(n: number): void {
    this.cells[n + SIZE] = 0;
    this.unlink(n);
  }

  /** Makes one piece of the pieces of each hole. Answers whether that has freed records. O(pieces). */
  protected joinHoles(): boolean {
    let dropped = 0;
    for (let n = this.nextHole(WALL); n !== WALL; n = this.nextHole(n)) {
      dropped += this.extend(n, this.roomFrom(n));
    }
    this.unstack(NIL, dropped);
    return dropped > 0;
  }

  protected saveParts(parts: RangeParts): void {
    parts.more = Float64Array.of(this.newest);
  }

  protected loadParts(parts: Readonly<RangeParts>): boolean {
    const { more } = parts;
    if (!(more instanceof Float64Array) || more.length !== 1) return false;
    this.newest = more[0];
    const free = this.freePieces();
    for (let n = this.newest; n !== NIL; n = this.cells[n + LINK]) if (!free?.delete(n)) return false;
    return free?.size === 0;
  }

  /**
   * The free pieces; undefined unless all pieces form one closed chain that tiles the span and was counted.
   */
  private freePieces(): Set<number> | undefined {
    const { cells } = this;
    const free = new Set<number>();
    const counts = { live: 0, holes: 0, used: 0 };
    let reached = 0;
    let previous = WALL;
    for (let n = cells[WALL + NEXT]; n !== WALL; n = cells[n + NEXT]) {
      if (!this.isRecord(n) || this.isNameless(n) || cells[n + PREVIOUS] !== previous) return undefined;
      // Sizes are positive, so the walk ends.
      const isNext = cells[n + SIZE] > 0 && cells[n + OFFSET] === reached && reached < this.capacityUnits;
      if (!isNext) return undefined;
      if (this.isLive(n)) {
        counts.live++;
        counts.used += cells[n + SIZE];
      } else {
        if (this.isLive(previous)) counts.holes++;
        free.add(n);
      }
      reached += cells[n + SIZE];
      previous = n;
    }
    const isSound =
      this.isLive(WALL) &&
      cells[WALL + SIZE] === 0 &&
      cells[WALL + PREVIOUS] === previous &&
      reached === this.capacityUnits &&
      counts.live === this.liveCount &&
      counts.holes === this.holeCount &&
      counts.used === this.usedUnits;
    return isSound ? free : undefined;
  }
}
