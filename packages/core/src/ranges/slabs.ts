/**
 * Slabs: ranges of a parent suballocator that are cut into equal slots. The ground floor of the binned kind:
 * carves slabs and gives them back; slab-bins.ts says which slot is free, binned.ts what is served from
 * where.
 *
 * Layout   a record a slot, as long as its slab lives, and one a live range that the parent serves itself: 20
 *          bytes. A header a slab: 24 bytes. Slots lie side by side from where the parent's range begins;
 *          those that are neither live nor loose (see slab-bins.ts) are back, in the stack of their slab.
 *
 *            parent   [ live 40 ][ slab of 4 · 12: live, back, loose, live ][ free 60 ]
 *
 * Cost     carve, give back: O(slots of the slab) beside the parent's own.
 * Promise  an eighth of the span is never carved into slabs, so that it is there for requests of any size; a
 *          slab that can not be had changes nothing.
 */
import { shiftRight } from '../base/bits.ts';
import { show } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';
import type { Handle, Units } from '../base/quantities.ts';
import { RangeRecords } from './range-records.ts';
import { classesFromBytes, deriveClasses, tabulateClasses } from './size-classes.ts';
import { countSlabs, packParent, type SlabParts, unpackParent } from './slab-state.ts';
import {
  NO_SPACE,
  type Suballocator,
  type SuballocatorOptions,
  type SuballocatorState,
} from './suballocator.ts';
import { Tlsf } from './tlsf.ts';

// Cells of a record. One that is not taken has PLACE 0.
const SIZE = 1; // units
const OFFSET = 2; // first unit
const LINK = 3; // free slot: the next one of its stack, or NIL
const PLACE = 4; // slot: its slab; a range of its own: -1 - the index of the parent's range
const STRIDE = 5;
const NIL = 0;

// Cells of a slab.
const RANGE = 0; // index of the parent's range
const OUT = 1; // slots that are live or loose
const NEXT = 2; // the next slab of the same list, or NIL
const FREE = 4; // the first slot that is back, or NIL
const COUNT = 5; // slots; 0 while the header is unused
const SLAB_STRIDE = 6;

// Cells of a bin; those before are of slab-bins.ts.
const UNITS = 6; // length of a slot
const SLOTS = 7; // slots of a new slab
const BIN_STRIDE = 8;

/** Of the span, one part in so many, as a power of two, is not for slabs. */
const RESERVE_BITS = 3;

/** What a parent must be able to do. */
const NEEDED = [
  'freesInAnyOrder',
  'anyAlignment',
  'exact',
  'exactSizes',
  'mergesNeighbours',
  'allocateAt',
  'resize',
  'grow',
  'shrinkTo',
  'track',
] as const;

/** What the slabs are cut from. */
export type BinnedParent = Suballocator &
  Required<
    Pick<Suballocator, 'allocateAt' | 'resize' | 'grow' | 'shrinkTo' | 'track' | 'untrack' | 'regions'>
  >;

/** A class of parents, such as `Tlsf`. */
export interface BinnedParentClass {
  new (options: SuballocatorOptions): BinnedParent;
  restore(state: SuballocatorState): BinnedParent;
}

/** A new parent. @throws UsageError `bad-argument` for what can not be one */
function makeParent(parent: unknown, options: SuballocatorOptions): BinnedParent {
  const isClass =
    typeof parent === 'function' && typeof (parent as { restore?: unknown }).restore === 'function';
  const made = isClass ? new (parent as BinnedParentClass)(options) : undefined;
  const missing = made === undefined ? 'restore' : NEEDED.find((name) => !made.capabilities[name]);
  if (made === undefined || missing !== undefined) {
    throw new UsageError(
      'bad-argument',
      `parent is ${show(parent)} without ${missing}; pass a class such as Tlsf or BestFit`,
    );
  }
  return made;
}

/** How a binned suballocator is made. */
export interface BinnedOptions extends SuballocatorOptions {
  /** Sizes in bytes of what is served from slabs. Default: derived from the capacity; see size-classes.ts. */
  readonly classes?: readonly number[];
  /** What slabs are cut from, and what serves the rest: a class such as `BestFit`. Default `Tlsf`. */
  readonly parent?: BinnedParentClass;
}

