/**
 * Record table: fixed-size records in one Int32Array, recycled through a free list, each named by a handle
 * that is never valid twice. The base of every suballocator: fields of one object are what engines reach
 * fastest.
 *
 * Layout   a record is `stride` cells; its id is the index of its first cell. Cell 0 is its name: generation
 *          · 2^21 + (index xor the table's veil), as it is while the record is live, negated while it is not
 *          (then it is the name of its next life). An unused record threads the free list through cell 1.
 *          Record 0 is never given out: id 0 means none.
 * Cost     take, give, enliven, find: O(1), on small integers alone; growth copies the array.
 * Promise  a handle is the record's name, until 1,023 lives have used up the small integers; from then on it
 *          is epoch · 2^31 + name. Neither wraps: a record that has lived 2^31 times is never used again;
 *          what would live in it gets another. Only where there is none left does it live on, as often again.
 * Refusal  2^21 - 1 records at most. The veil of the k-th table is k with its bits in reverse, so that tables
 *          share no names at all while tables · records stays under 2^21; beyond, a handle of another table
 *          is refused unless this one has a live record of the same name.
 */
import { reverseBits } from '../base/bits.ts';
import { show } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';
import type { Handle } from '../base/quantities.ts';

/** No record. */
export const NIL = 0;

// Cells of a record; cell 0 is the name, positive while the record is live, negative while it is not.
const FREE_LINK = 1; // unused: the next unused record, or NIL

const INDEX_BITS = 21;
const INDEX_MASK: number = 2 ** INDEX_BITS - 1;
const GENERATION_STEP: number = 2 ** INDEX_BITS;
const EPOCH_STEP: number = 2 ** 31;
const LAST_NAMES: number = EPOCH_STEP - GENERATION_STEP;
/** From here on a record is not used again. */
const LAST_EPOCH: number = 2 ** 21;
/** Here handles would pass 2^53. */
const MOST_EPOCHS: number = 2 ** 22;
const FIRST_RECORDS = 16;
const SMALL_RECORDS = 1024;

/** Records that a table can hold, record 0 included. */
export const MAX_RECORDS: number = GENERATION_STEP;

let tablesMade = 0;

/** What `saveTable` keeps and `loadTable` takes: parts of a {@link RecordTable}. */
export interface TableParts {
  cells?: Int32Array;
  veil?: number;
  freeHead?: number;
  epochs?: Int32Array;
}

/** See the head of the file. */
export class RecordTable {
  /** The records. Replaced by growth: take a local view only after every `take`. */
  protected cells: Int32Array;
  protected readonly stride: number;
  private veil: number;
  /** The first unused record, or NIL. */
  protected freeHead: number = NIL;
  /** First cell never used so far. */
  private top: number;
  /** How often each record has used up its generations; made when the first one has. */
  private epochs: Int32Array | undefined;

  /** `stride`: cells of a record, 2 or more. */
  constructor(stride: number) {
    this.stride = stride;
    this.cells = new Int32Array(stride * FIRST_RECORDS);
    this.top = stride;
    this.veil = reverseBits(tablesMade) >>> (32 - INDEX_BITS);
    tablesMade = (tablesMade + 1) % MAX_RECORDS;
    this.cells[NIL] = -(GENERATION_STEP + this.veil);
  }

  /** A record that is not live yet, its cells but the name undefined; NIL when the table is full. */
  protected take(): number {
    const n = this.freeHead;
    if (n === NIL) return this.takeFresh();
    this.freeHead = this.cells[n + FREE_LINK];
    return n;
  }

  /** A record never used before; NIL when the table is full. */
  protected takeFresh(): number {
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
    this.cells[n] = -(GENERATION_STEP + (index ^ this.veil));
    return n;
  }

  /** Whether `take` would answer `count` more records. O(count) in a table that is nearly full. */
  protected hasRecords(count: number): boolean {
    let found = MAX_RECORDS - this.top / this.stride;
    for (let n = this.freeHead; n !== NIL && found < count; n = this.cells[n + FREE_LINK]) found++;
    return found >= count;
  }

