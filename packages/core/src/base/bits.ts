/**
 * Bits: named tricks on 32-bit masks and on units, never on bytes or offsets.
 *
 * Promise  each helper states its domain; outside of it the answer is meaningless.
 */

/** Position of the highest set bit of `value`, 1 to 2^31-1 (or any 32-bit mask but 0). */
export function highestBit(value: number): number {
  return 31 - Math.clz32(value);
}

/** `mask` with bit `at` (0 to 31) set. */
export function withBit(mask: number, at: number): number {
  return mask | (1 << at);
}

/** Whether a number is an integer from -2^31 to 2^31-1. */
export function isInt32(value: number): boolean {
  return (value | 0) === value;
}

/** 1 when a 32-bit integer is negative, else 0; without a branch. */
export function signBit(value: number): number {
  return value >>> 31;
}

/** The smallest power of two that is not less than `value`, 1 to 2^30. */
export function powerFrom(value: number): number {
  return value === 1 ? 1 : 2 << (31 - Math.clz32(value - 1));
}

/** The largest power of two that is not more than `value`, 1 to 2^31-1. */
export function powerBelow(value: number): number {
  return 1 << (31 - Math.clz32(value));
}

/** Whether `value`, 1 to 2^31-1, is a power of two. */
export function isPowerOfTwo(value: number): boolean {
  return (value & (value - 1)) === 0;
}

/** The lowest set bit of a 32-bit `mask`, as a power of two; 0 when none is set. The sign bit is negative. */
export function lowestPower(mask: number): number {
  return mask & -mask;
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

/**
 * The number after `state` in a fixed sequence that looks random and visits every integer from 1 to 2^32-1
 * once (Marsaglia, "Xorshift RNGs", 2003). `state` must be one of them; 0 stays 0.
 */
export function nextScrambled(state: number): number {
  let next = state ^ (state << 13);
  next ^= next >>> 17;
  return (next ^ (next << 5)) >>> 0;
}
