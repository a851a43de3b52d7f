/**
 * Chunk view: the ranges of a chunk as eviction sees them, each with how dear it is, and the cheapest place
 * in it.
 *
 * Cost     to make: O(ranges). cheapest: O(ranges), and O(1) when asked the same again before anything was
 *          taken.
 * Promise  the place that is answered holds the size at the alignment, and of all such places in this chunk
 *          it is the one whose dearest resident is the cheapest; of equal ones, the one with the fewest bytes
 *          to evict.
 * Source   a sliding window over the ranges, with the maximum kept in a queue of falling values.
 */
import { roundUp } from '../../base/quantities.ts';
import type { Chunk } from '../../memory/chunk.ts';

/** How dear a free range is; what can not be evicted costs Infinity, residents something in between. */
export const FREE = -1;

/** A run of neighbouring ranges that would hold what is wanted if its residents went. */
export interface EvictionPlace<R> {
  /** Where the range would begin. */
  readonly offset: number;
  /** Those that would have to go. */
  readonly victims: readonly R[];
  /** How dear the dearest of them is; FREE when there is none. */
  readonly price: number;
  /** Their reserved bytes. */
  readonly bytes: number;
}

/** What a range is, and what it costs to evict it. */
export interface PricedRange<R> {
  readonly offset: number;
  readonly size: number;
  readonly price: number;
  /** Undefined where there is none to be evicted. */
  readonly resident: R | undefined;
}

export class ChunkView<Buffer, R> {
  readonly chunk: Chunk<Buffer>;
  private readonly offsets: number[] = [];
  private readonly sizes: number[] = [];
  private readonly prices: number[] = [];
  private readonly residents: (R | undefined)[] = [];
  private knownSize = 0;
  private knownAlignment = 0;
  private known: EvictionPlace<R> | undefined;

  constructor(chunk: Chunk<Buffer>, ranges: Iterable<PricedRange<R>>) {
    this.chunk = chunk;
    for (const { offset, size, price, resident } of ranges) {
      this.offsets.push(offset);
      this.sizes.push(size);
      this.prices.push(price);
      this.residents.push(resident);
    }
  }

  /** The cheapest place for `size` bytes; undefined when there is none. */
  cheapest(size: number, alignment: number): EvictionPlace<R> | undefined {
    if (size === this.knownSize && alignment === this.knownAlignment) return this.known;
    this.knownSize = size;
    this.knownAlignment = alignment;
    this.known = this.search(size, alignment);
    return this.known;
  }

  private search(size: number, alignment: number): EvictionPlace<R> | undefined {
    const { offsets, sizes, prices } = this;
    /** Ranges of the window that may be the dearest, first the dearest. */
    const queue: number[] = [];
    let head = 0;
    let first = 0;
    let bytes = 0;
    let best: { first: number; last: number; price: number; bytes: number } | undefined;
    for (let last = 0; last < offsets.length; last++) {
      const price = prices[last] as number;
      if (price === Number.POSITIVE_INFINITY) {
        first = last + 1;
        bytes = 0;
        queue.length = 0;
        head = 0;
        continue;
      }
      while (queue.length > head && (prices[queue[queue.length - 1] as number] as number) <= price)
        queue.pop();
      queue.push(last);
      if (price !== FREE) bytes += sizes[last] as number;
      const end = (offsets[last] as number) + (sizes[last] as number);
      if (end - roundUp(offsets[first] as number, alignment) < size) continue;
      // The shortest that ends here.
      while (first < last && end - roundUp(offsets[first + 1] as number, alignment) >= size) {
        if (prices[first] !== FREE) bytes -= sizes[first] as number;
        first++;
      }
      while ((queue[head] as number) < first) head++;
      const dearest = prices[queue[head] as number] as number;
      if (best === undefined || dearest < best.price || (dearest === best.price && bytes < best.bytes)) {
        best = { first, last, price: dearest, bytes };
      }
    }
    if (best === undefined) return undefined;
    return {
      offset: roundUp(offsets[best.first] as number, alignment),
      victims: this.residentsIn(best.first, best.last),
      price: best.price,
      bytes: best.bytes,
    };
  }

  /** What all of it costs; undefined when something in it can not go. */
  get whole(): EvictionPlace<R> | undefined {
    let price = FREE;
    let bytes = 0;
    for (let k = 0; k < this.prices.length; k++) {
      price = Math.max(price, this.prices[k] as number);
      if (this.prices[k] !== FREE) bytes += this.sizes[k] as number;
    }
    if (price === Number.POSITIVE_INFINITY) return undefined;
    return { offset: 0, victims: this.residentsIn(0, this.prices.length - 1), price, bytes };
  }

  /** The `size` bytes from `offset` on are spoken for, and whatever lives there. */
  take(offset: number, size: number): void {
    this.knownSize = 0;
    for (let k = 0; k < this.offsets.length; k++) {
      const from = this.offsets[k] as number;
      if (from < offset + size && from + (this.sizes[k] as number) > offset) {
        this.prices[k] = Number.POSITIVE_INFINITY;
      }
    }
  }

  private residentsIn(first: number, last: number): R[] {
    return this.residents.slice(first, last + 1).filter((each) => each !== undefined);
  }
}
