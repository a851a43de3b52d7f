/**
 * Belady: the fewest tiles that any policy could have fetched, knowing the whole flight before it begins.
 *
 * Cost     O(fetches × slots).
 * Promise  no policy that has what a frame sees resident during it fetches fewer tiles.
 * Source   L. A. Belady, A study of replacement algorithms for a virtual-storage computer, 1966: whoever is
 *          needed again last goes first. That frames need several tiles at once changes nothing: those
 *          of the frame stay, whoever else goes.
 */

/** What a flight needs, frame by frame. */
export interface Flight {
  /** Tiles in sight, each once. */
  readonly seen: readonly number[];
  /** Tiles that are written when the frame has what it sees. */
  readonly written: readonly number[];
}

/** What a policy makes of a flight. Tiles. */
export interface PagingFigures {
  /** Tiles in sight that were there, and those that had to be fetched. */
  hitCount: number;
  fetchedCount: number;
  /** Evictions of tiles that had been written before: their bytes had to be brought to the CPU. */
  savedCount: number;
}

/** How dear a tile is in a frame; the cheapest goes. */
type Price = (tile: number, frame: number) => number;

/** The best that can be done with so many slots. @throws RangeError when a frame sees more than fit */
export function planOptimum(flight: readonly Flight[], slotCount: number): PagingFigures {
  const uses = new Map<number, number[]>();
  for (const [frame, { seen }] of flight.entries()) {
    for (const tile of seen) uses.set(tile, [...(uses.get(tile) ?? []), frame]);
  }
  const nextUse: Price = (tile, frame) => {
    const later = uses.get(tile)?.find((use) => use >= frame);
    return later === undefined ? Number.NEGATIVE_INFINITY : -later;
  };
  return replay(flight, slotCount, nextUse);
}

/** Whoever was used least recently goes, by the book. @throws RangeError when a frame sees more than fit */
export function replayRecency(flight: readonly Flight[], slotCount: number): PagingFigures {
  const lastUses = new Map<number, number>();
  let known = 0;
  const lastUse: Price = (tile, frame) => {
    for (; known < frame; known++) for (const seen of flight[known]?.seen ?? []) lastUses.set(seen, known);
    return lastUses.get(tile) ?? -1;
  };
  return replay(flight, slotCount, lastUse);
}

function replay(flight: readonly Flight[], slotCount: number, price: Price): PagingFigures {
  const figures = { hitCount: 0, fetchedCount: 0, savedCount: 0 };
  const resident = new Set<number>();
  const changed = new Set<number>();
  for (const [frame, { seen, written }] of flight.entries()) {
    if (seen.length > slotCount)
      throw new RangeError(`${seen.length} tiles in sight, and ${slotCount} slots`);
    const missing = seen.filter((tile) => !resident.has(tile));
    figures.hitCount += seen.length - missing.length;
    figures.fetchedCount += missing.length;
    const excess = resident.size + missing.length - slotCount;
    if (excess > 0) {
      const needed = new Set(seen);
      const others = [...resident].filter((tile) => !needed.has(tile));
      const prices = new Map(others.map((tile) => [tile, price(tile, frame)]));
      others.sort((a, b) => (prices.get(a) as number) - (prices.get(b) as number));
      for (const tile of others.slice(0, excess)) {
        resident.delete(tile);
        if (changed.has(tile)) figures.savedCount++;
      }
    }
    for (const tile of missing) resident.add(tile);
    for (const tile of written) changed.add(tile);
  }
  return figures;
}
