/**
 * Record table: records of equal length in one Int32Array, given out and taken back, each named by a handle that is
 * never valid twice.
 *
 * Layout   a record is `stride` cells; its id is the index of its first cell. Cell 0 is the generation: positive while the
 *          record is live, its negative while it is not. An unused record threads the free list through cell 1.
 * Cost     take, give, handleOf, find: O(1); growth doubles the array and copies it.
 * Promise  handle = generation · 2^21 + index, a small integer for the first thousand uses of a record and a safe
 *          integer always. A generation never wraps: a record that has used up 2^31-1 of them is retired.
 * Refusal  2^21 records at most; a handle of another table is refused unless that table happens to have a live record of
 *          the same index and generation (tables start at different generations, so that fresh ones do not).
 */
import { show } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';
import type { Handle } from '../base/quantities.ts';

/** No record. Negative, so that tables stay Int32. */
export const NIL = -1;

/** Cell 0 of every record. */
export const GENERATION = 0;

const FREE_LINK = 1;
const INDEX_BITS = 21;
const INDEX_MASK: number = 2 ** INDEX_BITS - 1;
const INDEX_SPAN: number = 2 ** INDEX_BITS;
const LAST_GENERATION: number = 2 ** 31 - 1;
const FIRST_RECORDS = 16;

/** Records that a table can hold. */
export const MAX_RECORDS: number = INDEX_SPAN;

// Tables begin at different generations, so that a handle of one is not by chance a handle of the next.
const SALTS = 256;
let tablesMade = 0;

export class RecordTable {
  /** The records. Replaced by growth: take a local view only after every `take`. */
  cells: Int32Array;
  readonly stride: number;
  private readonly firstGeneration: number;
  private freeHead = NIL;
  /** First cell never used so far. */
  private top = 0;

  /** `stride`: cells of a record, 2 or more. */
  constructor(stride: number) {
    this.stride = stride;
    this.cells = new Int32Array(stride * FIRST_RECORDS);
    // 73 is coprime to the number of salts: 256 tables in a row all differ.
    this.firstGeneration = 1 + ((tablesMade * 73) % SALTS);
    tablesMade = (tablesMade + 1) % SALTS;
  }

  /** A record that is not live yet, its cells but the generation undefined; NIL when the table is full. */
  take(): number {
    const n = this.freeHead;
    if (n !== NIL) {
      this.freeHead = this.cells[n + FREE_LINK];
      return n;
    }
    return this.takeFresh();
  }

  private takeFresh(): number {
    const n = this.top;
    if (n === this.cells.length) {
      if (n >= MAX_RECORDS * this.stride) return NIL;
      const grown = new Int32Array(Math.min(n * 2, MAX_RECORDS * this.stride));
      grown.set(this.cells);
      this.cells = grown;
    }
    this.top = n + this.stride;
    this.cells[n + GENERATION] = -this.firstGeneration;
    return n;
  }

  /** Takes back a record that is not live. */
  give(n: number): void {
    if (this.cells[n + GENERATION] === -LAST_GENERATION) return; // Retired: no generation left.
    this.cells[n + FREE_LINK] = this.freeHead;
    this.freeHead = n;
  }

  /** Makes a record live and names it. */
  enliven(n: number): Handle {
    const generation = -this.cells[n + GENERATION];
    this.cells[n + GENERATION] = generation;
    return generation * INDEX_SPAN + n / this.stride;
  }

  /** Ends a live record's handle; the record stays taken until `give`. */
  retire(n: number): void {
    const generation = this.cells[n + GENERATION];
    this.cells[n + GENERATION] = generation === LAST_GENERATION ? -generation : -(generation + 1);
  }

  isLive(n: number): boolean {
    return this.cells[n + GENERATION] > 0;
  }

  /** The handle of a live record. */
  handleOf(n: number): Handle {
    return this.cells[n + GENERATION] * INDEX_SPAN + n / this.stride;
  }

  /**
   * The live record that `handle` names.
   * @throws UsageError `bad-handle` when no such handle was ever given out, `stale-handle` when its range has ended
   */
  find(handle: Handle): number {
    if (typeof handle === 'number') {
      const index = handle & INDEX_MASK;
      const n = index * this.stride;
      if (n < this.top && handle > 0 && this.cells[n + GENERATION] * INDEX_SPAN + index === handle) return n;
    }
    throw this.refuse(handle);
  }

  private refuse(handle: unknown): UsageError {
    if (typeof handle === 'number' && Number.isSafeInteger(handle) && handle > 0) {
      const index = handle % INDEX_SPAN;
      const generation = (handle - index) / INDEX_SPAN;
      const n = index * this.stride;
      const given = n < this.top ? Math.abs(this.cells[n + GENERATION]) : 0;
      const live = n < this.top && this.isLive(n);
      if (
        generation >= this.firstGeneration &&
        (generation < given || (generation === given && !live && given === LAST_GENERATION))
      ) {
        return new UsageError(
          'stale-handle',
          `handle ${handle} names a range that has ended; drop handles when you free or reset`,
        );
      }
    }
    return new UsageError(
      'bad-handle',
      `${show(handle)} is not a handle of this suballocator; pass what allocate() returned`,
    );
  }

  /** Ends every live handle and takes back every record. O(records). */
  clear(): void {
    this.freeHead = NIL;
    for (let n = this.top - this.stride; n >= 0; n -= this.stride) {
      if (this.isLive(n)) this.retire(n);
      this.give(n);
    }
  }

  /** Bytes of the table. */
  get byteLength(): number {
    return this.cells.byteLength;
  }
}

/** The index part of a handle: a small integer, unique among the live handles of one table. */
export function indexOfHandle(handle: Handle): number {
  return handle & INDEX_MASK;
}
