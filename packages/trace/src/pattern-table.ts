/**
 * Pattern table: the bytes that replayed resources hold, all slices of one pseudo-random cycle.
 *
 * Layout   a cycle of `BYTES` bytes, stored twice, so that every slice up to that length lies in one piece.
 * Cost     a slice up to `BYTES` is a view; a longer one is a copy.
 * Promise  the same bytes on every machine; slices at different offsets differ within their first words.
 * Source   xorshift32 (G. Marsaglia, 2003); the hash constant is that of D. Knuth.
 */

/** Bytes of the cycle. */
const BYTES: number = 4 * 1024 * 1024;
const WORDS: number = BYTES / 4;
const SEED = 0x2545f491;
const HASH = 2_654_435_761;

/** A piece of a slice: `size` bytes at `offset` of the stored table go to `at` of the slice. */
export interface PatternPiece {
  readonly offset: number;
  readonly at: number;
  readonly size: number;
}

/** The table of patterns. */
export class PatternTable {
  /** The stored bytes: the cycle twice. */
  readonly bytes: Uint8Array;

  constructor() {
    const words = new Uint32Array(2 * WORDS);
    let state = SEED;
    for (let index = 0; index < WORDS; index++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      words[index] = state;
    }
    words.copyWithin(WORDS, 0, WORDS);
    this.bytes = new Uint8Array(words.buffer);
  }

  /** Where the slice number `seed` starts: a multiple of 4 inside the cycle. */
  offsetFor(seed: number): number {
    // Imul keeps the product exact; 4 divides BYTES.
    return ((Math.imul(seed + 1, HASH) >>> 0) % WORDS) * 4;
  }

  /** The offset that lies `bytes` further in the cycle. */
  advance(offset: number, bytes: number): number {
    return (offset + bytes) % BYTES;
  }

  /** `size` bytes of the cycle from `offset` on. Do not write to them. */
  slice(offset: number, size: number): Uint8Array {
    if (size <= BYTES) return this.bytes.subarray(offset, offset + size);
    const whole = new Uint8Array(size);
    for (const piece of this.pieces(offset, size)) {
      whole.set(this.bytes.subarray(piece.offset, piece.offset + piece.size), piece.at);
    }
    return whole;
  }

  /** The pieces of the stored table that make up a slice. */
  pieces(offset: number, size: number): PatternPiece[] {
    const pieces: PatternPiece[] = [];
    for (let at = 0; at < size; at += BYTES) pieces.push({ offset, at, size: Math.min(BYTES, size - at) });
    return pieces;
  }
}
