/**
 * Bitmap oracle: one number per unit, so that every question is answered by looking at every unit.
 *
 * Cost     O(units) a question; for spans of at most 2^20 units.
 */
import type { FreeRange, SpaceOracle } from './space-oracle.ts';

const MOST_UNITS = 2 ** 20;
const FREE = 0;
const UNMANAGED: number = 2 ** 32 - 1;

/** See the head of the file. */
export class BitmapOracle implements SpaceOracle {
  readonly name: string = 'bitmap';
  private readonly granularity: number;
  /** FREE, UNMANAGED, or the number of the `take` that marked the unit. */
  private owners: Uint32Array = new Uint32Array(0);
  /** 1 where a region begins. */
  private borders: Uint8Array = new Uint8Array(0);
  private takes = 0;

  /** `capacity` and `granularity` in bytes. Throws when there are too many units to look at. */
  constructor(capacity: number, granularity: number) {
    this.granularity = granularity;
    const complaint = this.open(0, capacity, false);
    if (complaint !== undefined) throw new RangeError(complaint);
  }

  /** Whether a span that ends at `capacity` is small enough. */
  static suits(capacity: number, granularity: number): boolean {
    return capacity / granularity <= MOST_UNITS;
  }

  take(offset: number, size: number): string | undefined {
    const { first, end, complaint } = this.unitsOf(offset, size);
    if (complaint !== undefined) return complaint;
    for (let unit = first; unit < end; unit++) {
      const owner = this.owners[unit];
      if (owner === FREE && (unit === first || this.borders[unit] === 0)) continue;
      const what =
        owner === UNMANAGED ? 'is not managed' : owner === FREE ? 'is behind a border' : 'is live already';
      return `the unit at ${unit * this.granularity} of [${offset}, ${offset + size}) ${what}`;
    }
    this.takes++;
    this.owners.fill(this.takes, first, end);
    return undefined;
  }

  give(offset: number, size: number): string | undefined {
    const { first, end, complaint } = this.unitsOf(offset, size);
    if (complaint !== undefined) return complaint;
    const owner = this.owners[first] as number;
    let isWhole = owner !== FREE && owner !== UNMANAGED;
    for (let unit = first + 1; unit < end; unit++) isWhole &&= this.owners[unit] === owner;
    isWhole &&= this.owners[first - 1] !== owner && this.owners[end] !== owner;
    if (!isWhole) return `[${offset}, ${offset + size}) is not a live range`;
    this.owners.fill(FREE, first, end);
    return undefined;
  }

  clear(): void {
    for (let unit = 0; unit < this.owners.length; unit++) {
      if (this.owners[unit] !== UNMANAGED) this.owners[unit] = FREE;
    }
  }

  open(offset: number, size: number, asMore: boolean): string | undefined {
    const first = offset / this.granularity;
    const end = first + size / this.granularity;
    if (end > MOST_UNITS) return 'too many units for a bitmap';
    for (let unit = first; unit < Math.min(end, this.owners.length); unit++) {
      if (this.owners[unit] !== UNMANAGED) return `[${offset}, ${offset + size}) is managed already`;
    }
    const isJoined = first > 0 && first <= this.owners.length && this.owners[first - 1] !== UNMANAGED;
    if (asMore && !isJoined) return `no region ends at ${offset}`;
    if (end > this.owners.length) this.lengthen(end);
    this.owners.fill(FREE, first, end);
    this.borders[first] = asMore ? 0 : 1;
    return undefined;
  }

  close(offset: number, size: number): string | undefined {
    const { first, end, complaint } = this.unitsOf(offset, size);
    if (complaint !== undefined) return complaint;
    for (let unit = first; unit < end; unit++) {
      if (this.owners[unit] !== FREE) return `[${offset}, ${offset + size}) is not free`;
      if (unit > first && this.borders[unit] === 1) return `[${offset}, ${offset + size}) has a border in it`;
    }
    const isEnd = end === this.owners.length || this.owners[end] === UNMANAGED || this.borders[end] === 1;
    if (!isEnd) return `[${offset}, ${offset + size}) is not the end of a region`;
    this.owners.fill(UNMANAGED, first, end);
    this.borders[first] = 0;
    return undefined;
  }

  largest(alignment: number): number {
    const { owners, borders, granularity } = this;
    let run = 0;
    let best = 0;
    for (let unit = owners.length - 1; unit >= 0; unit--) {
      run = owners[unit] === FREE ? run + 1 : 0;
      if (run > best && (unit * granularity) % alignment === 0) best = run;
      if (borders[unit] === 1) run = 0;
    }
    return best * granularity;
  }

  freeRanges(): FreeRange[] {
    const found: FreeRange[] = [];
    let start = -1;
    for (let unit = 0; unit <= this.owners.length; unit++) {
      const isFree = this.owners[unit] === FREE;
      if (start >= 0 && (!isFree || this.borders[unit] === 1)) {
        found.push({ offset: start * this.granularity, size: (unit - start) * this.granularity });
        start = -1;
      }
      if (isFree && start < 0) start = unit;
    }
    return found;
  }

  private lengthen(units: number): void {
    const owners = new Uint32Array(units).fill(UNMANAGED);
    owners.set(this.owners);
    this.owners = owners;
    const borders = new Uint8Array(units);
    borders.set(this.borders);
    this.borders = borders;
  }

  private unitsOf(offset: number, size: number): { first: number; end: number; complaint?: string } {
    const first = offset / this.granularity;
    const end = first + size / this.granularity;
    if (!Number.isInteger(first) || !Number.isInteger(end) || end <= first) {
      return { first, end, complaint: `[${offset}, ${offset + size}) is not whole units` };
    }
    if (first < 0 || end > this.owners.length) {
      return { first, end, complaint: `[${offset}, ${offset + size}) leaves the span` };
    }
    return { first, end };
  }
}
