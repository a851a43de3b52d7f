/**
 * Packing: items in buffers, while a plan is being made.
 *
 * Layout   a buffer and an offset for each item, `UNPLACED` where it has none. A max tree over the items, in
 *          the order in which they begin, holds the last step of those that are placed: those that are alive
 *          together with item i are the ones that began by the end of i and last until its start.
 * Cost     insert: O(k log k) in the placed items that are alive at some of the same steps, and the item's
 *          conflicts. remove: O(log n). Memory O(n).
 * Promise  ranges of items that are alive together do not overlap; items that conflict are in different
 *          buffers; no limit of the problem is passed.
 */
import { addTaken, findHole, type HoleRule, makeTakenRanges, type TakenRanges } from './hole-search.ts';
import type { LifetimeProblem } from './lifetime-problem.ts';
import { type MaxTree, makeMaxTree, NOTHING, nextAtLeast, setLeaf } from './max-tree.ts';

/** The buffer of an item that is in none, and the colour of what has none. */
export const UNPLACED = -1;

/** Where everything is. Bytes. */
export interface Packing {
  readonly problem: LifetimeProblem;
  /** By item. */
  readonly buffers: Int32Array;
  readonly offsets: Float64Array;
  /** By buffer: where its last range ends; 0 when it is empty. */
  readonly tops: number[];
  /** By buffer: the colour of its items, UNPLACED while any may come. */
  readonly colours: number[];
  /** Neighbours looked at so far, and items: what it cost, told alike on every machine. */
  workCount: number;
  /** By item: the last step, or NOTHING when it is not placed. */
  readonly tree: MaxTree;
  /** Placed items alive together with the one in question; room that is used again. */
  readonly neighbours: number[];
  readonly taken: TakenRanges;
  /** By buffer: whether it holds what conflicts with the item in question. */
  readonly isClosed: boolean[];
}

/** Nothing is placed yet. */
export function makePacking(problem: LifetimeProblem): Packing {
  const { count } = problem;
  return {
    problem,
    buffers: new Int32Array(count).fill(UNPLACED),
    offsets: new Float64Array(count),
    tops: [],
    colours: [],
    workCount: 0,
    tree: makeMaxTree(count),
    neighbours: [],
    taken: makeTakenRanges(),
    isClosed: [],
  };
}

/** Bytes of all buffers. */
export function totalOf({ tops }: Packing): number {
  let sum = 0;
  for (const top of tops) sum += top;
  return sum;
}

/**
 * Places an item where the buffers grow the least, in the first such buffer; in a new one only when no other
 * may have it. Answers whether there was a buffer.
 */
export function insertItem(packing: Packing, item: number, rule: HoleRule, colour: number): boolean {
  const { problem, tops } = packing;
  const size = problem.sizes[item];
  findNeighbours(packing, item);
  closeBuffers(packing, item);
  let chosen = UNPLACED;
  let chosenOffset = 0;
  let leastGrowth = Number.POSITIVE_INFINITY;
  for (let buffer = 0; buffer < tops.length && leastGrowth > 0; buffer++) {
    if (packing.isClosed[buffer] || !suits(packing.colours[buffer], colour)) continue;
    const offset = offsetIn(packing, buffer, item, rule);
    if (offset + size > problem.maxBufferBytes) continue;
    const growth = Math.max(0, offset + size - tops[buffer]);
    if (growth >= leastGrowth) continue;
    leastGrowth = growth;
    chosen = buffer;
    chosenOffset = offset;
  }
  if (chosen === UNPLACED) {
    if (tops.length >= problem.maxBuffers) return false;
    chosen = addBuffer(packing);
  }
  if (colour !== UNPLACED) packing.colours[chosen] = colour;
  placeAt(packing, item, chosen, chosenOffset);
  return true;
}

/** Adds a buffer that nothing is in; answers its number. */
export function addBuffer({ tops, colours, isClosed }: Packing): number {
  colours.push(UNPLACED);
  isClosed.push(false);
  return tops.push(0) - 1;
}

/** A packing with everything in the same place, and without colours. O(n). */
export function copyPacking({ problem, buffers, offsets, tops }: Packing): Packing {
  const copy = makePacking(problem);
  for (let left = tops.length; left > 0; left--) addBuffer(copy);
  for (let item = 0; item < problem.count; item++) placeAt(copy, item, buffers[item], offsets[item]);
  return copy;
}

/** Places an item where it is known to fit. */
export function placeAt(packing: Packing, item: number, buffer: number, offset: number): void {
  const { problem, tops } = packing;
  packing.buffers[item] = buffer;
  packing.offsets[item] = offset;
  setLeaf(packing.tree, item, problem.lasts[item]);
  tops[buffer] = Math.max(tops[buffer], offset + problem.sizes[item]);
}

/** Takes an item out. `tops` is too high until `measureTops`. */
export function removeItem(packing: Packing, item: number): void {
  packing.buffers[item] = UNPLACED;
  setLeaf(packing.tree, item, NOTHING);
}

/** Makes `tops` true again. O(n). */
export function measureTops({ problem, buffers, offsets, tops }: Packing): void {
  tops.fill(0);
  for (let item = 0; item < problem.count; item++) {
    const buffer = buffers[item];
    if (buffer === UNPLACED) continue;
    const end = offsets[item] + problem.sizes[item];
    if (end > tops[buffer]) tops[buffer] = end;
  }
}

/** Writes into `neighbours` the placed items that are alive at some step of `item`. O(k log n). */
export function findNeighbours(packing: Packing, item: number): void {
  const { problem, tree, neighbours } = packing;
  const first = problem.firsts[item];
  const end = problem.counts[problem.lasts[item]];
  let count = 0;
  for (let at = nextAtLeast(tree, 0, first); at !== -1 && at < end; at = nextAtLeast(tree, at + 1, first)) {
    if (at !== item) neighbours[count++] = at;
  }
  neighbours.length = count;
  packing.workCount += count + 1;
}

/** Marks the buffers that hold what conflicts with `item`. */
function closeBuffers({ problem, buffers, isClosed }: Packing, item: number): void {
  isClosed.fill(false);
  for (const other of problem.conflicts[item] ?? []) {
    if (buffers[other] !== UNPLACED) isClosed[buffers[other]] = true;
  }
}

function suits(bufferColour: number, itemColour: number): boolean {
  return bufferColour === UNPLACED || itemColour === UNPLACED || bufferColour === itemColour;
}

function offsetIn(packing: Packing, buffer: number, item: number, rule: HoleRule): number {
  const { problem, buffers, offsets, taken } = packing;
  taken.count = 0;
  for (const other of packing.neighbours) {
    if (buffers[other] === buffer) addTaken(taken, offsets[other], problem.sizes[other]);
  }
  return findHole(taken, problem.sizes[item], problem.alignments[item], rule);
}
