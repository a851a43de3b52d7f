/**
 * Holes: free ranges of many chunks, from which a plan takes room, and gives it back when it thinks again.
 *
 * Layout   a record for each hole (chunk, offset, size) in columns, threaded into bins by size. What is
 *          taken is cut from the front of a hole; the gap before it, if alignment leaves one, is a new
 *          record. A log of what was cut.
 * Cost     add, take: O(1). undo: O(what was taken since). 28 bytes a hole.
 * Promise  a hole of the request's own bin is taken if one of the first few fits, else one of the next bin
 *          with holes: at most 1/16 longer than the shortest that fits, unless alignment asks for more.
 * Refusal  does not join neighbours: nothing is freed here.
 * Source   the bins are those of `tables/size-bins.ts`.
 */
import { roundUp } from '../../base/quantities.ts';
import { binOf, findBin, headOf, makeBins, NO_BIN, setHead } from '../../tables/size-bins.ts';

const MOST_UNITS: number = 2 ** 31 - 1;
const FIRST_RECORDS = 256;
const LOOKS = 16;
const NONE = 0;

/** Free ranges of the chunks that a plan moves into. */
export class Holes {
  /** Where the last `take` found room. */
  foundChunk = -1;
  foundOffset = 0;
  private readonly bytesPerUnit: number;
  private readonly mostUnits: number;
  private readonly looks: number;
  private readonly bins: Int32Array;
  private offsets = new Float64Array(FIRST_RECORDS);
  private sizes = new Float64Array(FIRST_RECORDS);
  private chunks = new Int32Array(FIRST_RECORDS);
  private nexts = new Int32Array(FIRST_RECORDS);
  private previous = new Int32Array(FIRST_RECORDS);
  /** Record 0 is none. */
  private count = 1;
  /**
   * What was cut since the last `keep`, four numbers each: the record, its offset and size before, the record
   * of the gap.
   */
  private log = new Float64Array(FIRST_RECORDS);
  private logLength = 0;

  /** `mostBytes`: of the longest hole there can be; `looks`: holes of the request's own bin to look at. */
  constructor(mostBytes: number, looks: number = LOOKS) {
    this.looks = looks;
    this.bytesPerUnit = Math.max(1, Math.ceil(mostBytes / MOST_UNITS));
    this.mostUnits = Math.max(1, Math.ceil(mostBytes / this.bytesPerUnit));
    this.bins = makeBins(this.mostUnits);
  }

  /** A free range; answers a number of its own. */
  add(chunk: number, offset: number, size: number): number {
    const n = this.makeRecord(chunk, offset, size);
    this.link(n);
    return n;
  }

  /** Nothing is taken from the hole that `add` answered with `n`, until `undo`. */
  withdraw(n: number): void {
    const offset = this.offsets[n] as number;
    this.note(n, offset, this.sizes[n] as number, NONE);
    this.fit(n, offset, 0);
  }

  /**
   * Cuts `size` bytes at an aligned offset from a hole; see `foundChunk` and `foundOffset`. Whether it could.
   */
  take(size: number, alignment: number): boolean {
    const n = this.find(size, alignment);
    if (n === NONE) return false;
    const offset = this.offsets[n] as number;
    const held = this.sizes[n] as number;
    const at = roundUp(offset, alignment);
    this.unlink(n);
    // What alignment leaves before it is a hole of its own.
    const gap = at > offset ? this.makeRecord(this.chunks[n] as number, offset, at - offset) : NONE;
    this.note(n, offset, held, gap);
    this.offsets[n] = at + size;
    this.sizes[n] = held - size - (at - offset);
    this.link(n);
    this.foundChunk = this.chunks[n] as number;
    this.foundOffset = at;
    if (gap !== NONE) this.link(gap);
    return true;
  }

  /** Where a hole begins by now. */
  offsetOf(n: number): number {
    return this.offsets[n] as number;
  }

