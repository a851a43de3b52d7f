/**
 * Chunk reader: the ranges of a chunk as columns, and figures of them.
 *
 * Layout   what is in use, in offset order, and the holes likewise.
 * Cost     read: O(ranges), in as many steps as the caller likes, or at once from a chunk that tells of them
 *          without objects: a few nanoseconds a range. 33 bytes a range in use, 16 a hole.
 * Promise  figures of a chunk are those of what was read.
 */
import { show } from '../../base/check.ts';
import { UsageError } from '../../base/errors.ts';
import { roundUp } from '../../base/quantities.ts';
import type { FragmentChunk, FragmentRange, RangeTeller } from './fragments.ts';

const FIRST_ROWS = 1024;

/** What may be done with a range: it may move, it stays, or it is on its way out. */
export const GOES = 0;
export const STAYS = 1;
export const IS_PENDING = 2;

/** What is known of a chunk when its ranges have been read. Bytes. */
export interface ChunkFigures {
  readonly chunk: FragmentChunk;
  /** What is in use, live or pending, a row each. */
  offsets: Float64Array;
  sizes: Float64Array;
  alignments: Float64Array;
  keys: Float64Array;
  /** GOES, STAYS or IS_PENDING. */
  stays: Uint8Array;
  holeOffsets: Float64Array;
  holeSizes: Float64Array;
  liveBytes: number;
  freeBytes: number;
  largestHole: number;
  /** What is charged for moving all that lives in it. */
  cost: number;
  /** Live ranges that stay where they are, and the largest of those that only the limits keep. */
  pinnedCount: number;
  tooLargeBytes: number;
  /** Runs of holes that are more than what alignment leaves; at most one is tidy. */
  gapCount: number;
  /** Whether a range is too long to slide by way of scratch. */
  lacksScratch: boolean;
}

const NO_NUMBERS = new Float64Array(0);

/** What moving a range is charged with, and whether it may be moved. */
export interface MoveRules {
  /** The longest range that may be moved. */
  readonly mostBytes: number;
  readonly mayMove: ((range: FragmentRange, chunk: FragmentChunk) => boolean) | undefined;
  readonly moveCost: ((range: FragmentRange, chunk: FragmentChunk) => number) | undefined;
}

/** Reads one chunk after another. */
export class ChunkReader {
  private readonly rules: MoveRules;
  private figures: ChunkFigures | undefined;
  /** What is left to be read; undefined where a chunk tells of all of them at once. */
  private rest: Iterator<FragmentRange> | undefined;
  // What has been read so far of the chunk; as long as the longest yet.
  private offsets = new Float64Array(FIRST_ROWS);
  private sizes = new Float64Array(FIRST_ROWS);
  private alignments = new Float64Array(FIRST_ROWS);
  private keys = new Float64Array(FIRST_ROWS);
  private stays = new Uint8Array(FIRST_ROWS);
  private rowCount = 0;
  private holeOffsets = new Float64Array(FIRST_ROWS);
  private holeSizes = new Float64Array(FIRST_ROWS);
  private holeCount = 0;
  /** Where the next range begins, and where the holes began that came just before; -1 for none. */
  private end = 0;
  private holeBefore = -1;
  /** The range that is being read, where it is an object. */
  private range: FragmentRange | undefined;
  /** `note`, for chunks that tell of their ranges themselves. */
  private readonly teller: RangeTeller;

  constructor(rules: MoveRules) {
    this.rules = rules;
    this.teller = (offset, size, state, alignment, pinned, key) =>
      this.note(offset, size, state, alignment, pinned, key);
  }

  /** Begins with a chunk; then `read` until it answers true. Its figures are filled then. */
  open(chunk: FragmentChunk): ChunkFigures {
    this.figures = {
      chunk,
      offsets: NO_NUMBERS,
      sizes: NO_NUMBERS,
      alignments: NO_NUMBERS,
      keys: NO_NUMBERS,
      stays: new Uint8Array(0),
      holeOffsets: NO_NUMBERS,
      holeSizes: NO_NUMBERS,
      liveBytes: 0,
      freeBytes: 0,
      largestHole: 0,
      cost: 0,
      pinnedCount: 0,
      tooLargeBytes: 0,
      gapCount: 0,
      lacksScratch: false,
    };
    const { mayMove, moveCost } = this.rules;
    const isTold = chunk.tellRanges !== undefined && mayMove === undefined && moveCost === undefined;
    this.rest = isTold ? undefined : chunk.ranges[Symbol.iterator]();
    this.rowCount = 0;
    this.holeCount = 0;
    this.end = 0;
    this.holeBefore = -1;
    return this.figures;
  }

  /**
   * Reads up to `most` ranges of the chunk that was opened; whether that was all of it.
   * @throws UsageError `bad-argument` where ranges do not tile the chunk
   */
  read(most: number): boolean {
    const figures = this.figures as ChunkFigures;
    const { rest } = this;
    if (rest === undefined) {
      figures.chunk.tellRanges?.(this.teller);
      this.finish(figures);
      return true;
    }
    for (let count = 0; count < most; count++) {
      const next = rest.next();
      if (next.done === true) {
        this.finish(figures);
        return true;
      }
      const { offset, size, state, alignment = 1, pinned = false, key = 0 } = next.value;
      this.range = next.value;
      this.note(offset, size, state, alignment, pinned, key);
    }
    return false;
  }

