/**
 * Slab bins: which slots are free. The middle floor of the binned kind.
 *
 * Layout   a bin a class. A free slot is loose, on the stack of its bin, or back, on the stack of its slab.
 *          Slabs with slots that are back stand in one of two lists of their bin: the partly free and the
 *          empty.
 *
 *            bin of 12 units   loose       → slot → slot → slot
 *                              partly free ⇄ slab 4 [ live ][ back ][ loose ][ live ] ⇄ slab 9 …
 *                              empty       → slab 7 [ back ][ back ][ back ][ back ]
 *
 *          So allocate and free touch a record and a bin, and seldom a slab.
 * Cost     a bin with many loose slots sends half of them back: O(1) for each free. A bin without gets all
 *          that are back in one slab: O(1).
 * Promise  the slab that was full last is used first, so that those behind it drain. Loose are at most 256
 *          slots of a class, or one in 32 of those in use, beside those of the last slab that was used.
 * Source   the loose slots are the magazines of J. Bonwick and J. Adams, "Magazines and vmem", USENIX 2001.
 */
import { shiftRight } from '../base/bits.ts';
import { paddingAt, type Units } from '../base/quantities.ts';
import { Slabs } from './slabs.ts';
import { NO_SPACE } from './suballocator.ts';

// Cells of a record, a slab and a bin, as in slabs.ts; constants of this file are faster than imported ones.
const SIZE = 1; // units
const OFFSET = 2; // first unit
const LINK = 3; // free slot: the next one of its stack, or NIL
const PLACE = 4; // slot: its slab
const NIL = 0;
const RANGE = 0; // index of the parent's range
const OUT = 1; // slots that are live or loose
const NEXT = 2; // the next slab of the same list, or NIL
const BACK = 3; // partly free: the one before it, or NIL
const FREE = 4; // the first slot that is back, or NIL
const COUNT = 5; // slots; 0 while the header is unused
const MOST_LOOSE = 0; // more than this go back
const LOOSE_COUNT = 1;
const LOOSE = 2; // the first loose slot, or NIL
const ALL_OUT = 3; // live and loose slots
const PARTLY_FREE: number = 4; // the first slab with slots back and slots out, or NIL
const EMPTY = 5; // the first slab with all slots back, or NIL
const UNITS = 6; // length of a slot
const BIN_STRIDE = 8;

/** Of so many live slots of a class, as a power of two, one may be loose. */
const LIVE_PER_LOOSE_BITS = 5;
/** So that no free takes long. */
const MOST_EVER_LOOSE = 256;

/** See the head of the file. */
export abstract class SlabBins extends Slabs {
  /** Gets a bin without loose slots some; false when that would take a new slab, and there can be none. */
  protected refill(bin: number): boolean {
    const { bins, slabs } = this;
    let slab = bins[bin + PARTLY_FREE];
    if (slab !== NIL) {
      this.unlinkSlab(slab, bin);
    } else {
      slab = bins[bin + EMPTY];
      if (slab !== NIL) {
        bins[bin + EMPTY] = slabs[slab + NEXT];
        this.emptyCount--;
      } else {
        slab = this.carve(bin, 1);
        if (slab === NIL) return false;
      }
    }
    this.loosen(slab, bin);
    return true;
  }

  /** Makes all slots of a slab loose that are back; it stands in no list, and the bin has no loose ones. */
  private loosen(slab: number, bin: number): void {
    // A view taken before `carve` may be stale.
    const { bins, slabs } = this;
    const count = slabs[slab + COUNT] - slabs[slab + OUT];
    bins[bin + LOOSE] = slabs[slab + FREE];
    bins[bin + LOOSE_COUNT] = count;
    bins[bin + ALL_OUT] += count;
    // Room for one more than came, so that the next free does not send them back.
    bins[bin + MOST_LOOSE] = Math.max(mostLoose(bins[bin + ALL_OUT]), count + 1);
    slabs[slab + FREE] = NIL;
    slabs[slab + OUT] = slabs[slab + COUNT];
  }

  /** Sends loose slots back to their slabs until `left` remain. */
  protected sendBack(bin: number, left: number): void {
    const { bins, slabs, cells } = this;
    let n = bins[bin + LOOSE];
    for (let loose = bins[bin + LOOSE_COUNT]; loose > left; loose--) {
      const next = cells[n + LINK];
      const slab = cells[n + PLACE];
      const wasFull = slabs[slab + FREE] === NIL;
      cells[n + LINK] = slabs[slab + FREE];
      slabs[slab + FREE] = n;
      slabs[slab + OUT]--;
      bins[bin + ALL_OUT]--;
      if (slabs[slab + OUT] === 0) {
        if (!wasFull) this.unlinkSlab(slab, bin);
        this.linkEmpty(slab, bin);
      } else if (wasFull) this.linkSlab(slab, bin);
      n = next;
    }
    bins[bin + LOOSE] = n;
    bins[bin + LOOSE_COUNT] = left;
    bins[bin + MOST_LOOSE] = mostLoose(bins[bin + ALL_OUT]);
  }