  /** What was taken so far stays taken. */
  keep(): void {
    this.logLength = 0;
  }

  /** Gives back what was taken since the last `keep`. O(what was taken). */
  undo(): void {
    const { log } = this;
    while (this.logLength > 0) {
      this.logLength -= 4;
      const at = this.logLength;
      const n = log[at] as number;
      const gap = log[at + 3] as number;
      if (gap !== NONE) this.fit(gap, log[at + 1] as number, 0);
      this.fit(n, log[at + 1] as number, log[at + 2] as number);
    }
  }

  private note(n: number, offset: number, size: number, gap: number): void {
    if (this.logLength === this.log.length) {
      this.log = grown(this.log, new Float64Array(this.log.length * 2));
    }
    const { log, logLength } = this;
    log[logLength] = n;
    log[logLength + 1] = offset;
    log[logLength + 2] = size;
    log[logLength + 3] = gap;
    this.logLength += 4;
  }

  private fit(n: number, offset: number, size: number): void {
    this.unlink(n);
    this.offsets[n] = offset;
    this.sizes[n] = size;
    this.link(n);
  }

  private find(size: number, alignment: number): number {
    const units = Math.ceil(size / this.bytesPerUnit);
    if (units > this.mostUnits) return NONE;
    const own = binOf(units);
    const found = this.look(own, size, alignment);
    if (found !== NONE) return found;
    for (let bin = findBin(this.bins, own + 1); bin !== NO_BIN; bin = findBin(this.bins, bin + 1)) {
      // Only alignment can be in the way here, and further on no alignment either.
      const fit = this.look(bin, size, alignment);
      if (fit !== NONE) return fit;
    }
    return NONE;
  }

  /** The shortest of the first holes of a bin that fit. */
  private look(bin: number, size: number, alignment: number): number {
    let best = NONE;
    let n = headOf(this.bins, bin);
    for (let looks = 0; n !== NONE && looks < this.looks; looks++) {
      const offset = this.offsets[n] as number;
      const room = (this.sizes[n] as number) - (roundUp(offset, alignment) - offset);
      if (room >= size && (best === NONE || (this.sizes[n] as number) < (this.sizes[best] as number)))
        best = n;
      n = this.nexts[n] as number;
    }
    return best;
  }

  private makeRecord(chunk: number, offset: number, size: number): number {
    if (this.count === this.offsets.length) this.growTables();
    const n = this.count++;
    this.chunks[n] = chunk;
    this.offsets[n] = offset;
    this.sizes[n] = size;
    return n;
  }

  private binOfRecord(n: number): number {
    const units = Math.floor((this.sizes[n] as number) / this.bytesPerUnit);
    return units === 0 ? NO_BIN : binOf(units);
  }

  private link(n: number): void {
    const bin = this.binOfRecord(n);
    if (bin === NO_BIN) return;
    const head = headOf(this.bins, bin);
    this.nexts[n] = head;
    this.previous[n] = NONE;
    if (head !== NONE) this.previous[head] = n;
    setHead(this.bins, bin, n);
  }

  private unlink(n: number): void {
    const bin = this.binOfRecord(n);
    if (bin === NO_BIN) return;
    const next = this.nexts[n] as number;
    const before = this.previous[n] as number;
    if (before === NONE) setHead(this.bins, bin, next);
    else this.nexts[before] = next;
    if (next !== NONE) this.previous[next] = before;
  }

  private growTables(): void {
    const length = this.offsets.length * 2;
    this.offsets = grown(this.offsets, new Float64Array(length));
    this.sizes = grown(this.sizes, new Float64Array(length));
    this.chunks = grown(this.chunks, new Int32Array(length));
    this.nexts = grown(this.nexts, new Int32Array(length));
    this.previous = grown(this.previous, new Int32Array(length));
  }
}

/** `into` with what `table` holds. */
function grown<Table extends Float64Array | Int32Array>(table: Table, into: Table): Table {
  into.set(table);
  return into;
}
