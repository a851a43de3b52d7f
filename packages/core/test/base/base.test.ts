import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  highestBit,
  isInt32,
  isPowerOfTwo,
  lowestPower,
  mixBits,
  powerBelow,
  powerFrom,
  reverseBits,
  shiftRight,
  signBit,
  withBit,
} from '../../src/base/bits.ts';
import { checkInteger, checkOneOf, checkOptions, checkText, show } from '../../src/base/check.ts';
import {
  BackendError,
  GpuMemoryError,
  InvariantError,
  OutOfMemoryError,
  UsageError,
} from '../../src/base/errors.ts';
import { bytesFromUnits, roundUp, unitsFromBytes } from '../../src/base/quantities.ts';

describe('bits', () => {
  it('tell a number of 32 bits from any other', () => {
    for (const value of [0, 1, -1, 2 ** 31 - 1, -(2 ** 31)]) expect(isInt32(value)).toBe(true);
    for (const value of [2 ** 31, -(2 ** 31) - 1, 2 ** 32, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(isInt32(value)).toBe(false);
    }
  });

  it('have a sign, and can be shifted', () => {
    expect([-(2 ** 31), -1, 0, 1, 2 ** 31 - 1].map(signBit)).toEqual([1, 1, 0, 0, 0]);
    for (let count = 0; count < 32; count++) {
      expect(shiftRight(2 ** 31 - 1, count)).toBe(Math.floor((2 ** 31 - 1) / 2 ** count));
    }
  });

  it('of neighbours are spread, each to a hash of its own', () => {
    const hashes = Array.from({ length: 4096 }, (_, value) => mixBits(value));
    expect(new Set(hashes).size).toBe(4096);
    expect(hashes.every((hash) => (hash | 0) === hash)).toBe(true);
    // Any byte of the hash takes all its values: a bit in 4,096 is not kept in one place.
    for (let byte = 0; byte < 32; byte += 8) {
      expect(new Set(hashes.map((hash) => (hash >>> byte) & 255)).size).toBe(256);
    }
  });

  it('agree with a search bit by bit', () => {
    const masks = fc.oneof(fc.integer(), fc.constantFrom(1, -1, -(2 ** 31), 2 ** 31 - 1));
    fc.assert(
      fc.property(masks, fc.integer({ min: 0, max: 31 }), (mask, at) => {
        const set = Array.from({ length: 32 }, (_, bit) => bit).filter(
          (bit) => Math.floor((mask >>> 0) / 2 ** bit) % 2 === 1,
        );
        if (set.length > 0) {
          expect(lowestPower(mask) >>> 0).toBe(2 ** (set[0] as number));
          expect(highestBit(mask)).toBe(set.at(-1));
        }
        const reversed = set.reduce((sum, bit) => sum + 2 ** (31 - bit), 0);
        expect(reverseBits(mask)).toBe(reversed);
        expect(withBit(mask, at) >>> 0).toBe((mask >>> 0) + (set.includes(at) ? 0 : 2 ** at));
      }),
      { numRuns: 2000 },
    );
  });

  it('know the powers of two around a number', () => {
    const numbers = fc.oneof(
      fc.integer({ min: 1, max: 2 ** 30 }),
      fc.integer({ min: 0, max: 30 }).map((bit) => 2 ** bit),
    );
    fc.assert(
      fc.property(numbers, (value) => {
        const below = 2 ** Math.floor(Math.log2(value));
        expect(powerBelow(value)).toBe(below);
        expect(isPowerOfTwo(value)).toBe(below === value);
        expect(powerFrom(value)).toBe(below === value ? value : 2 * below);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('quantities', () => {
  it('convert exactly up to 2^53-1', () => {
    const bytes = fc.oneof(fc.maxSafeNat(), fc.integer({ min: 0, max: 1000 }), fc.constant(2 ** 53 - 1));
    const grains = fc.oneof(
      fc.integer({ min: 1, max: 1000 }),
      fc.constantFrom(2 ** 20, 2 ** 31 + 1, 2 ** 52 - 1),
    );
    fc.assert(
      fc.property(bytes, grains, (size, granularity) => {
        const exact = (BigInt(size) + BigInt(granularity) - 1n) / BigInt(granularity);
        expect(BigInt(unitsFromBytes(size, granularity))).toBe(exact);
        if (exact * BigInt(granularity) < 2n ** 53n) {
          expect(BigInt(roundUp(size, granularity))).toBe(exact * BigInt(granularity));
          expect(bytesFromUnits(Number(exact), granularity)).toBe(roundUp(size, granularity));
        }
      }),
    );
  });
});

describe('checks', () => {
  const strange: unknown[] = [
    '1',
    null,
    undefined,
    {},
    [],
    1n,
    Symbol('x'),
    () => 1,
    Number.NaN,
    1.5,
    Infinity,
    2 ** 53,
    true,
  ];

  it('refuse every integer that is none, and show it whatever it is', () => {
    for (const value of strange) {
      expect(() => checkInteger(value, 'size', 0, 10, 'bad-size')).toThrow(UsageError);
      expect(typeof show(value)).toBe('string');
    }
    expect(() => checkInteger(11, 'size', 0, 10, 'bad-size')).toThrow(
      'size is 11; pass an integer from 0 to 10 [bad-size]',
    );
    for (const fine of [0, 10]) expect(checkInteger(fine, 'size', 0, 10, 'bad-size')).toBeUndefined();
    expect(() => checkInteger(-1, 'size', 0, 10, 'bad-size')).toThrow('size is -1; pass');
    expect(() => checkInteger(0, 'size', 1, 2 ** 53 - 1, 'bad-size')).toThrow(
      'size is 0; pass an integer from 1 to 2^53-1 [bad-size]',
    );
  });

  it('show any value in few words', () => {
    const shown: [unknown, string][] = [
      ['a"b', '"a\\"b"'],
      ['x'.repeat(40), `"${'x'.repeat(40)}"`],
      ['x'.repeat(41), `"${'x'.repeat(40)}…"`],
      [12n, '12n'],
      [() => 1, 'a function'],
      [Symbol('x'), 'a symbol'],
      [null, 'null'],
      [undefined, 'undefined'],
      [1.5, '1.5'],
      [true, 'true'],
      [[1], 'an array'],
      [{}, 'an object'],
      [Object.create(null), 'an object'],
    ];
    for (const [value, text] of shown) expect(show(value)).toBe(text);
  });

  it('refuse unknown options and what is no object', () => {
    for (const value of [null, undefined, 1, 'a', [], () => 1]) {
      expect(() => checkOptions(value, 'options', ['a'])).toThrow(UsageError);
    }
    expect(() => checkOptions({ a: 1, b: 2 }, 'options', ['a'])).toThrow(
      'options has no option "b"; known are a [unknown-option]',
    );
    expect(checkOptions({ a: 1 }, 'options', ['a'])).toBeUndefined();
    expect(() => checkOneOf('c', 'kind', ['a', 'b'])).toThrow('kind is "c"; pass one of a, b [bad-argument]');
    expect(checkOneOf('a', 'kind', ['a', 'b'])).toBeUndefined();
    expect(() => checkText(7, 'label')).toThrow('label is 7; pass a string [bad-argument]');
    expect(checkText('', 'label')).toBeUndefined();
  });
});

describe('errors', () => {
  it('carry class, name, code, cause and figures', () => {
    const cause = new Error('below');
    const figures = {
      requestedBytes: 1,
      largestFreeBytes: 2,
      freeBytes: 3,
      pendingBytes: 4,
      reservedBytes: 5,
      budgetBytes: 6,
    };
    const all: GpuMemoryError[] = [
      new UsageError('bad-size', 'm', { cause }),
      new OutOfMemoryError('over-budget', 'm', figures, { cause }),
      new BackendError('device-lost', 'm', { cause }),
      new InvariantError('m', { cause }),
    ];
    expect(all.map((error) => error.name)).toEqual([
      'UsageError',
      'OutOfMemoryError',
      'BackendError',
      'InvariantError',
    ]);
    expect(all.map((error) => error.code)).toEqual([
      'bad-size',
      'over-budget',
      'device-lost',
      'invariant-broken',
    ]);
    for (const error of all) {
      expect(error).toBeInstanceOf(GpuMemoryError);
      expect(error.message).toBe(`m [${error.code}]`);
      expect(error.cause).toBe(cause);
    }
    expect((all[1] as OutOfMemoryError).figures).toEqual(figures);
  });
});
