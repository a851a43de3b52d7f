/** Bad values: what a caller in JavaScript can pass where an integer or a handle is expected. */

/** Never an integer from 1 to 2^53-1. */
export const BAD_INTEGERS: readonly unknown[] = [
  0,
  -0,
  -1,
  -(2 ** 31),
  -Number.MAX_SAFE_INTEGER,
  0.5,
  1.5,
  2 ** 31 + 0.5,
  Number.MIN_VALUE,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  2 ** 53,
  Number.MAX_VALUE,
  '1',
  '16px',
  '',
  null,
  true,
  false,
  1n,
  2n ** 64n,
  Symbol('16'),
  [],
  [16],
  {},
  { valueOf: () => 16 },
  new Number(16),
  new Date(16),
  new Uint32Array([16]),
  () => 16,
];

/** Never a handle of anything. */
export const BAD_HANDLES: readonly unknown[] = [...BAD_INTEGERS, undefined];

/** Integers that are hardly ever a handle; ask the witness. */
export const FORGED_HANDLES: readonly number[] = [
  1,
  2,
  3,
  1000,
  2 ** 21,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 31 + 1,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 52,
  2 ** 53 - 1,
];

/** Never options. */
export const BAD_OPTIONS: readonly unknown[] = [
  undefined,
  null,
  1024,
  '1024',
  true,
  16n,
  [],
  [1024],
  () => 1024,
];

/** Values that look like a live handle but are none: near, negated, boxed, of other types. */
export function forgeriesOf(handle: number): unknown[] {
  return [
    handle + 0.5,
    -handle,
    handle + 2 ** 32,
    handle + 2 ** 31,
    handle + 2 ** 52,
    String(handle),
    BigInt(handle),
    [handle],
    new Number(handle),
    { valueOf: () => handle },
    { handle },
  ];
}
