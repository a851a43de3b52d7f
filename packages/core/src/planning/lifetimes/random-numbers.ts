/**
 * Random numbers: a fixed sequence from a seed, for searches that can be repeated.
 *
 * Source   G. Marsaglia, "Xorshift RNGs", 2003, by way of `bits.ts`.
 */
import { nextScrambled } from '../../base/bits.ts';

/** Where the sequence stands: an integer from 1 to 2^32-1. */
export interface RandomNumbers {
  state: number;
}

/** A random integer from 0 to `count` - 1; `count` is at most 2^31. */
export function drawBelow(random: RandomNumbers, count: number): number {
  random.state = nextScrambled(random.state);
  return Math.floor((random.state / 2 ** 32) * count);
}

/** A random number from 0 to 1, without 1. */
export function drawShare(random: RandomNumbers): number {
  random.state = nextScrambled(random.state);
  return random.state / 2 ** 32;
}

/** Brings `count` random elements of a list to its front, each set of them as likely. */
export function drawToFront(random: RandomNumbers, list: number[], count: number): void {
  for (let at = 0; at < count; at++) {
    const from = at + drawBelow(random, list.length - at);
    const drawn = list[from];
    list[from] = list[at];
    list[at] = drawn;
  }
}
