/**
 * Rewrite: packs a pool as tightly as its ranges allow, one hole a chunk.
 *
 * Layout   a tidy chunk, whose free bytes lie together, is a target from the start. The others are sources,
 *          those that cost the least first; a chunk that has been emptied is a target in its turn. At last
 *          tidy chunks are sources too, while others have room for them.
 * Cost     O(ranges + chunks log chunks). Copies nearly all that lives in chunks that are not tidy.
 * Promise  a new target is begun only when no other has room: so at most live / (chunk - largest live),
 *          rounded up, of equal chunks are in use, where nothing is pinned and but for alignment.
 * Refusal  wants one chunk more while it works. Where none may be made and none is empty, the first source is
 *          slid in place, and so is what can not be a source, where the scope is `both`.
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

  const fresh = new FreshChunks(plan, empty, used);
  for (const source of sources.sort(byCost)) {
    if (yield* plan.place(source, () => fresh.openFor(source))) {
      yield* plan.commit();
      // What is pending in it stays for a while.
      if (source.liveBytes + source.freeBytes === source.chunk.sizeBytes) fresh.add(source);
    } else {
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

/** Chunks with nothing in them: those that were empty, those that have been emptied, and some to be made. */
class FreshChunks {
  private readonly plan: PoolPlan;
  private readonly empty: { readonly id: number; readonly sizeBytes: number }[];
  private readonly largest: ChunkFigures | undefined;
  private sparesLeft: number;
  private openedFor = -1;

  constructor(plan: PoolPlan, empty: readonly ChunkFigures[], used: readonly ChunkFigures[]) {
    this.plan = plan;
    this.empty = empty.map(({ chunk }) => chunk);
    this.sparesLeft = plan.settings.spareChunks;
    for (const figures of used) {
      if (figures.chunk.sizeBytes > (this.largest?.chunk.sizeBytes ?? 0)) this.largest = figures;
    }
  }

  /** A source has been emptied. */
  add({ chunk }: ChunkFigures): void {
    this.empty.push(chunk);
  }

  /** Opens a chunk that is as large as that of a source, once for each. Whether there is one. */
  openFor({ chunk }: ChunkFigures): boolean {
    const { plan, empty, largest } = this;
    // A second one would be a chunk more.
    if (this.openedFor === chunk.id) return false;
    this.openedFor = chunk.id;
    empty.sort((a, b) => a.sizeBytes - b.sizeBytes || a.id - b.id);
    const k = empty.findIndex(({ sizeBytes }) => sizeBytes >= chunk.sizeBytes);
    const [found] = k < 0 ? [] : empty.splice(k, 1);
    if (found !== undefined) {
      plan.openHole(found.id, 0, found.sizeBytes);
      return true;
    }
    if (this.sparesLeft === 0 || largest === undefined) return false;
    this.sparesLeft--;
    plan.openHole(plan.queue.addSpare(largest.chunk), 0, largest.chunk.sizeBytes);
    return true;
  }
}

function isLong({ chunk }: ChunkFigures): boolean {
  return chunk.lifetime === 'long';
}

function byCost(a: ChunkFigures, b: ChunkFigures): number {
  return a.cost - b.cost || a.chunk.id - b.chunk.id;
}
