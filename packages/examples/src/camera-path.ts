/**
 * Camera path: a flight over a terrain, as it was recorded, and what can be seen from each point of it.
 *
 * Layout   legs between points, in 1/1024 of the terrain's side, each with its frames. There and back, twice
 *          round a loop that is longer than memory, twice round one that is not, out from the middle and home
 *          again five times, and over all that there is, row by row.
 * Promise  whole numbers: the same on every machine.
 */
import type { Terrain } from './terrain.ts';

/** Where the camera is, in 1/1024 of the terrain's side. */
export type Point = readonly [x: number, y: number];

/** The terrain's side in the units of the path. */
const SIDE = 1024;
/** How far one sees. */
const SIGHT = 72;

const START: Point = [128, 160];
/** Where each leg ends, and its frames. */
const LEGS: readonly (readonly [x: number, y: number, frames: number])[] = [
  // There and back.
  [832, 160, 30],
  [128, 160, 30],
  // Twice round the large loop.
  [128, 864, 30],
  [864, 864, 30],
  [864, 160, 30],
  [128, 160, 30],
  [128, 864, 30],
  [864, 864, 30],
  [864, 160, 30],
  [128, 160, 30],
  // To the middle, and twice round the small one.
  [400, 400, 16],
  [624, 400, 10],
  [624, 624, 10],
  [400, 624, 10],
  [400, 400, 10],
  [624, 400, 10],
  [624, 624, 10],
  [400, 624, 10],
  [400, 400, 10],
  // Out from the middle and home again.
  [96, 512, 16],
  [512, 512, 18],
  [912, 912, 24],
  [512, 512, 24],
  [512, 96, 18],
  [512, 512, 18],
  [96, 928, 24],
  [512, 512, 24],
  [928, 512, 18],
  [512, 512, 18],
  // Over everything, row by row.
  [24, 56, 26],
  [1000, 56, 24],
  [1000, 186, 4],
  [24, 186, 24],
  [24, 316, 4],
  [1000, 316, 24],
  [1000, 446, 4],
  [24, 446, 24],
  [24, 576, 4],
  [1000, 576, 24],
  [1000, 706, 4],
  [24, 706, 24],
  [24, 836, 4],
  [1000, 836, 24],
  [1000, 966, 4],
  [24, 966, 24],
];

/** The camera at every `stride`th frame. */
export function recordPath(stride = 1): Point[] {
  const points: Point[] = [START];
  let [fromX, fromY] = START;
  for (const [x, y, frames] of LEGS) {
    for (let k = 1; k <= frames; k++) {
      points.push([
        fromX + Math.floor(((x - fromX) * k) / frames),
        fromY + Math.floor(((y - fromY) * k) / frames),
      ]);
    }
    fromX = x;
    fromY = y;
  }
  return points.filter((_, frame) => frame % stride === 0);
}

/** Where the camera will be `frames` frames after `to` if it flies on as from `from` to `to`. */
export function flyOn([fromX, fromY]: Point, [toX, toY]: Point, frames: number): Point {
  return [toX + (toX - fromX) * frames, toY + (toY - fromY) * frames];
}

/** The tiles whose middle is in sight, in the order of their numbers. */
export function tilesInSight({ side }: Terrain, [x, y]: Point): number[] {
  const tiles: number[] = [];
  const unit = SIDE / side;
  const first = (at: number): number => Math.max(0, Math.floor((at - SIGHT) / unit));
  const last = (at: number): number => Math.min(side - 1, Math.floor((at + SIGHT) / unit));
  for (let row = first(y); row <= last(y); row++) {
    for (let column = first(x); column <= last(x); column++) {
      const dx = (column + 0.5) * unit - x;
      const dy = (row + 0.5) * unit - y;
      if (dx * dx + dy * dy <= SIGHT * SIGHT) tiles.push(row * side + column);
    }
  }
  return tiles;
}
