/**
 * Random numbers that anyone can reproduce: xorshift32, and the draws that the workloads are made of.
 *
 * Cost     O(1) a draw, nothing allocated.
 * Promise  the same seed gives the same numbers on every engine; only `logUniform` passes through `Math.log2`
 *          and `**`.
 * Source   G. Marsaglia, Xorshift RNGs, Journal of Statistical Software 8 (2003).
 */

/** The seed that every workload starts from. */
export const WORKLOAD_SEED = 0x2545f491;

/** A sequence of 32-bit numbers; 0 is no seed and is replaced by {@link WORKLOAD_SEED}. */
export class XorShift32 {
  private state: number;

  constructor(seed: number = WORKLOAD_SEED) {
    this.state = seed | 0 || WORKLOAD_SEED | 0;
  }

  /** The next number in [0, 2^32), never twice the same in a row. */
  next(): number {
    let s = this.state;
    s ^= s << 13;
    s ^= s >>> 17;
    s ^= s << 5;
    this.state = s;
    return s >>> 0;
  }

  /** A number in [0, 1). */
  uniform(): number {
    return this.next() / 2 ** 32;
  }

  /** An integer in [0, count); `count` at most 2^32. */
  below(count: number): number {
    return Math.floor(this.uniform() * count);
  }

  /** An integer in [low, high), its logarithm spread evenly. */
  logUniform(low: number, high: number): number {
    return Math.floor(low * 2 ** (this.uniform() * Math.log2(high / low)));
  }
}
