/**
 * Ring: one offset after the other, round and round. For what ends about in the order in which it began, with
 * several frames in flight: uniforms, staging, readback.
 *
 * Layout   the chain of `live-ranges.ts`, in offset order, which is the order of age too, once round;
 *          `front` is the newest range, what follows it (behind the wall, if the wall is next) the oldest.
 *
 *            [ live 8, newest ][ free 20 ][ live 16, oldest ][ freed 4 ][ live 40 ][ skipped 12 ]
 *                              ↑ head                        ↑ serves when all older ones have ended
 *
 *          A request goes to the head, or to the start of the span if it does not fit in what is left in
 *          front of the end. Full and empty can not be confused: empty is a chain without ranges.
 * Cost     everything O(1), statistics too; `freeUpTo`: O(ranges ended); `reset`, `serialize` and a walk over
 *          `ranges()`: O(ranges).
 * Promise  ranges are freed in any order. Space serves again as soon as everything older has ended, or
 *          everything newer: freeing the newest moves the head back, past whatever was freed before it. An
 *          empty ring serves its whole capacity in one piece. `grow` never moves anything and never fails:
 *          while the live ranges go round the end, what is gained there waits until they no longer do.
 *          `shrinkTo` takes what no range lives in, wherever the head is.
 * Refusal  a hole between live ranges serves nothing before its time, and neither does what was skipped at
 *          the end of the span or for alignment: see `skipped`. `largestAllocatable` is exact;
 *          `statistics().largestFree` is that or, where it is more, the free space shared out among the
 *          holes. 2^21 - 1 live ranges at most: then NO_SPACE.
 * Source   the ring buffer, as in K. Harris, "bip buffer", 2003, which also never cuts a range in two.
 */
import { show } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';
import { type Handle, paddingAt, type Units } from '../base/quantities.ts';
import { LiveRanges } from './live-ranges.ts';
import { optionsOf, type RangeParts } from './state.ts';
import {
  NO_SPACE,
  type SuballocatorCapabilities,
  type SuballocatorOptions,
  type SuballocatorState,
} from './suballocator.ts';

// Cells of a record, as in live-ranges.ts; constants of this file are faster than imports.
const FREE_LINK = 1; // unused: the next unused record, or NIL
const SIZE = 1; // units
const OFFSET = 2; // first unit
const PREVIOUS = 4; // the range to the left
const NEXT = 5; // the range to the right
const BIRTH = 6; // ranges given out before this one, modulo 2^31
const BIRTH_EPOCH = 7; // and divided by 2^31
const STRIDE = 8;
const NIL = 0;
const WALL = 0;

const EPOCH: number = 2 ** 31;

const CAPABILITIES: SuballocatorCapabilities = {
  freesInAnyOrder: false,
  anyAlignment: true,
  exact: false,
  exactSizes: true,
  mergesNeighbours: true,
  exactLargestFree: false,
  strategies: [],
  allocateAt: false,
  resize: true,
  grow: true,
  shrinkTo: true,
  track: false,
  freeUpTo: true,
};

/** One offset after the other, round and round, for what ends about in the order of its beginning. O(1). */
export class Ring extends LiveRanges {
  readonly kind = 'ring';
  readonly capabilities: SuballocatorCapabilities = CAPABILITIES;

  /** @throws UsageError `bad-argument`, `unknown-option`, `bad-capacity`, `bad-granularity` */
  constructor(options: SuballocatorOptions) {
    super(options, STRIDE);
  }

  /**
   * The suballocator that `serialize` was asked of, as it was then; its handles are valid in this one.
   * O(ranges).
   * @throws UsageError `bad-state`
   */
  static restore(state: SuballocatorState): Ring {
    return new Ring(optionsOf(state, 'ring')).load(state);
  }

