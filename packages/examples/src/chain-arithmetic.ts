/** Chain arithmetic: what the compute chain should give, in plain code. */
import { inputsOf, TENSOR_COUNT, WORD_COUNT } from './compute-chain.ts';

/** How many of the chain's words are not as they should be. */
export function countWrongWords(words: Uint32Array): number {
  const expected = new Uint32Array(TENSOR_COUNT * WORD_COUNT).fill(1, 0, WORD_COUNT);
  let wrongCount = Math.abs(words.length - expected.length);
  for (let at = 0; at < expected.length; at++) {
    const i = at % WORD_COUNT;
    const step = (at - i) / WORD_COUNT;
    const [left, right] = inputsOf(step).map((tensor) => expected[tensor * WORD_COUNT + i]);
    if (step > 0) expected[at] = 3 * left! + right! + i;
    if (words[at] !== expected[at]) wrongCount++;
  }
  return wrongCount;
}
