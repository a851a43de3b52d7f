/**
 * Bits: named tricks on 32-bit masks and on units, never on bytes or offsets.
 *
 * Promise  each helper states its domain; outside of it the answer is meaningless.
 */

/** Position of the highest set bit of `value`, 1 to 2^31-1 (or any 32-bit mask but 0). */
export function highestBit(value: number): number {
  return 31 - Math.clz32(value);
}

/** Position of the lowest set bit of a 32-bit `mask` other than 0. */
export function lowestBit(mask: number): number {
  return 31 - Math.clz32(mask & -mask);
}

/** Bits `from`..31 of `mask`. `from` is 0 to 32: a JS shift takes its count modulo 32, so 32 is guarded. */
export function bitsFrom(mask: number, from: number): number {
  return from > 31 ? 0 : mask & (-1 << from);
}

/** `mask` with bit `at` (0 to 31) set. */
export function withBit(mask: number, at: number): number {
  return mask | (1 << at);
}

/** `mask` with bit `at` (0 to 31) cleared. */
export function withoutBit(mask: number, at: number): number {
  return mask & ~(1 << at);
}

/** Whether a number is an integer from -2^31 to 2^31-1. */
export function isInt32(value: number): boolean {
  return (value | 0) === value;
}

/** 1 when a 32-bit integer is negative, else 0; without a branch. */
export function signBit(value: number): number {
  return value >>> 31;
}

/** `value`, an integer from 0 to 2^31-1, divided by 2^`count` (0 to 31), rounded down. */
export function shiftRight(value: number, count: number): number {
  return value >> count;
}

/** A 32-bit hash of `value`, any 32-bit integer, that spreads numbers in sequence. Signed. */
export function mixBits(value: number): number {
  const mixed = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d);
  return Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39);
}

/** The 32 bits of `value` in reverse order; a number from 0 to 2^32-1. */
export function reverseBits(value: number): number {
  let from = value;
  let reversed = 0;
  for (let bit = 0; bit < 32; bit++) {
    reversed = (reversed << 1) | (from & 1);
    from >>>= 1;
  }
  return reversed >>> 0;
}