/** See the head of the file. */
export abstract class Slabs extends RangeRecords {
  protected parent: BinnedParent;
  private readonly parentClass: BinnedParentClass;
  /** For each length up to that of the longest slot, its bin. */
  protected binOf: Uint16Array;
  protected mostSlotUnits: Units;
  protected bins: Int32Array;
  protected slabs: Int32Array = new Int32Array(SLAB_STRIDE * 16);
  private spareSlab = NIL;
  private slabTop: number = SLAB_STRIDE;
  /** The parent's handles by their indices. */
  private held: Float64Array = new Float64Array(16);
  /** Units that slabs and ranges of their own take of the parent. */
  protected takenUnits: Units = 0;
  protected slotCount = 0;
  /** Live ranges that are no slots. */
  protected ownCount = 0;
  /** Empty slabs. */
  protected emptyCount = 0;

  /** @throws UsageError `bad-argument`, `bad-size`, `unknown-option`, `bad-capacity`, `bad-granularity` */
  constructor(options: BinnedOptions) {
    super(options, STRIDE, ['classes', 'parent']);
    const { classes, parent = Tlsf } = options;
    const { capacity, capacityUnits, granularity } = this;
    this.parentClass = parent;
    this.parent = makeParent(parent, { capacity, granularity });
    const sizes =
      classes === undefined
        ? deriveClasses(capacityUnits)
        : classesFromBytes(classes, granularity, capacityUnits);
    this.bins = new Int32Array(sizes.length * BIN_STRIDE);
    for (const [i, { units, slots }] of sizes.entries()) {
      this.bins[i * BIN_STRIDE + UNITS] = units;
      this.bins[i * BIN_STRIDE + SLOTS] = slots;
    }
    this.binOf = this.tabulate();
    this.mostSlotUnits = this.binOf.length - 1;
  }

  private tabulate(): Uint16Array {
    const lengths: Units[] = [];
    for (let bin = 0; bin < this.bins.length; bin += BIN_STRIDE) lengths.push(this.bins[bin + UNITS]);
    return tabulateClasses(lengths, BIN_STRIDE);
  }

  /** A new slab at a multiple of `alignment` bytes, in no list; NIL when there can be none. */
  protected carve(bin: number, alignment: number): number {
    const count = this.bins[bin + SLOTS];
    const units = count * this.bins[bin + UNITS];
    const { capacityUnits } = this;
    if (capacityUnits - this.takenUnits - units < shiftRight(capacityUnits, RESERVE_BITS)) return NIL;
    const first = this.takeSlots(count);
    if (first === NIL) return NIL;
    const handle = this.parent.allocate(units * this.granularity, alignment);
    if (handle === NO_SPACE) {
      this.giveSlots(first);
      return NIL;
    }
    return this.cut(bin, handle, first, count);
  }

  /** Makes a range of the parent a slab of `count` slots, whose records begin with `first`. */
  protected cut(bin: number, handle: Handle, first: number, count: number): number {
    const { cells } = this;
    const units = this.bins[bin + UNITS];
    const slab = this.takeSlab();
    let at = this.parent.offsetOf(handle) / this.granularity;
    for (let n = first; n !== NIL; n = cells[n + LINK]) {
      cells[n + SIZE] = units;
      cells[n + OFFSET] = at;
      cells[n + PLACE] = slab;
      at += units;
    }
    const { slabs } = this;
    slabs[slab + FREE] = first;
    slabs[slab + OUT] = 0;
    slabs[slab + RANGE] = this.hold(handle);
    slabs[slab + COUNT] = count;
    this.slotCount += count;
    this.takenUnits += count * units;
    this.splitCount += count - 1;
    return slab;
  }

  /** Records for slots, as a stack; NIL when the table is too full. */
  protected takeSlots(count: number): number {
    let first = NIL;
    for (let i = 0; i < count; i++) {
      const n = this.take();
      if (n === NIL) {
        this.giveSlots(first);
        return NIL;
      }
      this.cells[n + LINK] = first;
      first = n;
    }
    return first;
  }

  private giveSlots(first: number): void {
    const { cells } = this;
    for (let n = first; n !== NIL; ) {
      const next = cells[n + LINK];
      cells[n + PLACE] = NIL;
      this.give(n);
      n = next;
    }
  }