  private finish(figures: ChunkFigures): void {
    this.checkTiling(figures, this.end === figures.chunk.sizeBytes, undefined, 0);
    if (this.holeBefore >= 0) figures.gapCount++;
    this.range = undefined;
    this.fill(figures);
  }

  private fill(figures: ChunkFigures): void {
    const { rowCount, holeCount } = this;
    figures.offsets = this.offsets.slice(0, rowCount);
    figures.sizes = this.sizes.slice(0, rowCount);
    figures.alignments = this.alignments.slice(0, rowCount);
    figures.keys = this.keys.slice(0, rowCount);
    figures.stays = this.stays.slice(0, rowCount);
    figures.holeOffsets = this.holeOffsets.slice(0, holeCount);
    figures.holeSizes = this.holeSizes.slice(0, holeCount);
  }

  private note(
    offset: number,
    size: number,
    state: FragmentRange['state'],
    alignment: number,
    pinned: boolean,
    key: number,
  ): void {
    const figures = this.figures as ChunkFigures;
    this.checkTiling(figures, offset === this.end && Number.isSafeInteger(size) && size > 0, offset, size);
    this.end = offset + size;
    if (state === 'free') {
      this.noteHole(figures, offset, size);
      return;
    }
    if (!Number.isSafeInteger(alignment) || alignment < 1 || offset % alignment !== 0) {
      throw new UsageError(
        'bad-argument',
        `a range of chunk ${figures.chunk.id} is at ${offset} and has alignment ${show(alignment)}; pass what is true of it`,
      );
    }
    // A hole is none where alignment leaves no other place for what follows.
    if (this.holeBefore >= 0 && roundUp(this.holeBefore, alignment) !== offset) figures.gapCount++;
    this.holeBefore = -1;
    const n = this.addRow(offset, size, alignment, key);
    if (state === 'live') this.noteLive(figures, size, pinned, n);
    else this.stays[n] = IS_PENDING;
  }

  private noteHole(figures: ChunkFigures, offset: number, size: number): void {
    if (this.holeCount === this.holeOffsets.length) {
      this.holeOffsets = doubled(this.holeOffsets, Float64Array);
      this.holeSizes = doubled(this.holeSizes, Float64Array);
    }
    const n = this.holeCount++;
    this.holeOffsets[n] = offset;
    this.holeSizes[n] = size;
    figures.freeBytes += size;
    if (size > figures.largestHole) figures.largestHole = size;
    if (this.holeBefore < 0) this.holeBefore = offset;
  }

  private addRow(offset: number, size: number, alignment: number, key: number): number {
    if (this.rowCount === this.offsets.length) this.growRows();
    const n = this.rowCount++;
    this.offsets[n] = offset;
    this.sizes[n] = size;
    this.alignments[n] = alignment;
    this.keys[n] = key;
    return n;
  }

  private noteLive(figures: ChunkFigures, size: number, pinned: boolean, n: number): void {
    const { chunk } = figures;
    const { mostBytes, mayMove, moveCost } = this.rules;
    // Where there are rules, ranges are read as objects.
    const range = this.range as FragmentRange;
    figures.liveBytes += size;
    const cost = moveCost === undefined ? size : moveCost(range, chunk);
    const isPinned = pinned === true || cost === Number.POSITIVE_INFINITY;
    const isHeld = isPinned || mayMove?.(range, chunk) === false;
    this.stays[n] = isHeld || size > mostBytes ? STAYS : GOES;
    if (isHeld) figures.pinnedCount++;
    else if (size > mostBytes) figures.tooLargeBytes = Math.max(figures.tooLargeBytes, size);
    figures.cost += cost;
  }

  private growRows(): void {
    this.offsets = doubled(this.offsets, Float64Array);
    this.sizes = doubled(this.sizes, Float64Array);
    this.alignments = doubled(this.alignments, Float64Array);
    this.keys = doubled(this.keys, Float64Array);
    this.stays = doubled(this.stays, Uint8Array);
  }

  private checkTiling(
    { chunk }: ChunkFigures,
    isSound: boolean,
    offset: number | undefined,
    size: number,
  ): void {
    if (isSound) return;
    throw new UsageError(
      'bad-argument',
      offset === undefined
        ? `the ranges of chunk ${chunk.id} end at ${this.end} of ${chunk.sizeBytes}; pass all of them, in their order`
        : `chunk ${chunk.id} has a range at ${show(offset)} of ${show(size)} bytes where ${this.end} comes next; pass all of them, in their order`,
    );
  }
}

function doubled<Table extends Float64Array | Uint8Array>(
  table: Table,
  make: new (length: number) => Table,
): Table {
  const made = new make(table.length * 2);
  made.set(table);
  return made;
}
