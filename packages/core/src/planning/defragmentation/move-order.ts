/**
 * Move order: the ranges of a chunk by size, the largest first, as packing wants them.
 *
 * Cost     put, next: O(1) beside the bins that are passed over, 900 at most in all. 4 bytes a range.
 * Promise  each range once; a range comes before all that are shorter by a 32nd and more.
 */
import { binCountOf, binOf, headOf, makeBins, setHead } from '../../tables/size-bins.ts';

const MOST_UNITS: number = 2 ** 31 - 1;

/** Ranges, to be taken by size. */
export class MoveOrder {
  private readonly bytesPerUnit: number;
  private readonly bins: Int32Array;
  /** By row and 1: the next one of its bin, and 1; 0 for none. */
  private nexts: Int32Array = new Int32Array(1024);
  private bin = 0;

  constructor(mostBytes: number) {
    this.bytesPerUnit = Math.max(1, Math.ceil(mostBytes / MOST_UNITS));
    this.bins = makeBins(Math.max(1, Math.ceil(mostBytes / this.bytesPerUnit)));
  }

  /** Begins with rows below `count`. O(bins) for what was left of others. */
  begin(count: number): void {
    while (this.next() >= 0);
    if (this.nexts.length <= count) this.nexts = new Int32Array(count * 2);
    this.bin = 0;
  }

  put(row: number, bytes: number): void {
    const bin = binOf(Math.max(1, Math.floor(bytes / this.bytesPerUnit)));
    const n = row + 1;
    this.nexts[n] = headOf(this.bins, bin);
    setHead(this.bins, bin, n);
    if (bin > this.bin) this.bin = bin;
  }

  /** The next row, which is taken out; -1 when there is none. */
  next(): number {
    for (; this.bin >= 0 && this.bin < binCountOf(this.bins); this.bin--) {
      const n = headOf(this.bins, this.bin);
      if (n === 0) continue;
      setHead(this.bins, this.bin, this.nexts[n] as number);
      return n - 1;
    }
    this.bin = 0;
    return -1;
  }
}