  /** Takes back a record that is not live. */
  protected give(n: number): void {
    if (this.epochs !== undefined && this.isWorn(n, this.epochs)) return;
    this.cells[n + FREE_LINK] = this.freeHead;
    this.freeHead = n;
  }

  /** Whether a record has lived often enough. */
  private isWorn(n: number, epochs: Int32Array): boolean {
    return epochs[n / this.stride] >= LAST_EPOCH;
  }

  /** Makes a record live and names it. */
  protected enliven(n: number): Handle {
    const name = -this.cells[n];
    this.cells[n] = name;
    return this.epochs === undefined ? name : this.enlivenOld(n, this.epochs);
  }

  /**
   * Goes on with `enliven` where some record has had many lives: one that has lived often enough is replaced.
   */
  private enlivenOld(n: number, epochs: Int32Array): Handle {
    const fresh = this.isWorn(n, epochs) ? this.take() : NIL;
    if (fresh === NIL) return this.handleOf(n);
    const { cells } = this;
    const name = -cells[fresh];
    cells.copyWithin(fresh, n, n + this.stride);
    cells[fresh] = name;
    cells[n] = -cells[n];
    cells.fill(0, n + 1, n + this.stride);
    this.replaced(n, fresh);
    return this.handleOf(fresh);
  }

  /** What was the record `from`, just made live, is now the record `to`; kinds mend what pointed at it. */
  protected replaced(_from: number, _to: number): void {}

  /** Ends a live record's handle; the record stays taken until `give`. */
  protected retire(n: number): void {
    const name = this.cells[n];
    if (name < LAST_NAMES) this.cells[n] = -(name + GENERATION_STEP);
    else this.beginEpoch(n);
  }

  private beginEpoch(n: number): void {
    const index = n / this.stride;
    const epochs = this.epochs ?? this.growEpochs();
    epochs[index]++;
    this.cells[n] = -(GENERATION_STEP + (index ^ this.veil));
  }

  private growEpochs(): Int32Array {
    const grown = new Int32Array(this.cells.length / this.stride);
    if (this.epochs !== undefined) grown.set(this.epochs);
    this.epochs = grown;
    return grown;
  }

  /** Makes a record that is not live look so to its neighbours, though no handle names it. */
  protected makeNameless(n: number): void {
    // The name of the record beside it: whoever looks for that name is led there.
    this.cells[n] = -this.cells[n] ^ 1;
  }

  /** Whether a record was made nameless. */
  protected isNameless(n: number): boolean {
    return (this.cells[n] & INDEX_MASK) === ((n / this.stride) ^ this.veil ^ 1);
  }

  /** Takes back a nameless record. */
  protected giveNameless(n: number): void {
    this.cells[n] = -(this.cells[n] ^ 1);
    this.give(n);
  }

  protected isLive(n: number): boolean {
    return this.cells[n] > 0;
  }

  /** The handle of a live record. */
  protected handleOf(n: number): Handle {
    const name = this.cells[n];
    return this.epochs === undefined ? name : this.epochs[n / this.stride] * EPOCH_STEP + name;
  }

  /**
   * The live record that `handle` names.
   * @throws UsageError `bad-handle` when no such handle was ever given out, `stale-handle` when its range has
   *   ended
   */
  protected find(handle: Handle): number {
    if (typeof handle === 'number') {
      const n = ((handle & INDEX_MASK) ^ this.veil) * this.stride;
      const isNamed = handle > 0 && n < this.top && this.cells[n] === handle;
      if (isNamed && this.epochs === undefined) return n;
    }
    return this.findOld(handle);
  }

  /** Goes on with `find` where some record has had many lives, or throws. */
  private findOld(handle: Handle): number {
    if (typeof handle === 'number') {
      const n = ((handle & INDEX_MASK) ^ this.veil) * this.stride;
      if (this.cells[n] > 0 && this.handleOf(n) === handle) return n;
    }
    throw this.refuse(handle);
  }

  /**
   * A number of its own for a live range, from 1 to 2^21-1, used again after the range has ended.
   * @throws UsageError `bad-handle`, `stale-handle`
   */
  indexOf(handle: Handle): number {
    return this.find(handle) / this.stride;
  }

