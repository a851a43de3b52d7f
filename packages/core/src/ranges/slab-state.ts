/**
 * Slab state: checks on the tables of slabs that `restore` is given, and the parent's state inside a state.
 *
 * Cost     O(records).
 * Promise  tables that pass are such as `serialize` writes: every slot is live or in one stack, every slab
 *          with slots back in one list, and every range of the parent a slab or a live range of its own.
 */
import type { Handle, Units } from '../base/quantities.ts';
import type { RangeParts } from './state.ts';
import type { Suballocator, SuballocatorState } from './suballocator.ts';

// Cells of a record, a slab and a bin, as in slabs.ts.
const NAME = 0; // positive while the range is live
const SIZE = 1;
const OFFSET = 2;
const LINK = 3;
const PLACE = 4;
const STRIDE = 5;
const NIL = 0;
const RANGE = 0;
const OUT = 1;
const NEXT = 2;
const BACK = 3;
const FREE = 4;
const COUNT = 5;
const SLAB_STRIDE = 6;
const LOOSE_COUNT = 1;
const LOOSE = 2;
const ALL_OUT = 3;
const PARTLY_FREE = 4;
const EMPTY = 5;
const UNITS = 6;
const SLOTS = 7;
const BIN_STRIDE = 8;

/** Parts that a binned state has beside those of every kind. */
export interface SlabParts extends RangeParts {
  slabs?: Int32Array;
  /** The parent's handles by their indices. */
  held?: Float64Array;
  /** Parts of the parent's state. */
  [part: `parent.${string}`]: number | Int32Array | Float64Array;
}

const PARENT = 'parent.';

/** Puts the parent's state among the parts. */
export function packParent(parts: SlabParts, parent: Suballocator): void {
  for (const [name, part] of Object.entries(parent.serialize().parts)) parts[`${PARENT}${name}`] = part;
}

/** The parent's state among the parts. */
export function unpackParent(
  parts: Readonly<SlabParts>,
  { kind, granularity }: Suballocator,
): SuballocatorState {
  const own: Record<string, number | Int32Array | Float64Array> = {};
  for (const [name, part] of Object.entries(parts)) {
    if (name.startsWith(PARENT)) own[name.slice(PARENT.length)] = part;
  }
  return { format: 'gpuheap-suballocator', version: 1, kind, granularity, parts: own };
}

/** What there is to look at. */
export interface SlabTables {
  /** As far as they were ever used. */
  readonly cells: Int32Array;
  readonly bins: Int32Array;
  readonly slabs: Int32Array;
  readonly held: Float64Array;
  readonly parent: Suballocator;
}

/** What the tables amount to. */
export interface SlabCounts {
  liveCount: number;
  /** Live ranges that are no slots. */
  ownCount: number;
  slotCount: number;
  emptyCount: number;
  /** Units of slabs and of ranges that are no slots. */
  takenUnits: Units;
}

/**
 * Counts what is in the tables; undefined when they contradict each other. O(records · log slots of a slab).
 */
export function countSlabs(tables: SlabTables): SlabCounts | undefined {
  const { bins, slabs, parent } = tables;
  const counts = { liveCount: 0, ownCount: 0, slotCount: 0, emptyCount: 0, takenUnits: 0 };
  const slots = sortRecords(tables, counts);
  if (slots === undefined || !areClasses(bins)) return undefined;
  // Free slots found in a stack, and slabs found in a list.
  const stacked = new Set<number>();
  const listed = new Set<number>();
  for (let bin = 0; bin < bins.length; bin += BIN_STRIDE) {
    if (!followBin(tables, bin, stacked, listed)) return undefined;
  }
  const outs = new Int32Array(bins.length);
  for (const [slab, records] of slots) {
    const bin = binOfSlab(tables, slab, records);
    if (bin === undefined || listed.has(slab) !== slabs[slab + OUT] < records.length) return undefined;
    if (!listed.has(slab) && slabs[slab + FREE] !== NIL) return undefined;
    outs[bin + ALL_OUT] += slabs[slab + OUT];
    if (slabs[slab + OUT] === 0) counts.emptyCount++;
  }
  for (let at = ALL_OUT; at < bins.length; at += BIN_STRIDE) if (bins[at] !== outs[at]) return undefined;
  const isWhole =
    stacked.size === counts.slotCount + counts.ownCount - counts.liveCount &&
    parent.statistics().liveCount === slots.size + counts.ownCount;
  return isWhole ? counts : undefined;
}

