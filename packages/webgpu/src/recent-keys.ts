/**
 * Recent keys: a bounded hash table of keys that are lists of numbers; the least recently used leaves.
 *
 * Layout   a key has a slot. Slots hang in chains by hash, and all in one ring by use, whose joint is the
 *          slot number `capacity`: its `older` is the newest key, its `newer` the oldest.
 * Cost     find, add, remove: O(words of the key), expected. Finding makes no object. 24 to 32 bytes a slot
 *          beside the keys, held from the start.
 * Promise  at most `capacity` keys; equal keys have one slot, until they leave.
 */

/** No slot. */
export const NO_SLOT = -1;

/** Keys by slot; what a key stands for is kept by the caller, at the same index. */
export class RecentKeys {
  readonly capacity: number;
  private readonly keys: (readonly number[] | undefined)[];
  private readonly hashes: Int32Array;
  /** First slot of each chain, and the next slot of the same chain, or NO_SLOT. */
  private readonly heads: Int32Array;
  private readonly chained: Int32Array;
  private readonly newer: Int32Array;
  private readonly older: Int32Array;
  private readonly shift: number;
  /** Slots that were left, beside those never used. */
  private readonly left: number[] = [];
  private usedSlots = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
    // At most one key in two chains; at least two chains, because a shift by 32 is none.
    const bits = Math.max(1, Math.ceil(Math.log2(capacity * 2)));
    this.shift = 32 - bits;
    this.keys = new Array(capacity).fill(undefined);
    this.hashes = new Int32Array(capacity);
    this.heads = new Int32Array(2 ** bits).fill(NO_SLOT);
    this.chained = new Int32Array(capacity);
    this.newer = new Int32Array(capacity + 1).fill(capacity);
    this.older = new Int32Array(capacity + 1).fill(capacity);
  }

  /** Keys held. */
  get size(): number {
    return this.usedSlots - this.left.length;
  }

  /** The slot that was used longest ago; NO_SLOT when there is none. */
  get oldest(): number {
    const slot = this.newer[this.capacity]!;
    return slot === this.capacity ? NO_SLOT : slot;
  }

  /** The slot of the first `length` words of `words`, which becomes the newest; NO_SLOT when not held. */
  find(words: readonly number[], length: number): number {
    const hash = hashOf(words, length);
    for (let slot = this.heads[hash >>> this.shift]!; slot !== NO_SLOT; slot = this.chained[slot]!) {
      if (this.hashes[slot] !== hash || !isEqual(this.keys[slot]!, words, length)) continue;
      if (this.older[this.capacity] !== slot) {
        this.unlink(slot);
        this.linkNewest(slot);
      }
      return slot;
    }
    return NO_SLOT;
  }

  /** A slot for a key that is not held, as the newest. The table must not be full. */
  add(words: readonly number[], length: number): number {
    const slot = this.left.pop() ?? this.usedSlots++;
    const hash = hashOf(words, length);
    this.keys[slot] = words.slice(0, length);
    this.hashes[slot] = hash;
    this.chained[slot] = this.heads[hash >>> this.shift]!;
    this.heads[hash >>> this.shift] = slot;
    this.linkNewest(slot);
    return slot;
  }

  /** Takes a held key away. */
  remove(slot: number): void {
    const chain = this.hashes[slot]! >>> this.shift;
    if (this.heads[chain] === slot) this.heads[chain] = this.chained[slot]!;
    else {
      let before = this.heads[chain]!;
      while (this.chained[before] !== slot) before = this.chained[before]!;
      this.chained[before] = this.chained[slot]!;
    }
    this.unlink(slot);
    this.keys[slot] = undefined;
    this.left.push(slot);
  }

  /** The words of a slot; `undefined` when it holds no key. */
  keyAt(slot: number): readonly number[] | undefined {
    return this.keys[slot];
  }

  private linkNewest(slot: number): void {
    const joint = this.capacity;
    const before = this.older[joint]!;
    this.newer[before] = slot;
    this.older[slot] = before;
    this.newer[slot] = joint;
    this.older[joint] = slot;
  }

  private unlink(slot: number): void {
    const newer = this.newer[slot]!;
    const older = this.older[slot]!;
    this.older[newer] = older;
    this.newer[older] = newer;
  }
}

/** A hash of 32 bits. Offsets are multiples of 256 mostly: high bits are folded down after each word. */
function hashOf(words: readonly number[], length: number): number {
  let hash = length;
  for (let i = 0; i < length; i++) {
    // `^` takes a word modulo 2^32: offsets that differ by 4 GiB meet in a chain, and are told apart there.
    hash = Math.imul(hash ^ words[i]!, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return Math.imul(hash, 0x85ebca6b);
}

function isEqual(key: readonly number[], words: readonly number[], length: number): boolean {
  if (key.length !== length) return false;
  for (let i = 0; i < length; i++) if (key[i] !== words[i]) return false;
  return true;
}
