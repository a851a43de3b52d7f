/**
 * Pass moves: what one pass does with those that it moves, from taking their places to settling them in.
 *
 *          take, take, … → submit: all bytes in one submission → settle, or undo
 *
 * Promise  until `settle` everything is where it was, and `undo` gives back what was taken. The old places
 *          are released then. Bytes that slide over their own place go by way of scratch, or in pieces where
 *          a buffer may be copied within, as the plan says.
 */
import type { CopyRegion } from '../../backend/port.ts';
import type { Handle } from '../../base/quantities.ts';
import type { Chunk, RangeOwner } from '../../memory/chunk.ts';
import type { Memory } from '../../memory/memory.ts';
import type { DefragmentationMove } from '../../planning/defragmentation/move-queue.ts';
import { NO_SPACE } from '../../ranges/suballocator.ts';
import type { Scratch } from './detour.ts';
import type { Movable, Movers } from './movable.ts';
import { Slides } from './slides.ts';

/** One move whose place has been taken; a slide has no handle there yet. */
interface TakenMove<Buffer> extends DefragmentationMove {
  readonly movable: Movable<Buffer>;
  readonly from: Chunk<Buffer>;
  readonly to: Chunk<Buffer>;
  readonly target: Handle;
}

export class PassMoves<Buffer> {
  /** Moves whose places were taken, those of them within a chunk; bytes of them, and bytes to be copied. */
  moveCount = 0;
  slideCount = 0;
  movedBytes = 0;
  copiedBytes = 0;
  private readonly memory: Memory<Buffer>;
  private readonly movers: Movers<Buffer>;
  private readonly slides: Slides<Buffer>;
  private readonly taken: TakenMove<Buffer>[] = [];

  constructor(memory: Memory<Buffer>, movers: Movers<Buffer>) {
    this.memory = memory;
    this.movers = movers;
    this.slides = new Slides(memory);
  }

  /** Takes the place of a move; whether that was possible. */
  take(
    move: DefragmentationMove,
    from: Chunk<Buffer>,
    to: Chunk<Buffer>,
    movable: Movable<Buffer>,
    owner: RangeOwner,
  ): boolean {
    const { fromOffset, toOffset, size } = move;
    let target: Handle = NO_SPACE;
    if (from === to) {
      if (!this.slides.take(from, fromOffset, toOffset, size)) return false;
      this.slideCount++;
    } else {
      target = this.memory.placeAt(to, toOffset, size, movable.alignment, owner);
      if (target === NO_SPACE) return false;
    }
    this.taken.push({ ...move, movable, from, to, target });
    this.moveCount++;
    this.movedBytes += size;
    this.copiedBytes += move.copiedBytes;
    return true;
  }

  /** Copies all bytes. @throws BackendError */
  submit(scratch: Scratch<Buffer> | undefined): void {
    if (this.moveCount > 0) this.memory.backend.copy(regionsOf(this.taken, scratch));
  }

  /** Nothing moves. */
  undo(): void {
    for (const { from, to, target } of this.taken) if (from !== to) this.memory.cancel(to, target);
    this.slides.undo();
  }

  /** Everybody lives where the bytes are. Answers who has moved. */
  settle(): Movable<Buffer>[] {
    this.slides.settle(() => {
      for (const move of this.taken) this.settleOne(move);
    });
    return this.taken.map(({ movable }) => movable);
  }

  private settleOne({ movable, from, key: source, to, target, toOffset }: TakenMove<Buffer>): void {
    const { memory, movers } = this;
    const used = from.suballocator.sizeOf(source);
    if (from === to) movable.settleIn(to, from.slide(source, toOffset));
    else {
      memory.release(from, source);
      movable.settleIn(to, target);
    }
    movers.moved(movable, used);
  }
}

/**
 * The copies, in the order in which they are done. What goes by way of scratch goes there as long as there is
 * room, then all of it comes back: its places lie before all that has not left its own yet.
 */
function regionsOf<Buffer>(
  moves: readonly TakenMove<Buffer>[],
  scratch: Scratch<Buffer> | undefined,
): CopyRegion<Buffer>[] {
  const regions: CopyRegion<Buffer>[] = [];
  let back: CopyRegion<Buffer>[] = [];
  let usedBytes = 0;
  const bringBack = (): void => {
    regions.push(...back);
    back = [];
    usedBytes = 0;
  };
  for (const move of moves) {
    const region = regionOf(move);
    if (move.way !== 'scratch' || scratch === undefined) {
      regions.push(...piecesOf(region, move));
      continue;
    }
    if (usedBytes + region.size > scratch.size) bringBack();
    const { chunk, handle } = scratch;
    const offset = chunk.suballocator.offsetOf(handle) + usedBytes;
    regions.push({ ...region, target: chunk.buffer, targetOffset: offset });
    back.push({ ...region, source: chunk.buffer, sourceOffset: offset });
    usedBytes += region.size;
  }
  bringBack();
  return regions;
}

/** None longer than the way that it goes, where it goes over its own place. */
function piecesOf<Buffer>(region: CopyRegion<Buffer>, { way }: TakenMove<Buffer>): CopyRegion<Buffer>[] {
  if (way !== 'pieces') return [region];
  const { sourceOffset, targetOffset, size } = region;
  const longest = sourceOffset - targetOffset;
  const pieces: CopyRegion<Buffer>[] = [];
  for (let at = 0; at < size; at += longest) {
    const places = { sourceOffset: sourceOffset + at, targetOffset: targetOffset + at };
    pieces.push({ ...region, ...places, size: Math.min(longest, size - at) });
  }
  return pieces;
}

function regionOf<Buffer>({
  from,
  key: source,
  to,
  target,
  toOffset,
  size,
}: TakenMove<Buffer>): CopyRegion<Buffer> {
  return {
    source: from.buffer,
    sourceOffset: from.suballocator.offsetOf(source),
    target: to.buffer,
    // Some kinds put it where they like.
    targetOffset: from === to ? toOffset : to.suballocator.offsetOf(target),
    size,
  };
}
