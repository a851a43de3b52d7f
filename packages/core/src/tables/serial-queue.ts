/**
 * Serial queue: things that wait for a point on the timeline, oldest first.
 *
 * Layout   a ring of entries: items, a number each, and the serial that each waits for. Entries put in since
 *          the last `stamp` have no serial yet and wait behind all others.
 * Cost     put, pop: O(1), amortised over growth; nothing is allocated in steady state.
 * Promise  entries leave in the order in which they came, and never before their serial.
 */
import type { Serial } from '../base/quantities.ts';

const FIRST_ENTRIES = 64;

export class SerialQueue<Item> {
  private items: (Item | undefined)[] = new Array<Item | undefined>(FIRST_ENTRIES).fill(undefined);
  private numbers = new Float64Array(FIRST_ENTRIES);
  private serials = new Float64Array(FIRST_ENTRIES);
  private head = 0;
  private count = 0;
  private stampedCount = 0;

  /** Entries, stamped or not. */
  get length(): number {
    return this.count;
  }

  /** Whether an entry waits for a `stamp` to come. */
  get hasUnstamped(): boolean {
    return this.stampedCount < this.count;
  }

  /** Whether an entry waits for a serial. */
  get hasStamped(): boolean {
    return this.stampedCount > 0;
  }

  /** Adds an entry that waits for whatever serial the next `stamp` names. */
  put(item: Item, number: number): void {
    if (this.count === this.items.length) this.grow();
    const at = (this.head + this.count) % this.items.length;
    this.items[at] = item;
    this.numbers[at] = number;
    this.count++;
  }

  /** Everything put in since the last `stamp` waits for `serial`, at least the serial of the stamp before. */
  stamp(serial: Serial): void {
    for (let k = this.stampedCount; k < this.count; k++) {
      this.serials[(this.head + k) % this.items.length] = serial;
    }
    this.stampedCount = this.count;
  }

  /** Whether the oldest entry waits for nothing later than `serial`. */
  isDue(serial: Serial): boolean {
    return this.stampedCount > 0 && this.serials[this.head] <= serial;
  }

  /** The oldest entry's item; there must be one. */
  peekItem(): Item {
    return this.items[this.head] as Item;
  }

  /** The oldest entry's number; there must be one. */
  peekNumber(): number {
    return this.numbers[this.head];
  }

  /** Removes the oldest entry; there must be one. */
  drop(): void {
    this.items[this.head] = undefined;
    this.head = (this.head + 1) % this.items.length;
    this.count--;
    if (this.stampedCount > 0) this.stampedCount--;
  }

  private grow(): void {
    const before = this.items.length;
    const items = new Array<Item | undefined>(before * 2).fill(undefined);
    const numbers = new Float64Array(before * 2);
    const serials = new Float64Array(before * 2);
    for (let k = 0; k < this.count; k++) {
      const from = (this.head + k) % before;
      items[k] = this.items[from];
      numbers[k] = this.numbers[from];
      serials[k] = this.serials[from];
    }
    this.items = items;
    this.numbers = numbers;
    this.serials = serials;
    this.head = 0;
  }
}
