import { describe, expect, it } from 'vitest';
import { NIL } from '../../src/tables/record-table.ts';
import { binFrom, binOf, SizeBins } from '../../src/tables/size-bins.ts';

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

  it('finds marked bins as a slow search does', () => {
    const bins = new SizeBins();
    const marked = new Set<number>();
    let state = 0x2545f491;
    const random = (below: number): number => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return (state >>> 0) % below;
    };
    for (let step = 0; step < 20_000; step++) {
      const bin = random(864);
      if (marked.has(bin)) {
        marked.delete(bin);
        bins.unmark(bin);
      } else if (random(4) === 0 || marked.size < 3) {
        marked.add(bin);
        bins.mark(bin);
      }
      const from = random(890);
      const above = [...marked].filter((other) => other >= from);
      expect(bins.find(from)).toBe(above.length === 0 ? NIL : Math.min(...above));
      expect(bins.findLast()).toBe(marked.size === 0 ? NIL : Math.max(...marked));
    }
    bins.clear();
    expect(bins.find(0)).toBe(NIL);
  });
});
