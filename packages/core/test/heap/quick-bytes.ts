/** Quick bytes: patterns and comparisons for tests that move much. */

const PERIOD = 251;

/** Bytes that differ from seed to seed and from place to place, but for multiples of 251. */
export function quickPattern(seed: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  const first = Math.min(size, PERIOD);
  for (let k = 0; k < first; k++) bytes[k] = (seed * 97 + k * 31 + 7) % PERIOD;
  for (let done = PERIOD; done < size; done *= 2) bytes.copyWithin(done, 0, Math.min(done, size - done));
  return bytes;
}

/** The first byte in which two runs of bytes differ, or -1. */
export function firstDifference(actual: Uint8Array, expected: Uint8Array): number {
  if (actual.length !== expected.length) return Math.min(actual.length, expected.length);
  for (let k = 0; k < actual.length; k++) if (actual[k] !== expected[k]) return k;
  return -1;
}