  protected sendAllBack(): void {
    for (let bin = 0; bin < this.bins.length; bin += BIN_STRIDE) {
      if (this.bins[bin + LOOSE] !== NIL) this.sendBack(bin, 0);
    }
  }

  /** The slab that was full last stands first: it is the fullest, and those behind it drain. */
  private linkSlab(slab: number, bin: number): void {
    const { slabs, bins } = this;
    const next = bins[bin + PARTLY_FREE];
    slabs[slab + NEXT] = next;
    slabs[slab + BACK] = NIL;
    if (next !== NIL) slabs[next + BACK] = slab;
    bins[bin + PARTLY_FREE] = slab;
  }

  private unlinkSlab(slab: number, bin: number): void {
    const { slabs } = this;
    const next = slabs[slab + NEXT];
    const back = slabs[slab + BACK];
    if (next !== NIL) slabs[next + BACK] = back;
    if (back !== NIL) slabs[back + NEXT] = next;
    else this.bins[bin + PARTLY_FREE] = next;
  }

  /** Gives empty slabs of a bin back until `left`, 0 or 1, remain. */
  protected trim(bin: number, left: number): void {
    const { bins, slabs } = this;
    let slab = bins[bin + EMPTY];
    if (slab === NIL) return;
    if (left === 0) bins[bin + EMPTY] = NIL;
    else {
      const kept = slab;
      slab = slabs[kept + NEXT];
      slabs[kept + NEXT] = NIL;
    }
    while (slab !== NIL) {
      const next = slabs[slab + NEXT];
      this.giveBack(slab, bin);
      this.emptyCount--;
      slab = next;
    }
  }

  /** Gives every empty slab back, loose slots sent home first. */
  protected giveAllBack(): void {
    this.sendAllBack();
    for (let bin = 0; this.emptyCount > 0; bin += BIN_STRIDE) this.trim(bin, 0);
  }

  protected linkEmpty(slab: number, bin: number): void {
    this.slabs[slab + NEXT] = this.bins[bin + EMPTY];
    this.bins[bin + EMPTY] = slab;
    this.emptyCount++;
  }

  private unlinkEmpty(slab: number, bin: number): void {
    const { bins, slabs } = this;
    if (bins[bin + EMPTY] === slab) bins[bin + EMPTY] = slabs[slab + NEXT];
    else {
      let before = bins[bin + EMPTY];
      while (slabs[before + NEXT] !== slab) before = slabs[before + NEXT];
      slabs[before + NEXT] = slabs[slab + NEXT];
    }
    this.emptyCount--;
  }

  /** A free slot of a bin at a multiple of `step` units among the first `looks` of each sort, or NIL. */
  protected findSlot(bin: number, step: Units, looks: number): number {
    const { bins, cells, slabs } = this;
    let left = looks;
    for (let n = bins[bin + LOOSE]; n !== NIL && left > 0; n = cells[n + LINK]) {
      if (cells[n + OFFSET] % step === 0) return n;
      left--;
    }
    // All slots of a slab are alike then.
    const areAlike = bins[bin + UNITS] % step === 0;
    for (let list = PARTLY_FREE; list <= EMPTY; list++) {
      left = looks;
      for (let slab = bins[bin + list]; slab !== NIL && left > 0; slab = slabs[slab + NEXT]) {
        for (let n = slabs[slab + FREE]; n !== NIL; n = areAlike ? NIL : cells[n + LINK]) {
          if (cells[n + OFFSET] % step === 0) return n;
        }
        left--;
      }
    }
    return NIL;
  }

  /** Takes a free slot off the stack that it is on. O(stack). */
  protected takeSlot(n: number): void {
    const { cells, bins, slabs } = this;
    const bin = this.binOf[cells[n + SIZE]];
    if (this.unstack(bins, bin + LOOSE, n)) {
      bins[bin + LOOSE_COUNT]--;
      return;
    }
    const slab = cells[n + PLACE];
    this.unstack(slabs, slab + FREE, n);
    if (slabs[slab + OUT] === 0) {
      this.unlinkEmpty(slab, bin);
      this.linkSlab(slab, bin);
    }
    slabs[slab + OUT]++;
    bins[bin + ALL_OUT]++;
    if (slabs[slab + FREE] === NIL) this.unlinkSlab(slab, bin);
  }

