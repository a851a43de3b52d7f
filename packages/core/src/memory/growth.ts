/**
 * Growth: how large the next chunk is, and how much emptiness the heap may keep.
 *
 * Promise  a pool of some size gets chunks of about a 32nd of it, so that the last, half-filled one costs
 *          little; small pools start with a 16th of `chunkBytes`. A request for most of a chunk gets one of
 *          its own size, which others share when it is freed. Reserved bytes stay near the most that was
 *          live lately wherever empty chunks can be given back for it.
 * Source   measured on the recorded workloads; decision 0007.
 */
import { roundUp } from '../base/quantities.ts';

/** Chunk sizes are multiples of it: the granule of common drivers. */
const CHUNK_STEP: number = 64 * 1024;
const START_SHARE = 16;
const POOL_SHARE = 32;
/** Reserved over the watermark at which empty chunks are given back before a pool grows. */
const SLACK = 1.04;
/** Frames after which the watermark forgets. */
const WINDOW_FRAMES = 128;

/** Bytes of the next chunk of a pool that holds `poolBytes`, for a request of `size`. */
export function nextChunkBytes(size: number, poolBytes: number, chunkBytes: number, step: number): number {
  const share = Math.max(1, poolBytes / POOL_SHARE);
  const start = Math.max(chunkBytes / START_SHARE, CHUNK_STEP);
  const wanted = Math.min(chunkBytes, Math.max(start, 2 ** Math.floor(Math.log2(share))));
  const least = roundUp(size, Math.max(step, roundUp(Math.min(CHUNK_STEP, wanted), step)));
  // What takes most of a chunk gets one that it fills: the rest would be too little for the next of its kind.
  if (poolBytes > 0 && size > wanted / 2) return least;
  return Math.max(roundUp(wanted, step), least);
}

/** Bytes of a chunk for one allocation of `size` at a time: an eighth of a power of two more at most. */
export function wholeChunkBytes(size: number, least: number): number {
  const eighth = 2 ** Math.floor(Math.log2(Math.max(size, least))) / 8;
  return roundUp(Math.max(size, least), eighth);
}

/** The most bytes that were live at once, over the last one or two windows of frames. */
export class Watermark {
  private current = 0;
  private before = 0;
  private frames = 0;

  /** `bytes` are live now. */
  note(bytes: number): void {
    if (bytes > this.current) this.current = bytes;
  }

  /** A frame has ended with `bytes` live. */
  endFrame(bytes: number): void {
    this.frames++;
    if (this.frames < WINDOW_FRAMES) return;
    this.frames = 0;
    this.before = this.current;
    this.current = bytes;
  }

  /** Bytes that the heap may hold without giving empty chunks back first. */
  get allowedBytes(): number {
    return Math.max(this.current, this.before) * SLACK;
  }
}
