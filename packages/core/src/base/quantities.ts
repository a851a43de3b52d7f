/**
 * Quantities: numbers that may not be mixed up, as brands, and the only conversions between them.
 *
 * Promise  bytes are safe integers up to 2^53-1; units fit 31 bits, so bit operators are allowed on them
 *          alone.
 */

declare const brand: unique symbol;
type Branded<Name extends string> = number & { readonly [brand]?: Name };

/** Names a live range of one suballocator; see `ranges/suballocator.ts`. 0 is never a handle. */
export type Handle = Branded<'handle'>;

/** A count of `granularity`-sized steps inside a suballocator; at most 2^31-1. */
export type Units = Branded<'units'>;

/** A position on a backend's submission timeline; 0 is before everything. */
export type Serial = Branded<'serial'>;

/** The largest number of units that a span may have. */
export const MAX_UNITS: number = 2 ** 31 - 1;

/** Units that hold `bytes`, rounded up; exact up to 2^53-1 bytes. */
export function unitsFromBytes(bytes: number, granularity: number): Units {
  // Exact: the remainder of safe integers is exact, and so is the division of what is left.
  const over = bytes % granularity;
  return over === 0 ? bytes / granularity : (bytes - over) / granularity + 1;
}

/** Bytes of `units`. */
export function bytesFromUnits(units: Units, granularity: number): number {
  return units * granularity;
}

/** `value` rounded up to a multiple of `multiple`, or a number above 2^53-1 when that would not be safe. */
export function roundUp(value: number, multiple: number): number {
  const over = value % multiple;
  return over === 0 ? value : value - over + multiple;
}

/** Units to skip from `offset` to the next multiple of `alignment`. */
export function paddingAt(offset: Units, alignment: Units): Units {
  const over = offset % alignment;
  return over === 0 ? 0 : alignment - over;
}

/**
 * What is a multiple of one and of the other. O(log of the lesser). Both are positive integers; beyond 2^53-1
 * the answer is rounded as doubles are.
 */
export function leastCommonMultiple(one: number, other: number): number {
  if (one % other === 0) return one;
  let divisor = one;
  for (let rest = other; rest > 0; ) [divisor, rest] = [rest, divisor % rest];
  return (one / divisor) * other;
}