  /** Takes a slot off the stack whose top is a cell of `tops`; false when it is not on it. */
  private unstack(tops: Int32Array, top: number, n: number): boolean {
    const { cells } = this;
    if (tops[top] === n) {
      tops[top] = cells[n + LINK];
      return true;
    }
    for (let above = tops[top]; above !== NIL; above = cells[above + LINK]) {
      if (cells[above + LINK] !== n) continue;
      cells[above + LINK] = cells[n + LINK];
      return true;
    }
    return false;
  }

  /**
   * Units of the longest place at a multiple of `step` that the parent would have if every empty slab were
   * given back; 0 when there is no such slab, or it is sure that no place would have `units`. O(ranges of the
   * parent).
   */
  protected longestRow(step: Units, units: Units): Units {
    const { parent, granularity } = this;
    const empty = this.emptyRanges();
    let sum = 0;
    for (const units of empty.values()) sum += units;
    const longest = parent.largestAllocatable() / granularity;
    if (empty.size === 0 || sum + longest * (empty.size + 1) < units) return 0;
    const borders = new Set(parent.regions().map((region) => region.offset));
    let best = 0;
    let from = 0;
    let reached = -1;
    for (const { offset, size, handle } of parent.ranges()) {
      if (handle !== NO_SPACE && !empty.has(parent.indexOf(handle))) continue;
      if (offset !== reached || borders.has(offset)) from = offset;
      reached = offset + size;
      best = Math.max(best, (reached - from) / granularity - paddingAt(from / granularity, step));
    }
    return best;
  }

  /** Units of each range of the parent, by its index, that is a slab with all slots back or loose. */
  private emptyRanges(): Map<number, Units> {
    const { bins, cells, slabs } = this;
    const empty = new Map<number, Units>();
    const outs = new Map<number, number>();
    const note = (slab: number, bin: number): void => {
      empty.set(slabs[slab + RANGE], slabs[slab + COUNT] * bins[bin + UNITS]);
    };
    for (let bin = 0; bin < bins.length; bin += BIN_STRIDE) {
      for (let slab = bins[bin + EMPTY]; slab !== NIL; slab = slabs[slab + NEXT]) note(slab, bin);
      for (let n = bins[bin + LOOSE]; n !== NIL; n = cells[n + LINK]) {
        const slab = cells[n + PLACE];
        const out = (outs.get(slab) ?? slabs[slab + OUT]) - 1;
        outs.set(slab, out);
        if (out === 0) note(slab, bin);
      }
    }
    return empty;
  }

  /**
   * Makes a slab that reaches beyond `end` shorter; no live slot does. False when the parent's table is full.
   */
  protected cutSlabAt(end: Units): boolean {
    this.sendAllBack();
    const { slabs, bins, cells, parent, granularity } = this;
    for (let bin = 0; bin < bins.length; bin += BIN_STRIDE) {
      const units = bins[bin + UNITS];
      for (let slab = bins[bin + PARTLY_FREE]; slab !== NIL; slab = slabs[slab + NEXT]) {
        const handle = this.heldAt(slabs[slab + RANGE]);
        const start = parent.offsetOf(handle) / granularity;
        const count = Math.floor((end - start) / units);
        if (count >= slabs[slab + COUNT]) continue;
        if (!parent.resize(handle, count * units * granularity)) return false;
        const stack: number[] = [];
        for (let n = slabs[slab + FREE]; n !== NIL; n = cells[n + LINK]) stack.push(n);
        this.dropSlots(
          slab,
          bin,
          stack.filter((n) => cells[n + OFFSET] >= start + count * units),
        );
        return true;
      }
    }
    return true;
  }

  /** Takes slots at the end of a slab, which are back, away for good. */
  private dropSlots(slab: number, bin: number, slots: readonly number[]): void {
    const { slabs, bins, cells } = this;
    for (const n of slots) {
      this.unstack(slabs, slab + FREE, n);
      cells[n + PLACE] = NIL;
      this.give(n);
    }
    slabs[slab + COUNT] -= slots.length;
    this.slotCount -= slots.length;
    this.takenUnits -= slots.length * bins[bin + UNITS];
    this.mergeCount += slots.length;
    if (slabs[slab + FREE] === NIL) this.unlinkSlab(slab, bin);
  }
}

/** How many slots may be loose where so many are live or loose. */
function mostLoose(out: number): number {
  return Math.min(MOST_EVER_LOOSE, shiftRight(out, LIVE_PER_LOOSE_BITS));
}