/**
 * The slots of each slab, in no order, while counting; undefined when a record is nothing that it could be.
 */
function sortRecords(
  { cells, held, parent }: SlabTables,
  counts: SlabCounts,
): Map<number, number[]> | undefined {
  const slots = new Map<number, number[]>();
  for (let n = STRIDE; n < cells.length; n += STRIDE) {
    const place = cells[n + PLACE];
    const isLive = cells[n + NAME] > 0;
    const units = cells[n + SIZE];
    if (place === NIL && !isLive) continue;
    counts.takenUnits += units;
    if (isLive) counts.liveCount++;
    if (place > 0) {
      counts.slotCount++;
      const records = slots.get(place);
      if (records === undefined) slots.set(place, [n]);
      else records.push(n);
    } else {
      counts.ownCount++;
      const isOwn = isLive && isRangeOf(parent, -1 - place, held, cells[n + OFFSET], units);
      if (!isOwn) return undefined;
    }
  }
  return slots;
}

function isRangeOf(
  parent: Suballocator,
  index: number,
  held: Float64Array,
  offset: Units,
  units: Units,
): boolean {
  const handle: Handle = held[index];
  try {
    return (
      parent.indexOf(handle) === index &&
      parent.offsetOf(handle) === offset * parent.granularity &&
      parent.sizeOf(handle) === units * parent.granularity
    );
  } catch {
    return false; // Not a live handle of the parent.
  }
}

/** Whether lengths and slots are positive, and lengths ascend. */
function areClasses(bins: Int32Array): boolean {
  if (bins.length % BIN_STRIDE !== 0) return false;
  let before = 0;
  for (let bin = 0; bin < bins.length; bin += BIN_STRIDE) {
    if (bins[bin + UNITS] <= before || bins[bin + SLOTS] < 1) return false;
    before = bins[bin + UNITS];
  }
  return true;
}

/** Follows the stacks and lists of a bin. */
function followBin(tables: SlabTables, bin: number, stacked: Set<number>, listed: Set<number>): boolean {
  const { bins, slabs } = tables;
  const slotUnits = bins[bin + UNITS];
  if (followStack(tables, bins[bin + LOOSE], slotUnits, stacked) !== bins[bin + LOOSE_COUNT]) return false;
  for (const list of [PARTLY_FREE, EMPTY]) {
    let back = NIL;
    for (let slab = bins[bin + list]; slab !== NIL; slab = slabs[slab + NEXT]) {
      const out = slabs[slab + OUT];
      const isBack = list === EMPTY ? out === 0 : out > 0 && slabs[slab + BACK] === back;
      if (!isBack || listed.has(slab)) return false;
      const free = followStack(tables, slabs[slab + FREE], slotUnits, stacked, slab);
      if (free !== slabs[slab + COUNT] - out || free < 1) return false;
      listed.add(slab);
      back = slab;
    }
  }
  return true;
}

/** How many free slots of a length, and of a slab, stand in a stack; -1 when it is none. */
function followStack(
  { cells }: SlabTables,
  top: number,
  units: Units,
  stacked: Set<number>,
  slab?: number,
): number {
  let count = 0;
  for (let n = top; n !== NIL; n = cells[n + LINK]) {
    const isSlot = cells[n + NAME] < 0 && cells[n + SIZE] === units && cells[n + PLACE] > 0;
    if (!isSlot || n % STRIDE !== 0 || stacked.has(n)) return -1;
    if (slab !== undefined && cells[n + PLACE] !== slab) return -1;
    stacked.add(n);
    count++;
  }
  return count;
}

/** The bin of a slab whose slots tile their range of the parent; undefined when they do not. */
function binOfSlab(
  { cells, bins, slabs, held, parent }: SlabTables,
  slab: number,
  records: number[],
): number | undefined {
  const units = cells[records[0] + SIZE];
  let bin = 0;
  while (bin < bins.length && bins[bin + UNITS] !== units) bin += BIN_STRIDE;
  const isHeader = slab % SLAB_STRIDE === 0 && slabs[slab + COUNT] === records.length;
  if (bin === bins.length || !isHeader) return undefined;
  records.sort((a, b) => cells[a + OFFSET] - cells[b + OFFSET]);
  const start = cells[records[0] + OFFSET];
  const isTiled = records.every(
    (n, i) => cells[n + SIZE] === units && cells[n + OFFSET] === start + i * units,
  );
  const isHeld = isRangeOf(parent, slabs[slab + RANGE], held, start, units * records.length);
  return isTiled && isHeld ? bin : undefined;
}
