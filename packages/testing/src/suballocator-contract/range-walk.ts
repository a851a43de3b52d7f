/**
 * Range walk: the shown ranges one after the other, each against the books.
 *
 * Promise  throws unless the ranges tile every region in offset order, the live ones are those of the books,
 *          and free neighbours are joined where the kind promises it, never across a border.
 */
import { type Handle, NO_SPACE, type Suballocator } from '@gpuheap/core/ranges';
import type { Books } from './books.ts';
import type { Checks } from './checks.ts';

/** See the head of the file. */
export class RangeWalk {
  /** Free ranges seen. */
  holeCount = 0;
  /** The longest of them. */
  longest = 0;
  private readonly granularity: number;
  private readonly mergesNeighbours: boolean;
  private readonly books: Books;
  private readonly check: Checks;
  private readonly call: string;
  private region = -1;
  /** Where the last range ended, and where its region does. */
  private reached = 0;
  private end = 0;
  private liveCount = 0;
  private isAfterHole = false;

  /** `call` says after what, should something be wrong. */
  constructor(subject: Suballocator, books: Books, check: Checks, call: string) {
    this.granularity = subject.granularity;
    this.mergesNeighbours = subject.capabilities.mergesNeighbours;
    this.books = books;
    this.check = check;
    this.call = call;
    this.enterRegion();
  }

  /** Looks at the next range. */
  step(offset: number, size: number, handle: Handle): void {
    if (this.reached === this.end) this.enterRegion();
    if (offset !== this.reached) this.fail(`a range begins at ${offset}, not at ${this.reached}`);
    if (!(size > 0) || size % this.granularity !== 0) {
      this.fail(`the range at ${offset} has ${size} bytes, not whole units`);
    }
    this.reached += size;
    if (this.reached > this.end) this.fail(`the range [${offset}, ${this.reached}) leaves its region`);
    if (handle === NO_SPACE) this.stepHole(offset, size);
    else this.stepLive(offset, size, handle);
  }

  /** Looks whether all has been shown. */
  finish(): void {
    const { regions, byOffset } = this.books;
    this.check.count++;
    if (this.reached !== this.end || this.region < regions.length - 1) {
      this.fail(`the ranges end at ${this.reached}, the last region does not`);
    }
    if (this.liveCount !== byOffset.length) {
      this.fail(`${this.liveCount} of ${byOffset.length} live ranges are shown`);
    }
  }

  private enterRegion(): void {
    const region = this.books.regions[this.region + 1];
    if (region === undefined) return;
    this.region++;
    this.reached = region.offset;
    this.end = region.offset + region.size;
    this.isAfterHole = false;
  }

  private stepHole(offset: number, size: number): void {
    const next = this.books.byOffset[this.liveCount];
    if (next !== undefined && next.offset < this.reached) {
      this.fail(`[${offset}, ${this.reached}) is shown free, though ${next.handle} lives there`);
    }
    if (this.isAfterHole && this.mergesNeighbours) {
      this.fail(`the free range at ${offset} was not joined with the one before it`);
    }
    this.isAfterHole = true;
    this.holeCount++;
    if (size > this.longest) this.longest = size;
  }

  private stepLive(offset: number, size: number, handle: Handle): void {
    const known = this.books.byOffset[this.liveCount];
    if (known === undefined || known.handle !== handle || known.offset !== offset || known.size !== size) {
      this.fail(`the live range [${offset}, ${this.reached}) as ${handle} was never given out so`);
    }
    this.isAfterHole = false;
    this.liveCount++;
  }

  private fail(what: string): never {
    this.check.fail(`After ${this.call}: ${what}.`);
  }
}
