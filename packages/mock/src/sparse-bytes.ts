/**
 * Sparse bytes: the contents of a buffer of any size, of which only what was written takes memory.
 *
 * Layout   pieces of 64 KiB in a map, by number; a piece that is not there is zero.
 * Cost     O(bytes) to read and write; clearing and copying O(pieces that exist or are touched, whichever is
 *          fewer).
 * Promise  right for offsets and sizes up to 2^53-1: no bit operator meets them.
 */

/** Bytes of one piece. */
const PIECE_BYTES = 65_536;

/** Zero bytes, until some are written. Ranges are the caller's to check. */
export class SparseBytes {
  private readonly pieces = new Map<number, Uint8Array>();

  /** Bytes that are really held. */
  get heldBytes(): number {
    return this.pieces.size * PIECE_BYTES;
  }

  /** A copy of `size` bytes at `offset`. */
  read(offset: number, size: number): Uint8Array {
    const bytes = new Uint8Array(size);
    for (let done = 0; done < size; ) {
      const within = (offset + done) % PIECE_BYTES;
      const length = Math.min(PIECE_BYTES - within, size - done);
      const piece = this.pieces.get((offset + done - within) / PIECE_BYTES);
      if (piece !== undefined) bytes.set(piece.subarray(within, within + length), done);
      done += length;
    }
    return bytes;
  }

  /** Takes a copy of `bytes` to `offset`. */
  write(offset: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      const within = (offset + done) % PIECE_BYTES;
      const length = Math.min(PIECE_BYTES - within, bytes.length - done);
      this.pieceAt((offset + done - within) / PIECE_BYTES).set(bytes.subarray(done, done + length), within);
      done += length;
    }
  }

  /** Makes `size` bytes at `offset` zero, and lets whole pieces go. */
  clear(offset: number, size: number): void {
    const end = offset + size;
    for (const number of this.numbersWithin(offset, end)) {
      const start = number * PIECE_BYTES;
      const from = Math.max(offset, start) - start;
      const to = Math.min(end - start, PIECE_BYTES);
      if (to - from === PIECE_BYTES) this.pieces.delete(number);
      else this.pieces.get(number)?.fill(0, from, to);
    }
  }

  /** Copies `size` bytes of `source` here. In one buffer the ranges may not overlap. */
  copyFrom(source: SparseBytes, sourceOffset: number, targetOffset: number, size: number): void {
    this.clear(targetOffset, size);
    const end = sourceOffset + size;
    for (const number of source.numbersWithin(sourceOffset, end)) {
      const piece = source.pieces.get(number) as Uint8Array;
      const start = number * PIECE_BYTES;
      const from = Math.max(sourceOffset, start);
      const bytes = piece.subarray(from - start, Math.min(end - start, PIECE_BYTES));
      this.write(targetOffset + (from - sourceOffset), bytes);
    }
  }

  /** Lets everything go. */
  release(): void {
    this.pieces.clear();
  }

  private pieceAt(number: number): Uint8Array {
    let piece = this.pieces.get(number);
    if (piece === undefined) {
      piece = new Uint8Array(PIECE_BYTES);
      this.pieces.set(number, piece);
    }
    return piece;
  }

  /** Numbers of the pieces that exist and touch [from, to). */
  private numbersWithin(from: number, to: number): number[] {
    if (to <= from) return [];
    const first = (from - (from % PIECE_BYTES)) / PIECE_BYTES;
    const last = (to - 1 - ((to - 1) % PIECE_BYTES)) / PIECE_BYTES;
    const numbers: number[] = [];
    if (last - first >= this.pieces.size) {
      for (const number of this.pieces.keys()) if (number >= first && number <= last) numbers.push(number);
    } else {
      for (let number = first; number <= last; number++) if (this.pieces.has(number)) numbers.push(number);
    }
    return numbers;
  }
}
