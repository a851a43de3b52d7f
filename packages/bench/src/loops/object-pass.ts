/**
 * Object pass: as the timed pass, for layers that answer an object for each range. Loaded once for each
 * layer.
 *
 * Promise  every offset is read and stored; an object is let go of when its range is freed.
 */

/** What a layer hands out. */
export interface HeldRange {
  /** First byte. */
  readonly offset: number;
  free(): void;
}

/** A layer over suballocators that hands out objects. */
export interface ObjectLayer {
  /** Undefined when the request is refused. */
  allocate(size: number, alignment: number): HeldRange | undefined;
  /** A frame ends: what was freed may be used again. */
  endFrame(): void;
}

/** The objects and offsets of a pass by slot. */
export interface ObjectState {
  readonly held: (HeldRange | undefined)[];
  readonly offsets: Float64Array;
}

/** This module's shape, for loading copies of it. */
export interface ObjectPassModule {
  readonly replayObjects: typeof replayObjects;
}

/** Operations between two frames. */
const FRAME_OPERATIONS = 1000;

/** Replays operations `from` to `to`; answers how many allocations were refused. O(operations). */
export function replayObjects(
  steps: Int32Array,
  alignment: number,
  layer: ObjectLayer,
  { held, offsets }: ObjectState,
  from: number,
  to: number,
): number {
  let failedCount = 0;
  let frameEnd = from + FRAME_OPERATIONS;
  for (let i = from; i < to; i++) {
    if (i === frameEnd) {
      layer.endFrame();
      frameEnd += FRAME_OPERATIONS;
    }
    const at = steps[i * 2] as number;
    if (at >= 0) {
      const range = layer.allocate(steps[i * 2 + 1] as number, alignment);
      held[at >> 1] = range;
      if (range === undefined) failedCount++;
      else offsets[at >> 1] = range.offset;
    } else {
      const slot = ~at >> 1;
      const range = held[slot];
      if (range !== undefined) {
        range.free();
        held[slot] = undefined;
      }
    }
  }
  return failedCount;
}