  private refuse(handle: unknown): UsageError {
    if (Number.isSafeInteger(handle) && this.wasGiven(handle as number)) {
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

  /** Whether a handle that is not live was live once: never one of record 0, nor of records not used yet. */
  private wasGiven(handle: number): boolean {
    const name = handle % EPOCH_STEP;
    const index = (name & INDEX_MASK) ^ this.veil;
    const n = index * this.stride;
    const epoch = (handle - name) / EPOCH_STEP;
    const now = this.epochs === undefined ? 0 : this.epochs[index];
    // The name of the life that has begun last, or is to begin next.
    const last = this.isNameless(n) ? this.cells[n] ^ 1 : Math.abs(this.cells[n]);
    return name >= GENERATION_STEP && (epoch < now || (epoch === now && name < last));
  }

  /** Ends every live handle and takes back every record, nameless ones too. O(records). */
  protected clear(): void {
    this.freeHead = NIL;
    for (let n = this.top - this.stride; n > NIL; n -= this.stride) {
      if (this.isNameless(n)) this.giveNameless(n);
      else {
        if (this.isLive(n)) this.retire(n);
        this.give(n);
      }
    }
  }

  /** Copies the table's state into `parts`. O(records). */
  protected saveTable(parts: TableParts): void {
    parts.cells = this.cells.slice(0, this.top);
    parts.veil = this.veil;
    parts.freeHead = this.freeHead;
    if (this.epochs !== undefined) parts.epochs = this.epochs.slice(0, this.top / this.stride);
  }

  /** Takes over a saved state; false when it can not be one of this table's shape. O(records). */
  protected loadTable(parts: Readonly<TableParts>): boolean {
    const { cells, veil, freeHead, epochs } = parts;
    const { stride } = this;
    if (!(cells instanceof Int32Array) || cells.length < stride || cells.length % stride !== 0) return false;
    if (cells.length / stride > MAX_RECORDS) return false;
    if (!isVeil(veil)) return false;
    if (epochs !== undefined) {
      if (!(epochs instanceof Int32Array) || epochs.length !== cells.length / stride) return false;
      if (!epochs.every((epoch) => epoch >= 0 && epoch < MOST_EPOCHS)) return false;
    }
    this.cells = cells.slice();
    this.veil = veil;
    this.freeHead = freeHead as number;
    this.top = cells.length;
    this.epochs = epochs?.slice();
    return this.hasSoundNames();
  }

  /** Whether every name fits its place and the free list ends. */
  private hasSoundNames(): boolean {
    let spare = 0;
    for (let n = NIL; n < this.top; n += this.stride) {
      const name = Math.abs(this.cells[n]);
      const isOwn = (name & INDEX_MASK) === ((n / this.stride) ^ this.veil);
      // What is nameless looks live, and the record that stands for none is never live by its own name.
      const isSound = isOwn ? n !== NIL || !this.isLive(n) : this.isLive(n) && this.isNameless(n);
      if (!isSound || name < GENERATION_STEP) return false;
    }
    for (let n = this.freeHead; n !== NIL; n = this.cells[n + FREE_LINK]) {
      if (!this.isRecord(n) || this.isLive(n) || ++spare > this.top / this.stride) return false;
      if (this.epochs !== undefined && this.isWorn(n, this.epochs)) return false;
    }
    return true;
  }

  /** Whether `n` is the id of a record that was ever used. */
  protected isRecord(n: number): boolean {
    return n > NIL && n < this.top && n % this.stride === 0;
  }

  /** First cell behind the records that were ever used. */
  protected get usedCells(): number {
    return this.top;
  }

  /** Bytes of the table. */
  protected get tableBytes(): number {
    return this.cells.byteLength + (this.epochs?.byteLength ?? 0);
  }
}

/** Tables grow by an eighth, small ones by a quarter, so that little of them lies idle. */
function grownCount(count: number): number {
  return count + Math.ceil(count / (count < SMALL_RECORDS ? 4 : 8));
}

function isVeil(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < MAX_RECORDS;
}
