import { Binned, Tlsf } from '@gpuheap/core/ranges';
import { describe, expect, it } from 'vitest';
import { codeOf } from '../code-of.ts';

describe('binned: options', () => {
  it('takes classes in any order, twice or not, rounded up to the granularity, or none', () => {
    const binned = new Binned({ capacity: 2 ** 16, granularity: 16, classes: [100, 16, 1, 96, 16] });
    expect([1, 16, 17, 96, 97, 112].map((size) => binned.sizeOf(binned.allocate(size)))).toEqual([
      16, 16, 96, 96, 112, 112,
    ]);
    expect(binned.sizeOf(binned.allocate(113))).toBe(128);
    const plain = new Binned({ capacity: 1024, classes: [] });
    expect(plain.offsetOf(plain.allocate(10)) + plain.sizeOf(plain.allocate(10))).toBe(10);
    expect(plain.statistics().holeCount).toBe(1);
  });

  it('refuses what are no classes, and no parent', () => {
    const make = (more: object) => () => new Binned({ capacity: 2 ** 20, granularity: 4, ...more });
    for (const classes of ['12', 12, {}, null, new Int32Array(2), new Array(256).fill(4)]) {
      expect(codeOf(make({ classes }))).toBe('bad-argument');
    }
    for (const bad of [0, -4, 1.5, Number.NaN, '4', null, 4n, 2 ** 53, 65_535 * 4 + 1]) {
      expect(codeOf(make({ classes: [4, bad] }))).toBe('bad-size');
    }
    expect(codeOf(make({ classes: Array.from({ length: 255 }, (_, i) => (i + 1) * 4) }))).toBe('none');
    expect(codeOf(make({ classes: [65_535 * 4] }))).toBe('none');
    class Crippled extends Tlsf {
      override readonly capabilities = { ...new Tlsf({ capacity: 1 }).capabilities, grow: false };
    }
    const restoreless = class extends Tlsf {
      static override restore = undefined as never;
    };
    for (const parent of [
      null,
      'Tlsf',
      {},
      { restore: () => undefined },
      () => undefined,
      restoreless,
      Crippled,
    ]) {
      expect(codeOf(make({ parent }))).toBe('bad-argument');
    }
  });

  it('counts the metadata of a parent that tells it', () => {
    class Silent extends Tlsf {
      override get metadataBytes(): number {
        return undefined as never;
      }
    }
    const told = new Binned({ capacity: 4096, classes: [4] }).metadataBytes;
    const untold = new Binned({ capacity: 4096, classes: [4], parent: Silent }).metadataBytes;
    expect(told - untold).toBe(new Tlsf({ capacity: 4096 }).metadataBytes);
    expect(untold).toBeGreaterThan(0);
  });
});
