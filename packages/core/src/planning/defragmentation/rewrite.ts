/**
 * Rewrite: packs a pool as tightly as its ranges allow, one hole a chunk.
 *
 * Layout   a tidy chunk, whose free bytes lie together, is a target from the start. The others are sources,
 *          those that cost the least first; a chunk that has been emptied is a target in its turn. At last
 *          tidy chunks are sources too, while others have room for them.
 * Cost     O(ranges + chunks log chunks). Copies nearly all that lives in chunks that are not tidy.
 * Promise  a new target is begun only when no other has room: so at most live / (chunk - largest live),
 *          rounded up, of equal chunks are in use, where nothing is pinned and but for alignment.
 * Refusal  wants one chunk more while it works, none larger than the largest source. Where none may be made
 *          and none is empty, the first source is slid in place, and so is what can not be a source, where
 *          the scope is `both`.
 * Source   copying compaction (C. J. Cheney, 1970) with best fit in place of a single target.
 */

import type { ChunkFigures } from './chunk-reader.ts';
import type { PoolPlan } from './pool-plan.ts';
import { openTidied } from './slide.ts';

/** Plans the moves. Yields between steps. */
export function* rewrite(plan: PoolPlan): Generator<undefined, void> {
  const { chunks } = plan;
  const empty = chunks.filter(({ freeBytes, chunk }) => freeBytes === chunk.sizeBytes);
  const used = chunks.filter(({ liveBytes }) => liveBytes > 0);
  const untidy = used.filter(({ gapCount }) => gapCount > 1);
  const sources = untidy.filter((figures) => !isLong(figures) && plan.isMovable(figures));
  for (const figures of untidy) if (!sources.includes(figures)) yield* openTidied(plan, figures);
  const tidy = new Map<ChunkFigures, Room>();
  for (const figures of used) if (figures.gapCount <= 1) tidy.set(figures, openLongest(plan, figures));

  const fresh = new FreshChunks(plan, empty, sources);
  for (const source of sources.sort(byCost)) {
    if (yield* plan.place(source, () => fresh.openFor(source))) {
      fresh.keep();
      yield* plan.commit();
      // What is pending in it stays for a while.
      if (source.liveBytes + source.freeBytes === source.chunk.sizeBytes) fresh.add(source);
    } else {
      fresh.takeBack();
      if (plan.settings.scope !== 'both') plan.keep(source, 'no-target');
      yield* openTidied(plan, source);
    }
  }
  yield* emptyTidy(plan, tidy);
}

/** The one hole of a tidy chunk, by its number, and where it began. */
interface Room {
  readonly hole: number;
  readonly offset: number;
}

/** Opens the longest hole of a tidy chunk: what others there are is left by alignment. */
function openLongest(plan: PoolPlan, figures: ChunkFigures): Room {
  const { chunk, holeOffsets, holeSizes } = figures;
  let longest = 0;
  for (let n = 1; n < holeSizes.length; n++) {
    if ((holeSizes[n] as number) > (holeSizes[longest] as number)) longest = n;
  }
  const { [longest]: offset = chunk.sizeBytes } = holeOffsets;
  const { [longest]: size = 0 } = holeSizes;
  return { hole: plan.openHole(chunk.id, offset, size), offset };
}

/** Empties tidy chunks into the holes of others, those that cost the least first. */
function* emptyTidy(plan: PoolPlan, tidy: ReadonlyMap<ChunkFigures, Room>): Generator<undefined, void> {
  const sources = [...tidy.keys()].sort(byCost);
  for (const source of sources) {
    const { hole, offset } = tidy.get(source) as Room;
    // What has come into it does not move again.
    if (plan.holes.offsetOf(hole) !== offset || !plan.isMovable(source)) continue;
    plan.holes.withdraw(hole);
    if (yield* plan.place(source, () => false)) yield* plan.commit();
    else plan.keep(source, 'no-benefit');
  }
}

/** A chunk with nothing in it; one that is yet to be made has an id below 0. */
interface FreshChunk {
  readonly id: number;
  readonly sizeBytes: number;
}

/** Chunks with nothing in them: those that were empty, those that have been emptied, and some to be made. */
class FreshChunks {
  private readonly plan: PoolPlan;
  private readonly empty: FreshChunk[];
  private readonly largest: ChunkFigures | undefined;
  private sparesLeft: number;
  /** What was opened for the source at hand, and the number of its hole. */
  private opened: { readonly chunk: FreshChunk; readonly hole: number } | undefined;

  constructor(plan: PoolPlan, empty: readonly ChunkFigures[], sources: readonly ChunkFigures[]) {
    this.plan = plan;
    this.sparesLeft = plan.settings.spareChunks;
    for (const figures of sources) {
      if (figures.chunk.sizeBytes > (this.largest?.chunk.sizeBytes ?? 0)) this.largest = figures;
    }
    // What is larger than any that may be emptied would be more memory than before.
    const most = this.largest?.chunk.sizeBytes ?? 0;
    this.empty = empty.map(({ chunk }) => chunk).filter(({ sizeBytes }) => sizeBytes <= most);
  }

  /** A source has been emptied. */
  add({ chunk }: ChunkFigures): void {
    this.empty.push(chunk);
  }

  /** Opens a chunk that is as large as that of a source, one for each. Whether there is one. */
  openFor({ chunk }: ChunkFigures): boolean {
    // A second one would be a chunk more.
    if (this.opened !== undefined) return false;
    const found = this.takeEmpty(chunk.sizeBytes) ?? this.nextSpare();
    if (found === undefined) return false;
    this.opened = { chunk: found, hole: this.plan.openHole(found.id, 0, found.sizeBytes) };
    return true;
  }

  /** The source has found places: what was opened for it is in use. */
  keep(): void {
    if (this.opened !== undefined && this.opened.chunk.id < 0 && this.largest !== undefined) {
      this.plan.queue.addSpare(this.largest.chunk);
      this.sparesLeft--;
    }
    this.opened = undefined;
  }

  /** The source stays: were what was opened for it left open, the next one could begin two. */
  takeBack(): void {
    if (this.opened === undefined) return;
    const { chunk, hole } = this.opened;
    this.plan.closeHole(hole);
    if (chunk.id >= 0) this.empty.push(chunk);
    this.opened = undefined;
  }

  /** The shortest empty one of `bytes` or more. */
  private takeEmpty(bytes: number): FreshChunk | undefined {
    const { empty } = this;
    empty.sort((a, b) => a.sizeBytes - b.sizeBytes || a.id - b.id);
    const k = empty.findIndex(({ sizeBytes }) => sizeBytes >= bytes);
    return k < 0 ? undefined : empty.splice(k, 1)[0];
  }

  private nextSpare(): FreshChunk | undefined {
    const { largest, plan } = this;
    if (this.sparesLeft === 0 || largest === undefined) return undefined;
    return { id: plan.queue.nextSpareId, sizeBytes: largest.chunk.sizeBytes };
  }
}

function isLong({ chunk }: ChunkFigures): boolean {
  return chunk.lifetime === 'long';
}

function byCost(a: ChunkFigures, b: ChunkFigures): number {
  return a.cost - b.cost || a.chunk.id - b.chunk.id;
}