  /** Lets an empty slab go that stands in no list any more. */
  protected giveBack(slab: number, bin: number): void {
    const { slabs, parent } = this;
    const count = slabs[slab + COUNT];
    const handle = this.held[slabs[slab + RANGE]];
    this.giveSlots(slabs[slab + FREE]);
    parent.free(handle);
    this.slotCount -= count;
    this.takenUnits -= count * this.bins[bin + UNITS];
    this.mergeCount += count - 1;
    slabs[slab + COUNT] = 0;
    slabs[slab + NEXT] = this.spareSlab;
    this.spareSlab = slab;
  }

  private takeSlab(): number {
    const spare = this.spareSlab;
    if (spare !== NIL) {
      this.spareSlab = this.slabs[spare + NEXT];
      return spare;
    }
    const slab = this.slabTop;
    if (slab >= this.slabs.length) {
      const grown = new Int32Array(SLAB_STRIDE * Math.ceil((slab / SLAB_STRIDE) * 1.25));
      grown.set(this.slabs);
      this.slabs = grown;
    }
    this.slabTop = slab + SLAB_STRIDE;
    return slab;
  }

  /** Notes a handle of the parent; answers the index under which it is found. */
  protected hold(handle: Handle): number {
    const index = this.parent.indexOf(handle);
    if (index >= this.held.length) {
      const grown = new Float64Array(Math.ceil((index + 1) * 1.25));
      grown.set(this.held);
      this.held = grown;
    }
    this.held[index] = handle;
    return index;
  }

  protected heldAt(index: number): Handle {
    return this.held[index];
  }

  /** Forgets all slabs; the parent has been reset. O(records). */
  protected clearSlabs(): void {
    const { bins, cells } = this;
    this.clear();
    for (let n = STRIDE; n < this.usedCells; n += STRIDE) cells[n + PLACE] = NIL;
    for (let bin = 0; bin < bins.length; bin += BIN_STRIDE) bins.fill(0, bin, bin + UNITS);
    this.slabs.fill(0);
    this.spareSlab = NIL;
    this.slabTop = SLAB_STRIDE;
    this.takenUnits = 0;
    this.slotCount = 0;
    this.ownCount = 0;
    this.emptyCount = 0;
  }

  /** Bytes of metadata now, the parent's included if it says. */
  get metadataBytes(): number {
    const { metadataBytes = 0 } = this.parent as { readonly metadataBytes?: number };
    const { bins, binOf, slabs, held } = this;
    return (
      this.tableBytes +
      bins.byteLength +
      binOf.byteLength +
      slabs.byteLength +
      held.byteLength +
      metadataBytes
    );
  }

  protected saveParts(parts: SlabParts): void {
    parts.bins = this.bins.slice();
    parts.slabs = this.slabs.slice(0, this.slabTop);
    parts.held = this.held.slice();
    parts.more = Float64Array.of(this.spareSlab);
    packParent(parts, this.parent);
  }

  protected loadParts(parts: Readonly<SlabParts>): boolean {
    const { bins, slabs, held, more } = parts;
    if (!(bins instanceof Int32Array && slabs instanceof Int32Array)) return false;
    if (!(held instanceof Float64Array && more instanceof Float64Array)) return false;
    this.parent = this.parentClass.restore(unpackParent(parts, this.parent));
    this.bins = bins.slice();
    this.slabs = slabs.slice();
    this.held = held.slice();
    this.slabTop = slabs.length;
    this.spareSlab = more[0];
    const cells = this.cells.subarray(0, this.usedCells);
    const counts = countSlabs({ cells, bins, slabs, held, parent: this.parent });
    if (counts === undefined || !this.hasSoundSpares()) return false;
    this.binOf = this.tabulate();
    this.mostSlotUnits = this.binOf.length - 1;
    this.takenUnits = counts.takenUnits;
    this.slotCount = counts.slotCount;
    this.ownCount = counts.ownCount;
    this.emptyCount = counts.emptyCount;
    return this.parent.capacity === this.capacity;
  }

  /** Whether every unused header, and nothing else, is in the list of unused ones. */
  private hasSoundSpares(): boolean {
    const { slabs } = this;
    let spares = 0;
    for (let slab = SLAB_STRIDE; slab < slabs.length; slab += SLAB_STRIDE) {
      if (slabs[slab + COUNT] === 0) spares++;
    }
    for (let slab = this.spareSlab; slab !== NIL; slab = slabs[slab + NEXT]) {
      if (slab % SLAB_STRIDE !== 0 || slabs[slab + COUNT] !== 0 || --spares < 0) return false;
    }
    return spares === 0;
  }
}
