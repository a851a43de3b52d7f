/**
 * Garbage: collects it for real, and counts how much is made.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
/** Collects what nothing refers to, at once: nobody has been told of it yet. */
export const collect = runInNewContext('gc') as () => void;

/** Collects what nothing refers to, and lets the engine tell those who asked to be told. */
export async function collectGarbage(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    // What a function has just dropped may still lie on the stack: collect in turns of their own.
    await nextTurn();
    collect();
  }
  await nextTurn();
}

/**
 * The fewest bytes that one of many stretches of `count` calls makes on the heap: the first ones include what
 * the engine makes before the code is compiled.
 */
export async function leastGarbage(
  act: (i: number) => void,
  count: number,
  stretches = 200,
): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let stretch = 0; stretch < stretches && least > count; stretch++) {
    await nextTurn();
    // Young garbage of the stretch fits without a collection, so that the difference is what was made.
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < count; i++) act(i);
    least = Math.min(least, process.memoryUsage().heapUsed - before);
  }
  return least;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
