/**
 * Exact search: every plan of a few items that could be the smallest.
 *
 * Layout   depth first. Buffers are filled one after another; within one, items come by rising offset, each
 *          right above those that are alive with it. A plan that is not of this form can be pushed down to
 *          one that is, and has no larger peak: so one of the smallest is among them.
 *
 *            top   ┌───┐ bound: what is not placed yet and alive at a step lies above the floor there,
 *            floor └───┤ or in later buffers
 *
 * Cost     exponential: only for at most MOST_ITEMS, and MOST_NODES of the tree. O(n²) a node.
 * Promise  when it is complete, no plan has a smaller peak than the better of what it found and was given.
 * Source   the order by rising offset: M. Maas et al., "TelaMalloc", ASPLOS 2023; M. Moffitt,
 *          "MiniMalloc", ASPLOS 2023.
 */
import { alignedFrom } from './hole-search.ts';
import type { LifetimeProblem } from './lifetime-problem.ts';
import { addBuffer, makePacking, type Packing, placeAt, totalOf, UNPLACED } from './packing.ts';
import { type SearchLimit, takeStep } from './search-limit.ts';

const MOST_ITEMS = 32;
const MOST_NODES = 50_000;

/** What came out: a smaller packing if any, and whether there can be no smaller one. */
export interface ExactResult {
  readonly packing: Packing | undefined;
  readonly isComplete: boolean;
}

/** The state of the search. Bytes. */
interface Search {
  readonly problem: LifetimeProblem;
  readonly limit: SearchLimit;
  readonly boundBytes: number;
  /** Whether there may be more buffers than one: only where the packing that was given has more. */
  readonly isSplit: boolean;
  nodesLeft: number;
  /** Whether some branch was not looked at. */
  isCut: boolean;
  bestBytes: number;
  best: Packing | undefined;
  /** By item: UNPLACED, or where it is. */
  readonly buffers: Int32Array;
  readonly offsets: Float64Array;
  placedCount: number;
}

/** The buffer that is being filled. */
interface Level {
  readonly buffer: number;
  /** Bytes of the buffers before it. */
  readonly closedBytes: number;
  readonly topBytes: number;
  /** The item placed last and its offset; the next one comes after both. */
  readonly lastItem: number;
  readonly lastOffset: number;
  /** The first item that was in no buffer when this one began: it must come here. */
  readonly opener: number;
}

/** Looks for a packing that is smaller than `given`. */
export function searchExactly(given: Packing, boundBytes: number, limit: SearchLimit): ExactResult {
  const { problem } = given;
  if (problem.count > MOST_ITEMS) return { packing: undefined, isComplete: false };
  const search: Search = {
    problem,
    limit,
    boundBytes,
    isSplit: given.tops.length > 1,
    nodesLeft: MOST_NODES,
    isCut: false,
    bestBytes: totalOf(given),
    best: undefined,
    buffers: new Int32Array(problem.count).fill(UNPLACED),
    offsets: new Float64Array(problem.count),
    placedCount: 0,
  };
  visit(search, { buffer: 0, closedBytes: 0, topBytes: 0, lastItem: -1, lastOffset: 0, opener: 0 });
  return { packing: search.best, isComplete: !search.isCut };
}

function visit(search: Search, level: Level): void {
  const { problem } = search;
  if (leastTotal(search, level) >= search.bestBytes) return;
  if (search.placedCount === problem.count) {
    search.bestBytes = level.closedBytes + level.topBytes;
    search.best = packingOf(search);
    return;
  }
  if (search.nodesLeft-- <= 0 || !takeStep(search.limit)) {
    search.isCut = true;
    return;
  }
  for (const item of candidatesOf(search, level)) {
    if (search.bestBytes === search.boundBytes) return;
    const offset = lowestOffset(search, level.buffer, item);
    const topBytes = Math.max(level.topBytes, offset + problem.sizes[item]);
    search.buffers[item] = level.buffer;
    search.offsets[item] = offset;
    search.placedCount++;
    visit(search, { ...level, topBytes, lastItem: item, lastOffset: offset });
    search.placedCount--;
    search.buffers[item] = UNPLACED;
  }
  if (mayClose(search, level)) visit(search, nextBuffer(search, level));
}

/** The items that may come next, those that go lowest first, then the largest. */
function candidatesOf(search: Search, { buffer, lastItem, lastOffset }: Level): number[] {
  const { problem, offsets } = search;
  const items: number[] = [];
  for (let item = 0; item < problem.count; item++) {
    if (search.buffers[item] !== UNPLACED || conflicts(search, buffer, item)) continue;
    const offset = lowestOffset(search, buffer, item);
    if (offset < lastOffset || (offset === lastOffset && item < lastItem)) continue;
    if (offset + problem.sizes[item] > problem.maxBufferBytes) continue;
    offsets[item] = offset;
    items.push(item);
  }
  return items.sort((a, b) => offsets[a] - offsets[b] || problem.sizes[b] - problem.sizes[a] || a - b);
}

/** Above everything in the buffer that is alive with the item. */
function lowestOffset({ problem, buffers, offsets }: Search, buffer: number, item: number): number {
  const { firsts, lasts, sizes } = problem;
  let end = 0;
  for (let other = 0; other < problem.count; other++) {
    if (buffers[other] !== buffer || firsts[other] > lasts[item] || lasts[other] < firsts[item]) continue;
    end = Math.max(end, offsets[other] + sizes[other]);
  }
  return alignedFrom(end, problem.alignments[item]);
}

function conflicts({ problem, buffers }: Search, buffer: number, item: number): boolean {
  return problem.conflicts[item]?.some((other) => buffers[other] === buffer) ?? false;
}

/** No plan that goes on from here has fewer bytes. */
function leastTotal({ problem, buffers, offsets }: Search, level: Level): number {
  const { firsts, lasts, sizes, stepCount } = problem;
  let excess = 0;
  for (let step = 0; step < stepCount; step++) {
    let floor = level.lastOffset;
    let waiting = 0;
    for (let item = 0; item < problem.count; item++) {
      if (firsts[item] > step || lasts[item] < step) continue;
      if (buffers[item] === UNPLACED) waiting += sizes[item];
      else if (buffers[item] === level.buffer) floor = Math.max(floor, offsets[item] + sizes[item]);
    }
    excess = Math.max(excess, floor + waiting - level.topBytes);
  }
  return level.closedBytes + level.topBytes + excess;
}

/** Whether the next buffer may be begun: the first item that was left must be in this one by then. */
function mayClose({ problem, buffers, isSplit }: Search, { buffer, opener }: Level): boolean {
  return isSplit && buffers[opener] === buffer && buffer + 1 < problem.maxBuffers;
}

function nextBuffer(search: Search, { buffer, closedBytes, topBytes }: Level): Level {
  const opener = search.buffers.indexOf(UNPLACED);
  const closed = closedBytes + topBytes;
  return { buffer: buffer + 1, closedBytes: closed, topBytes: 0, lastItem: -1, lastOffset: 0, opener };
}

function packingOf({ problem, buffers, offsets }: Search): Packing {
  const packing = makePacking(problem);
  for (let left = Math.max(...buffers); left >= 0; left--) addBuffer(packing);
  for (let item = 0; item < problem.count; item++) placeAt(packing, item, buffers[item], offsets[item]);
  return packing;
}
