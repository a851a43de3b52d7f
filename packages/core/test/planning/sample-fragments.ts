/** Chunks for plans: written by hand, and drawn at random. */
import fc from 'fast-check';
import type { FragmentChunk, FragmentRange, Fragments } from '../../src/planning/index.ts';

const UNIT = 16;

/**
 * One letter a unit of 16 bytes: a run of a capital is a live range, `!` after it pins it, `p` is pending and
 * `.` free.
 */
export function chunkOf(id: number, map: string, more: Partial<FragmentChunk> = {}): FragmentChunk {
  const ranges: FragmentRange[] = [];
  let offset = 0;
  for (const [run, letter = ''] of map.matchAll(/(.)\1*!?/g)) {
    const pinned = run.endsWith('!');
    const size = (run.length - (pinned ? 1 : 0)) * UNIT;
    const state = letter === '.' ? 'free' : letter === 'p' ? 'pending' : 'live';
    ranges.push({ offset, size, state, ...(pinned ? { pinned } : {}) });
    offset += size;
  }
  return { id, pool: 'pool', sizeBytes: offset, dedicated: false, ranges, ...more };
}

/** Chunks of one pool, their ids from 0 on. */
export function fragmentsOf(...maps: string[]): Fragments {
  return { chunks: maps.map((map, id) => chunkOf(id, map)) };
}

/** What a random chunk is made of. */
export interface ChunkShape {
  /** Units of a chunk, at least. */
  readonly units: number;
  readonly pins: boolean;
  readonly pending: boolean;
}

/** A random chunk of exactly `units` units. */
function drawChunk({
  units,
  pins,
  pending,
}: ChunkShape): fc.Arbitrary<(id: number, pool: string) => FragmentChunk> {
  const piece = fc.record({
    units: fc.integer({ min: 1, max: Math.max(1, Math.floor(units / 3)) }),
    kind: fc.nat({ max: 19 }),
    alignment: fc.constantFrom(1, 16, 32, 64, 48),
  });
  return fc.array(piece, { maxLength: units }).map((pieces) => (id, pool) => {
    const ranges: FragmentRange[] = [];
    let at = 0;
    for (const { units: length, kind, alignment } of pieces) {
      const size = Math.min(length, units - at);
      if (size === 0) break;
      const offset = at * UNIT;
      const bytes = size * UNIT;
      at += size;
      if (kind < 9) pushFree(ranges, offset, bytes);
      else if (kind === 9 && pending) ranges.push({ offset, size: bytes, state: 'pending' });
      else {
        const fits = offset % alignment === 0 ? alignment : 1;
        const isPinned = kind === 10 && pins;
        ranges.push({ offset, size: bytes, state: 'live', alignment: fits, pinned: isPinned });
      }
    }
    if (at < units) pushFree(ranges, at * UNIT, (units - at) * UNIT);
    return { id, pool, sizeBytes: units * UNIT, dedicated: false, ranges };
  });
}

function pushFree(ranges: FragmentRange[], offset: number, size: number): void {
  const last = ranges[ranges.length - 1];
  if (last?.state !== 'free') ranges.push({ offset, size, state: 'free' });
  else ranges[ranges.length - 1] = { ...last, size: last.size + size };
}

/** Random chunks; with pins they are of two pools and of several sizes too. */
export function drawFragments(
  shape: ChunkShape,
  chunks: { min: number; max: number },
): fc.Arbitrary<Fragments> {
  const { units, pins } = shape;
  const sizes = pins ? [units, units / 2, units * 2] : [units];
  const chunk = fc.oneof(...sizes.map((size) => drawChunk({ ...shape, units: size })));
  return fc.array(chunk, { minLength: chunks.min, maxLength: chunks.max }).map((makers) => ({
    chunks: makers.map((make, id) => make(id, pins && id % 3 === 2 ? 'other' : 'pool')),
  }));
}
