/**
 * Part repairs: items around the top of a packing are taken out and put back in another order.
 *
 * Layout   one item that ends at the top of its buffer, and some or all of those that are alive with it. What
 *          stays is in the way, as it was. A repair that makes the buffers larger is undone.
 * Cost     a repair: at most MOST_WORK neighbours looked at, and O(n).
 * Promise  the packing never grows.
 * Source   P. Shaw, "Using constraint programming and local search methods to solve vehicle routing
 *          problems", 1998 (large neighbourhood search).
 */
import {
  findNeighbours,
  insertItem,
  measureTops,
  type Packing,
  placeAt,
  removeItem,
  totalOf,
  UNPLACED,
} from './packing.ts';
import { drawBelow, drawShare, drawToFront, type RandomNumbers } from './random-numbers.ts';

/** A packing under repair, and room that is used again. */
export interface PartRepairs {
  readonly packing: Packing;
  readonly random: RandomNumbers;
  /** What is taken out, in the order in which it goes back. */
  readonly part: number[];
  /** By item. */
  readonly keys: Float64Array;
  readonly oldBuffers: Int32Array;
  readonly oldOffsets: Float64Array;
}

const MOST_WORK = 100_000;

/** Repairs of `packing`, which is changed from now on. */
export function makeRepairs(packing: Packing, random: RandomNumbers): PartRepairs {
  const { count } = packing.problem;
  return {
    packing,
    random,
    part: [],
    keys: new Float64Array(count),
    oldBuffers: new Int32Array(count),
    oldOffsets: new Float64Array(count),
  };
}

/** Tries one repair. */
export function repairPart(repairs: PartRepairs): void {
  const { packing, part, random } = repairs;
  const bytes = totalOf(packing);
  choosePart(repairs);
  orderPart(repairs);
  takeOut(repairs);
  const rule = drawBelow(random, 2) === 0 ? 'first-fit' : 'best-fit';
  const fits = part.every((item) => insertItem(packing, item, rule, UNPLACED) && totalOf(packing) <= bytes);
  if (!fits) putBack(repairs);
}

/** A top item first, then those alive with it: all of them every other time, if that is not too much work. */
function choosePart(repairs: PartRepairs): void {
  const { packing, part, random } = repairs;
  const { neighbours } = packing;
  const top = drawTopItem(packing, random);
  findNeighbours(packing, top);
  const most = Math.min(neighbours.length, Math.ceil(MOST_WORK / (neighbours.length + 1)));
  const count = drawBelow(random, 2) === 0 ? most : drawBelow(random, drawBelow(random, most + 1) + 1);
  drawToFront(random, neighbours, count);
  part.length = 0;
  part.push(top);
  for (let at = 0; at < count; at++) part.push(neighbours[at]);
}

/** By rising offset as it is, with a few sent ahead; or large ones first, more or less. */
function orderPart({ packing, part, keys, random }: PartRepairs): void {
  const { offsets, problem } = packing;
  const top = part[0];
  if (drawBelow(random, 2) === 0) {
    const noise = drawBelow(random, 4) / 2;
    for (const item of part) keys[item] = problem.sizes[item] * (1 + noise * drawShare(random));
    if (drawBelow(random, 2) === 0) keys[top] = Number.POSITIVE_INFINITY;
  } else {
    for (const item of part) keys[item] = -offsets[item];
    for (let ahead = drawBelow(random, 3); ahead >= 0; ahead--) {
      const item = ahead === 0 ? top : part[drawBelow(random, part.length)];
      keys[item] *= drawShare(random);
    }
  }
  part.sort((a, b) => keys[b] - keys[a] || a - b);
}

/** One of the items that end where their buffer does. O(n). */
function drawTopItem({ problem, buffers, offsets, tops }: Packing, random: RandomNumbers): number {
  let seen = 0;
  let chosen = 0;
  for (let item = 0; item < problem.count; item++) {
    if (offsets[item] + problem.sizes[item] !== tops[buffers[item]]) continue;
    if (drawBelow(random, ++seen) === 0) chosen = item;
  }
  return chosen;
}

function takeOut({ packing, part, oldBuffers, oldOffsets }: PartRepairs): void {
  for (const item of part) {
    oldBuffers[item] = packing.buffers[item];
    oldOffsets[item] = packing.offsets[item];
    removeItem(packing, item);
  }
  measureTops(packing);
}

function putBack({ packing, part, oldBuffers, oldOffsets }: PartRepairs): void {
  for (const item of part) removeItem(packing, item);
  for (const item of part) placeAt(packing, item, oldBuffers[item], oldOffsets[item]);
  measureTops(packing);
}
