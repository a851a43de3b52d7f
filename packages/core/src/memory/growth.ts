/**
 * Growth: how large the next chunk is, and how much emptiness the heap may keep.
 *
 * Promise  a pool of some size gets chunks of a 16th to a 32nd of it, so that the last, half-filled one costs
 *          little; small pools start with a 16th of `chunkBytes`. A request for most of a chunk gets one for
 *          as many of its size as make a 12th of the pool, which others share when they are freed. Reserved
 *          bytes stay near the most that was live lately wherever empty chunks can be given back for it.
 * Source   measured on the recorded workloads; decision 0007.
 */
import { roundUp } from '../base/quantities.ts';
import type { PoolKind } from './pool-kind.ts';

type ChunkSizes = Pick<PoolKind, 'chunkBytes' | 'mostChunkBytes'>;

/** Chunk sizes are multiples of it: the granule of common drivers. */
const CHUNK_STEP: number = 64 * 1024;
const START_SHARE = 16;
const POOL_SHARE = 16;
/** A pool of more than so many times `chunkBytes` gets chunks of that part of it. */
const LARGE_POOL_SHARE = 8;
const LARGE_REQUEST_SHARE = 12;
/** Chunks for one allocation at a time are powers of two from here on, up to the other. */
const LEAST_POWER: number = 256 * 1024;
const LARGEST_POWER: number = 8 * 1024 * 1024;
/** Reserved over the watermark at which empty chunks are given back before a pool grows. */
const SLACK = 1.04;
/** Empty staging chunks may stay beside what is reserved: so much, and a part of the watermark. */
const STAGING_SPARE: number = 1024 * 1024;
const STAGING_SHARE = 50;
/** Frames after which the watermark forgets. */
const WINDOW_FRAMES = 128;

/** Bytes of the next chunk of a pool that holds `poolBytes`, for a request of `size`. */
export function nextChunkBytes(size: number, poolBytes: number, sizes: ChunkSizes, step: number): number {
  const wanted = usualBytes(poolBytes, sizes);
  const least = roundUp(size, Math.max(step, roundUp(Math.min(CHUNK_STEP, wanted), step)));
  if (poolBytes === 0 || size <= wanted / 2) return Math.max(roundUp(wanted, step), least);
  // What takes most of a chunk gets one that it fills, or some of its size do: the rest would be too little.
  const fitting = Math.min(
    Math.round(poolBytes / LARGE_REQUEST_SHARE / least),
    Math.floor(sizes.mostChunkBytes / least),
  );
  return least * Math.max(1, fitting);
}

function usualBytes(poolBytes: number, { chunkBytes, mostChunkBytes }: ChunkSizes): number {
  const largeShare = poolBytes / LARGE_POOL_SHARE;
  if (largeShare > chunkBytes) return Math.min(mostChunkBytes, roundUp(largeShare, CHUNK_STEP));
  const share = 2 ** Math.floor(Math.log2(Math.max(1, poolBytes / POOL_SHARE)));
  return Math.min(chunkBytes, Math.max(chunkBytes / START_SHARE, CHUNK_STEP, share));
}

/**
 * Bytes of a chunk for one allocation of `size` at a time: a power of two where that is some megabytes at
 * most, so that it serves the next one too; else an eighth of a power of two more at most.
 */
export function wholeChunkBytes(size: number, least: number): number {
  const bytes = Math.max(size, least);
  if (bytes > LEAST_POWER / 2 && bytes <= LARGEST_POWER) {
    return Math.max(LEAST_POWER, 2 ** Math.ceil(Math.log2(bytes)));
  }
  return roundUp(bytes, 2 ** Math.floor(Math.log2(bytes)) / 8);
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

  /** Bytes of empty staging that stays nevertheless: it is needed again as soon as something is moved. */
  get spareStagingBytes(): number {
    return STAGING_SPARE + this.allowedBytes / STAGING_SHARE;
  }
}
