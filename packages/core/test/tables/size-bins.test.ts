import { describe, expect, it } from 'vitest';
import {
  areSoundMarks,
  binCountOf,
  binFrom,
  binOf,
  findBin,
  findLastBin,
  growBins,
  headOf,
  makeBins,
  markBin,
  NO_BIN,
  setHead,
  unmarkBin,
} from '../../src/tables/size-bins.ts';

/** The smallest size of a bin, written the slow way. */
function leastOf(bin: number): number {
  if (bin < 32) return bin;
  const row = Math.floor(bin / 32);
  return (32 + (bin % 32)) * 2 ** (row - 1);
}

function interestingSizes(): number[] {
  const sizes = Array.from({ length: 5000 }, (_, k) => k + 1);
  for (let bin = 33; leastOf(bin) < 2 ** 31; bin++)
    sizes.push(leastOf(bin) - 1, leastOf(bin), leastOf(bin) + 1);
  sizes.push(2 ** 31 - 1, 2 ** 31 - 2);
  return sizes.filter((size) => size < 2 ** 31);
}

describe('size bins', () => {
  it('puts every size into the last bin whose smallest size is not larger', () => {
    for (const size of interestingSizes()) {
      const bin = binOf(size);
      expect(leastOf(bin)).toBeLessThanOrEqual(size);
      expect(leastOf(bin + 1)).toBeGreaterThan(size);
    }
  });

  it('searches from the first bin all of whose sizes hold the request', () => {
    for (const size of interestingSizes()) {
      const bin = binFrom(size);
      expect(leastOf(bin)).toBeGreaterThanOrEqual(size);
      expect(leastOf(bin - 1)).toBeLessThan(size);
    }
  });

  it('finds bins with a hole as a slow search does', () => {
    const bins = makeBins(2 ** 31 - 1);
    const filled = new Set<number>();
    let state = 0x2545f491;
    const random = (below: number): number => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return (state >>> 0) % below;
    };
    for (let step = 0; step < 20_000; step++) {
      const bin = 1 + random(863);
      if (filled.has(bin)) {
        if (random(3) === 0) setHead(bins, bin, 12);
        else {
          filled.delete(bin);
          setHead(bins, bin, 0);
        }
      } else if (random(4) === 0 || filled.size < 3) {
        filled.add(bin);
        setHead(bins, bin, 6);
      }
      const from = random(865);
      const above = [...filled].filter((other) => other >= from);
      expect(findBin(bins, from)).toBe(above.length === 0 ? NO_BIN : Math.min(...above));
      expect(findLastBin(bins)).toBe(filled.size === 0 ? NO_BIN : Math.max(...filled));
      if (step % 100 === 0) expect(areSoundMarks(bins)).toBe(true);
    }
    for (const bin of filled) setHead(bins, bin, 0);
    expect(bins.every((cell) => cell === 0)).toBe(true);
  });

  it('has the rows that a span needs, and more when it grows', () => {
    expect(binCountOf(makeBins(1))).toBe(32);
    expect(binCountOf(makeBins(64))).toBe(96);
    expect(binCountOf(makeBins(2 ** 31 - 1))).toBe(864);
    const bins = makeBins(100);
    setHead(bins, binOf(90), 42);
    expect(growBins(bins, 127)).toBe(bins);
    const grown = growBins(bins, 5000);
    expect(headOf(grown, binOf(90))).toBe(42);
    expect(findBin(grown, binFrom(80))).toBe(binOf(90));
    expect(findBin(grown, binFrom(5000))).toBe(NO_BIN);
  });

  it('notices marks that do not belong', () => {
    const bins = makeBins(1000);
    setHead(bins, 40, 6);
    expect(areSoundMarks(bins)).toBe(true);
    unmarkBin(bins, 40);
    expect(areSoundMarks(bins)).toBe(false);
    markBin(bins, 40);
    markBin(bins, 41);
    expect(areSoundMarks(bins)).toBe(false);
  });
});
