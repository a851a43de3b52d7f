/**
 * Record table: records of equal length in one Int32Array, given out and taken back, each named by a handle
 * that is never valid twice.
 *
 * Layout   a record is `stride` cells; its id is the index of its first cell. Cell 0 is its name: generation
 *          · 2^21 + (index xor the table's veil), as it is while the record is live, negated while it is not
 *          (then it is the name of its next life). An unused record threads the free list through cell 1.
 * Cost     take, give, enliven, find: O(1), on small integers alone; growth copies the array.
 * Promise  a handle is the record's name, until 1,023 lives have used up the small integers; from then on it
 *          is epoch · 2^31 + name. Neither wraps: a record that has lived 2^31 times is never used again.
 * Refusal  2^21 records at most. The veil of the k-th table is k with its bits in reverse, so that tables
 *          share no names at all while tables · records stays under 2^21; beyond, a handle of another table
 *          is refused unless this one has a live record of the same name.
 */
import { reverseBits } from '../base/bits.ts';
import { show } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';
import type { Handle } from '../base/quantities.ts';

/** No record. Negative, so that tables stay Int32. */
export const NIL = -1;

/** Cell 0 of every record: positive while the record is live, negative while it is not. */
export const NAME = 0;

const FREE_LINK = 1;
const INDEX_BITS = 21;
const INDEX_MASK: number = 2 ** INDEX_BITS - 1;
const GENERATION_STEP: number = 2 ** INDEX_BITS;
const EPOCH_STEP: number = 2 ** 31;
const LAST_EPOCH: number = 2 ** 21;
const FIRST_RECORDS = 16;
const QUARTER_FROM = 1024;

/** Records that a table can hold. */
export const MAX_RECORDS: number = GENERATION_STEP;

let tablesMade = 0;

export class RecordTable {
  /** The records. Replaced by growth: take a local view only after every `take`. */
  cells: Int32Array;
  readonly stride: number;
  private readonly veil: number;
  private freeHead = NIL;
  /** First cell never used so far. */
  private top = 0;
  /** How often each record has used up its generations; made when the first one has. */
  private epochs: Int32Array | undefined;

  /** `stride`: cells of a record, 2 or more. */
  constructor(stride: number) {
    this.stride = stride;
    this.cells = new Int32Array(stride * FIRST_RECORDS);
    this.veil = reverseBits(tablesMade) >>> (32 - INDEX_BITS);
    tablesMade = (tablesMade + 1) % MAX_RECORDS;
  }

  /** A record that is not live yet, its cells but the name undefined; NIL when the table is full. */
  take(): number {
    const n = this.freeHead;
    if (n === NIL) return this.takeFresh();
    this.freeHead = this.cells[n + FREE_LINK];
    return n;
  }

  private takeFresh(): number {
    const n = this.top;
    const index = n / this.stride;
    if (n === this.cells.length) {
      if (index >= MAX_RECORDS) return NIL;
      const grown = new Int32Array(this.stride * Math.min(grownCount(index), MAX_RECORDS));
      grown.set(this.cells);
      this.cells = grown;
      if (this.epochs !== undefined) this.growEpochs();
    }
    this.top = n + this.stride;
    this.cells[n + NAME] = -(GENERATION_STEP + (index ^ this.veil));
    return n;
  }

  /** Takes back a record that is not live. */
  give(n: number): void {
    // It may have lived often enough.
    if (this.epochs !== undefined && this.epochs[n / this.stride] === LAST_EPOCH) return;
    this.cells[n + FREE_LINK] = this.freeHead;
    this.freeHead = n;
  }

  /** Makes a record live and names it. */
  enliven(n: number): Handle {
    const name = -this.cells[n + NAME];
    this.cells[n + NAME] = name;
    return this.epochs === undefined
      ? name
      : this.epochs[(name & INDEX_MASK) ^ this.veil] * EPOCH_STEP + name;
  }

  /** Ends a live record's handle; the record stays taken until `give`. */
  retire(n: number): void {
    const next = this.cells[n + NAME] + GENERATION_STEP;
    if (next < EPOCH_STEP) this.cells[n + NAME] = -next;
    else this.beginEpoch(n);
  }

  private beginEpoch(n: number): void {
    const index = n / this.stride;
    const epochs = this.epochs ?? this.growEpochs();
    epochs[index]++;
    this.cells[n + NAME] = -(GENERATION_STEP + (index ^ this.veil));
  }

  private growEpochs(): Int32Array {
    const grown = new Int32Array(this.cells.length / this.stride);
    if (this.epochs !== undefined) grown.set(this.epochs);
    this.epochs = grown;
    return grown;
  }

  isLive(n: number): boolean {
    return this.cells[n + NAME] > 0;
  }

  /** The handle of a live record. */
  handleOf(n: number): Handle {
    const name = this.cells[n + NAME];
    return this.epochs === undefined
      ? name
      : this.epochs[(name & INDEX_MASK) ^ this.veil] * EPOCH_STEP + name;
  }

  /**
   * The live record that `handle` names.
   * @throws UsageError `bad-handle` when no such handle was ever given out, `stale-handle` when its range has
   *   ended
   */
  find(handle: Handle): number {
    if (typeof handle === 'number' && handle > 0) {
      const index = (handle & INDEX_MASK) ^ this.veil;
      const n = index * this.stride;
      if (n < this.top) {
        const name = this.cells[n + NAME];
        if (this.epochs === undefined) {
          if (name === handle) return n;
        } else if (name > 0 && this.epochs[index] * EPOCH_STEP + name === handle) return n;
      }
    }
    throw this.refuse(handle);
  }

  /** The index of the live record that `handle` names: dense from 0. @throws UsageError as `find` */
  indexOf(handle: Handle): number {
    return this.find(handle) / this.stride;
  }

  private refuse(handle: unknown): UsageError {
    if (typeof handle === 'number' && Number.isSafeInteger(handle) && handle > 0 && this.wasGiven(handle)) {
      return new UsageError(
        'stale-handle',
        `handle ${handle} names a range that has ended; drop handles when you free or reset`,
      );
    }
    return new UsageError(
      'bad-handle',
      `${show(handle)} is not a handle of this suballocator; pass what allocate() returned`,
    );
  }

  /** Whether a handle that is not live was live once. */
  private wasGiven(handle: number): boolean {
    const name = handle % EPOCH_STEP;
    const index = (name & INDEX_MASK) ^ this.veil;
    const n = index * this.stride;
    if (n >= this.top) return false;
    const epoch = (handle - name) / EPOCH_STEP;
    const now = this.epochs === undefined ? 0 : this.epochs[index];
    return (
      name >= GENERATION_STEP && (epoch < now || (epoch === now && name < Math.abs(this.cells[n + NAME])))
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
    return this.cells.byteLength + (this.epochs?.byteLength ?? 0);
  }
}

/** Small tables double; large ones grow by a quarter, so that little of them lies idle. */
function grownCount(count: number): number {
  return count < QUARTER_FROM ? count * 2 : count + Math.ceil(count / 4);
}
