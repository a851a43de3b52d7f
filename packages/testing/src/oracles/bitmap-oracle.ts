/**
 * Bitmap oracle: one byte per unit, so that every question is answered by looking at every unit.
 *
 * Cost     O(units) a question; for spans of at most 2^20 units.
 */
import type { FreeRange, SpaceOracle } from './space-oracle.ts';

const MOST_UNITS = 2 ** 20;

/** See the head of the file. */
export class BitmapOracle implements SpaceOracle {
  readonly name: string = 'bitmap';
  private readonly granularity: number;
  /** 0 for a free unit, else the number of the `take` that marked it. */
  private readonly owners: Uint32Array;
  private takes = 0;

  /** `capacity` and `granularity` in bytes. Throws when there are too many units to look at. */
  constructor(capacity: number, granularity: number) {
    if (!BitmapOracle.suits(capacity, granularity)) throw new RangeError('too many units for a bitmap');
    this.granularity = granularity;
    this.owners = new Uint32Array(capacity / granularity);
  }

  /** Whether a span is small enough. */
  static suits(capacity: number, granularity: number): boolean {
    return capacity / granularity <= MOST_UNITS;
  }

  take(offset: number, size: number): string | undefined {
    const { first, count, complaint } = this.unitsOf(offset, size);
    if (complaint !== undefined) return complaint;
    for (let unit = first; unit < first + count; unit++) {
      if (this.owners[unit] !== 0) {
        return `[${offset}, ${offset + size}) overlaps a live range at ${unit * this.granularity}`;
      }
    }
    this.takes++;
    this.owners.fill(this.takes, first, first + count);
    return undefined;
  }

  give(offset: number, size: number): string | undefined {
    const { first, count, complaint } = this.unitsOf(offset, size);
    if (complaint !== undefined) return complaint;
    const owner = this.owners[first] as number;
    const isWhole =
      owner !== 0 &&
      this.owners.subarray(first, first + count).every((each) => each === owner) &&
      this.owners[first - 1] !== owner &&
      this.owners[first + count] !== owner;
    if (!isWhole) return `[${offset}, ${offset + size}) is not a live range`;
    this.owners.fill(0, first, first + count);
    return undefined;
  }

  clear(): void {
    this.owners.fill(0);
  }

  largest(alignment: number): number {
    let run = 0;
    let best = 0;
    for (let unit = this.owners.length - 1; unit >= 0; unit--) {
      run = this.owners[unit] === 0 ? run + 1 : 0;
      if (run > best && (unit * this.granularity) % alignment === 0) best = run;
    }
    return best * this.granularity;
  }

  freeRanges(): FreeRange[] {
    const found: FreeRange[] = [];
    let start = -1;
    for (let unit = 0; unit <= this.owners.length; unit++) {
      const isFree = this.owners[unit] === 0;
      if (isFree && start < 0) start = unit;
      if (!isFree && start >= 0) {
        found.push({ offset: start * this.granularity, size: (unit - start) * this.granularity });
        start = -1;
      }
    }
    return found;
  }

  private unitsOf(offset: number, size: number): { first: number; count: number; complaint?: string } {
    const first = offset / this.granularity;
    const count = size / this.granularity;
    if (!Number.isInteger(first) || !Number.isInteger(count) || count < 1) {
      return { first, count, complaint: `[${offset}, ${offset + size}) is not whole units` };
    }
    if (first < 0 || first + count > this.owners.length) {
      return { first, count, complaint: `[${offset}, ${offset + size}) leaves the span` };
    }
    return { first, count };
  }
}
