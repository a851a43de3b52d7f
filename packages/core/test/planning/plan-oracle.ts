/**
 * Plan oracle: does the moves of a plan on bytes, and knows nothing of how they were found.
 *
 * Promise  throws where a move goes over anything that is there, leaves its chunk's pool, loses alignment,
 *          moves what must stay or what has moved before, or takes what the same pass has left.
 */
import type { DefragmentationPass, Fragments } from '../../src/planning/index.ts';

interface Spot {
  readonly size: number;
  readonly alignment: number;
  readonly mayMove: boolean;
  hasMoved: boolean;
}

interface ChunkState {
  readonly pool: string;
  readonly sizeBytes: number;
  readonly dedicated: boolean;
  readonly spots: Map<number, Spot>;
}

/** What a chunk is like after the moves. */
export interface ChunkAfter {
  readonly id: number;
  readonly sizeBytes: number;
  readonly liveBytes: number;
  readonly usedBytes: number;
  /** Free ranges, but for those that alignment leaves. */
  readonly holeCount: number;
}

/** Does all moves. `completed`: nothing goes to where the same pass has moved something away. */
export function doMoves(
  fragments: Fragments,
  passes: readonly DefragmentationPass[],
  reuseAfter: 'submitted' | 'completed' = 'submitted',
): ChunkAfter[] {
  const chunks = new Map<number, ChunkState>();
  for (const { id, pool, sizeBytes, dedicated, ranges } of fragments.chunks) {
    const spots = new Map<number, Spot>();
    for (const { offset, size, state, alignment = 1, pinned = false } of ranges) {
      if (state === 'free') continue;
      const mayMove = state === 'live' && !pinned;
      spots.set(offset, { size, alignment: state === 'live' ? alignment : 0, mayMove, hasMoved: false });
    }
    chunks.set(id, { pool, sizeBytes, dedicated, spots });
  }
  for (const pass of passes) doPass(chunks, pass, reuseAfter);
  return [...chunks].map(([id, chunk]) => describe(id, chunk));
}

function doPass(
  chunks: Map<number, ChunkState>,
  { moves, spares }: DefragmentationPass,
  reuseAfter: 'submitted' | 'completed',
): void {
  for (const { id, pool, sizeBytes } of spares) {
    if (id >= 0 || chunks.has(id)) throw new Error(`spare chunk ${id} has no number of its own`);
    chunks.set(id, { pool, sizeBytes, dedicated: false, spots: new Map() });
  }
  const left = new Set<number>();
  const leftPlaces: { chunk: number; from: number; to: number }[] = [];
  for (const { fromChunk, fromOffset, toChunk, toOffset, size, pool } of moves) {
    const from = chunks.get(fromChunk);
    const to = chunks.get(toChunk);
    const spot = from?.spots.get(fromOffset);
    if (from === undefined || to === undefined || spot === undefined) throw new Error('nothing is there');
    if (spot.size !== size || from.pool !== pool || to.pool !== pool) throw new Error('it is another range');
    if (!spot.mayMove || from.dedicated || to.dedicated) throw new Error('it must not move');
    if (spot.hasMoved) throw new Error('it moves twice');
    if (toOffset % spot.alignment !== 0) throw new Error('it loses its alignment');
    if (toOffset < 0 || toOffset + size > to.sizeBytes) throw new Error('it leaves the chunk');
    if (fromChunk !== toChunk && left.has(toChunk)) throw new Error('it goes to what this pass leaves');
    from.spots.delete(fromOffset);
    left.add(fromChunk);
    leftPlaces.push({ chunk: fromChunk, from: fromOffset, to: fromOffset + size });
    const isTaken = leftPlaces.some(
      (place) => place.chunk === toChunk && toOffset < place.to && toOffset + size > place.from,
    );
    if (reuseAfter === 'completed' && isTaken) throw new Error('it goes to where the GPU may still read');
    for (const [offset, { size: taken }] of to.spots) {
      if (toOffset < offset + taken && offset < toOffset + size) throw new Error('it goes over another');
    }
    spot.hasMoved = true;
    to.spots.set(toOffset, spot);
  }
}

function describe(id: number, { sizeBytes, spots }: ChunkState): ChunkAfter {
  let end = 0;
  let holeCount = 0;
  let liveBytes = 0;
  let usedBytes = 0;
  for (const [offset, { size, alignment }] of [...spots].sort(([a], [b]) => a - b)) {
    const isGap = alignment > 0 && Math.ceil(end / alignment) * alignment === offset;
    if (offset > end && !isGap) holeCount++;
    if (alignment > 0) liveBytes += size;
    usedBytes += size;
    end = offset + size;
  }
  if (end < sizeBytes) holeCount++;
  return { id, sizeBytes, liveBytes, usedBytes, holeCount };
}
