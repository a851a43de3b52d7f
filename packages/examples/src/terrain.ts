/**
 * Terrain: a square of tiles whose every word is known, so that any byte of it can be checked at any time.
 *
 * Layout   of a tile's words the second quarter is the crater, which the GPU writes, and the sixth eighth the
 *          mark, which the CPU writes; the rest never changes.
 * Cost     a word is two multiplications; a tile of 256 KiB takes a sixth of a millisecond.
 * Promise  a word depends on its tile, its place and how often its part was changed, and on nothing else.
 */

/** How large the terrain is. */
export interface Terrain {
  /** Tiles in a row, and rows. */
  readonly side: number;
  /** A multiple of 256. */
  readonly tileBytes: number;
}

/** How often the parts of a tile were changed. */
export interface TileChanges {
  readonly craters: number;
  readonly marks: number;
}

/** Words of a part, from and to. */
export type WordRange = readonly [from: number, to: number];

/** The parts that change, in words of a tile. */
export function partsOf({ tileBytes }: Terrain): { readonly crater: WordRange; readonly mark: WordRange } {
  const eighth = tileBytes / 32;
  return { crater: [2 * eighth, 4 * eighth], mark: [5 * eighth, 6 * eighth] };
}

/** The words of one part of a tile, after so many changes, into `words` from their place in the tile on. */
export function fillPart(words: Uint32Array, tile: number, [from, to]: WordRange, change: number): void {
  // As signed integers, which engines multiply and shift without a detour.
  let place = Math.imul(tile, TILE_FACTOR) + Math.imul(change, CHANGE_FACTOR) + Math.imul(from, WORD_FACTOR);
  place |= 0;
  for (let k = 0; k < to - from; k++) {
    const mixed = Math.imul(place ^ (place >>> 15), MIX_FACTOR);
    words[k] = mixed ^ (mixed >>> 12);
    place = (place + WORD_FACTOR) | 0;
  }
}

const TILE_FACTOR = 0x9e3779b1;
const WORD_FACTOR = 0x85ebca6b;
const CHANGE_FACTOR = 0xc2b2ae35;
const MIX_FACTOR = 0x2c1b3c6d;

/** As `fillPart`, in WGSL: the word of a tile at a place, of four of them at once. */
export const WORDS_IN_WGSL: string = `
fn wordsOf(tile: u32, index: vec4u, change: u32) -> vec4u {
  var mixed = vec4u(tile * ${TILE_FACTOR}u + change * ${CHANGE_FACTOR}u) + index * ${WORD_FACTOR}u;
  mixed = (mixed ^ (mixed >> vec4u(15))) * ${MIX_FACTOR}u;
  return mixed ^ (mixed >> vec4u(12));
}`;

/** All words of a tile, in `words` or in an array of their own. */
export function wordsOfTile(
  terrain: Terrain,
  tile: number,
  { craters, marks }: TileChanges,
  words: Uint32Array = new Uint32Array(terrain.tileBytes / 4),
): Uint32Array {
  const { crater, mark } = partsOf(terrain);
  const put = (range: WordRange, change: number): void => {
    fillPart(words.subarray(range[0], range[1]), tile, range, change);
  };
  put([0, crater[0]], 0);
  put(crater, craters);
  put([crater[1], mark[0]], 0);
  put(mark, marks);
  put([mark[1], terrain.tileBytes / 4], 0);
  return words;
}

/** How many words of a tile are not what they should be. */
export function countWrong(bytes: Uint8Array, expected: Uint32Array): number {
  const { buffer, byteOffset, byteLength } = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  const words = new Uint32Array(buffer, byteOffset, byteLength / 4);
  let wrong = Math.abs(words.length - expected.length);
  for (let k = 0; k < words.length; k++) if (words[k] !== expected[k]) wrong++;
  return wrong;
}