  /**
   * Written out, though `take` and `insert` say the same: so the engine compiles it as one piece, wherever it
   * is called, which takes up to a quarter off its time.
   */
  allocate(size: number, alignment = 1): Handle {
    const units = this.unitsOfSize(size);
    const alignmentUnits = this.unitsOfAlignment(alignment);
    let cells = this.cells;
    let left = this.front;
    let right = cells[left + NEXT];
    let head = cells[left + OFFSET] + cells[left + SIZE];
    let padding = alignmentUnits === 1 ? 0 : paddingAt(head, alignmentUnits);
    let room = cells[right + OFFSET] - head - padding;
    if (units > room) {
      // Once round, unless the oldest range is next. An empty ring has no other place.
      if (right !== WALL || left === WALL) return NO_SPACE;
      left = WALL;
      right = cells[WALL + NEXT];
      head = 0;
      padding = 0;
      room = cells[right + OFFSET];
      if (units > room) return NO_SPACE;
    }
    let n = this.freeHead;
    if (n !== NIL) {
      this.freeHead = cells[n + FREE_LINK];
    } else {
      n = this.takeFresh();
      if (n === NIL) return NO_SPACE;
      cells = this.cells;
    }
    cells[n + SIZE] = units;
    cells[n + OFFSET] = head + padding;
    cells[n + PREVIOUS] = left;
    cells[n + NEXT] = right;
    cells[left + NEXT] = n;
    cells[right + PREVIOUS] = n;
    const born = this.allocationCount;
    if (born < EPOCH) {
      cells[n + BIRTH] = born;
      cells[n + BIRTH_EPOCH] = 0;
    } else this.noteLateBirth(n);
    if (padding !== 0) this.splitCount++;
    if (units !== room) this.splitCount++;
    this.front = n;
    return this.begin(n, units, size);
  }

  private noteLateBirth(n: number): void {
    this.cells[n + BIRTH] = this.allocationCount % EPOCH;
    this.cells[n + BIRTH_EPOCH] = Math.floor(this.allocationCount / EPOCH);
  }

  free(handle: Handle): void {
    this.drop(this.find(handle));
  }

  private drop(n: number): void {
    const isNewest = n === this.front;
    const left = this.cells[n + PREVIOUS];
    this.remove(n);
    // What is left of the wall is older than what is right of it.
    if (isNewest) this.front = left === WALL ? this.cells[WALL + PREVIOUS] : left;
  }

  /**
   * The present moment: how many ranges have been given out so far. Grows with every range, is never the same
   * for two of them, and means the same in what is restored from this ring.
   */
  mark(): number {
    return this.allocationCount;
  }

  /**
   * Ends every range that was given out before `mark`, the oldest first; answers how many. O(ranges ended).
   * @throws UsageError `bad-argument` for what this ring can not have given out: a mark that lies ahead, or
   *   no integer from 0 up
   */
  freeUpTo(mark: number): number {
    if (!Number.isSafeInteger(mark) || mark < 0 || mark > this.allocationCount) {
      throw new UsageError(
        'bad-argument',
        `mark is ${show(mark)}, this ring is at ${this.allocationCount}; pass what its mark() answered`,
      );
    }
    let count = 0;
    for (let n = this.oldest(); n !== WALL && this.birthOf(n) < mark; n = this.oldest()) {
      this.drop(n);
      count++;
    }
    return count;
  }

  /** What would fit at the head, or at the start of the span. O(1). @throws UsageError `bad-alignment` */
  largestAllocatable(alignment = 1): number {
    const atHead = this.alignedRoomBehind(this.front, this.unitsOfAlignment(alignment));
    return Math.max(atHead, this.roomAtStart()) * this.granularity;
  }

  /**
   * Bytes that are free and serve nothing now: skipped at the end of the span or for alignment, or freed
   * before their time.
   */
  get skipped(): number {
    const serving = this.roomBehind(this.front) + this.roomAtStart();
    return (this.capacityUnits - this.usedUnits - serving) * this.granularity;
  }

  protected longestHole(): Units {
    return this.boundFrom(Math.max(this.roomBehind(this.front), this.roomAtStart()));
  }

  /** Units at the start of the span that serve now and do not follow the head. */
  private roomAtStart(): Units {
    const isWallNext = this.front !== WALL && this.cells[this.front + NEXT] === WALL;
    return isWallNext ? this.roomBehind(WALL) : 0;
  }

  /** The oldest range, or WALL. */
  private oldest(): number {
    const right = this.cells[this.front + NEXT];
    return right === WALL ? this.cells[WALL + NEXT] : right;
  }

  /** How many ranges had been given out before this one. */
  private birthOf(n: number): number {
    return this.cells[n + BIRTH] + this.cells[n + BIRTH_EPOCH] * EPOCH;
  }

  protected override loadParts(parts: Readonly<RangeParts>): boolean {
    if (!super.loadParts(parts)) return false;
    return (this.front === WALL) === (this.liveCount === 0) && this.hasSoundBirths();
  }

  /** Whether every range is younger than the one before it, and all have been given out. */
  private hasSoundBirths(): boolean {
    let before = -1;
    let n = this.oldest();
    for (let i = 0; i < this.liveCount; i++) {
      const birth = this.birthOf(n);
      if (birth <= before || this.cells[n + BIRTH] < 0) return false;
      before = birth;
      const right = this.cells[n + NEXT];
      n = right === WALL ? this.cells[WALL + NEXT] : right;
    }
    return before < this.allocationCount;
  }
}
