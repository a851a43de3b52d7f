import { scale } from '@gpuheap/testing';
import { describe, expect, it } from 'vitest';
import { SparseBytes } from '../src/sparse-bytes.ts';

const PIECE = 65_536;
const SPAN = 4 * PIECE;

/** Offsets at which a mistake of 32 bits, or of one piece, would show. */
const PLACES = [
  0,
  100,
  PIECE - 1,
  PIECE + 100,
  2 ** 31 - 3,
  2 ** 31 + 100,
  2 ** 32 - 2,
  2 ** 40 - 1,
  2 ** 53 - 200,
];

describe('sparse bytes', () => {
  it('are zero, and cost nothing, until something is written', () => {
    const sparse = new SparseBytes();
    for (const place of PLACES) expect(sparse.read(place, 100)).toEqual(new Uint8Array(100));
    expect(sparse.heldBytes).toBe(0);
  });

  it('hold what is written at any offset up to 2^53-1, and nothing beside it', () => {
    const sparse = new SparseBytes();
    for (const [index, place] of PLACES.entries()) sparse.write(place, new Uint8Array(8).fill(index + 1));
    for (const [index, place] of PLACES.entries()) {
      expect(sparse.read(place, 8)).toEqual(new Uint8Array(8).fill(index + 1));
      expect(sparse.read(place + 32, 8)).toEqual(new Uint8Array(8));
    }
    expect(sparse.heldBytes).toBeLessThanOrEqual(12 * PIECE);
  });

  it('are as a plain array, whatever is done', () => {
    let state = 1;
    const random = (below: number): number => {
      state = (state * 48_271) % 2_147_483_647;
      return state % below;
    };
    const [sparse, other] = [new SparseBytes(), new SparseBytes()];
    const [plain, otherPlain] = [new Uint8Array(SPAN), new Uint8Array(SPAN)];
    for (let step = 0; step < scale(400, 20_000); step++) {
      const size = random(random(2) === 0 ? 200 : 2 * PIECE);
      const [from, to] = [random(SPAN - size), random(SPAN - size)];
      const act = random(4);
      if (act === 0) {
        const data = new Uint8Array(size).fill(1 + random(255));
        sparse.write(from, data);
        plain.set(data, from);
      } else if (act === 1) {
        sparse.clear(from, size);
        plain.fill(0, from, from + size);
      } else if (act === 2) {
        other.copyFrom(sparse, from, to, size);
        otherPlain.set(plain.subarray(from, from + size), to);
      } else {
        sparse.copyFrom(other, from, to, size);
        plain.set(otherPlain.subarray(from, from + size), to);
      }
      if (step % 20 === 0) expect(Buffer.compare(sparse.read(0, SPAN), plain)).toBe(0);
    }
    expect(Buffer.compare(sparse.read(0, SPAN), plain)).toBe(0);
    expect(Buffer.compare(other.read(0, SPAN), otherPlain)).toBe(0);
  });

  it('let whole pieces go when they are cleared, or copied over with zeros', () => {
    const sparse = new SparseBytes();
    sparse.write(0, new Uint8Array(4 * PIECE).fill(9));
    expect(sparse.heldBytes).toBe(4 * PIECE);
    sparse.clear(PIECE, 2 * PIECE);
    expect(sparse.heldBytes).toBe(2 * PIECE);
    sparse.copyFrom(new SparseBytes(), 0, 0, PIECE);
    expect(sparse.heldBytes).toBe(PIECE);
    sparse.release();
    expect(sparse.heldBytes).toBe(0);
  });

  it('copy and clear spans of 2^50 bytes by what exists in them', () => {
    const [source, target] = [new SparseBytes(), new SparseBytes()];
    source.write(2 ** 49, Uint8Array.of(7));
    target.write(2 ** 40, Uint8Array.of(8));
    target.copyFrom(source, 0, 3, 2 ** 50);
    expect([...target.read(2 ** 49 + 2, 3)]).toEqual([0, 7, 0]);
    expect([...target.read(2 ** 40, 1)]).toEqual([0]);
    target.clear(0, 2 ** 51);
    expect(target.heldBytes).toBe(0);
  });
});
