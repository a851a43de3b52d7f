/**
 * Random lifetimes: graphs that nobody has, harder to pack than those of networks.
 *
 * Promise  the same seed makes the same graphs.
 */
import type { LifetimeItem } from '@gpuheap/core/planning';
import { XorShift32 } from '@gpuheap/testing/workloads';
import type { LifetimeGroup } from './trace-lifetimes.ts';

const COUNTS = [50, 500, 5000];
/** Sizes from 256 bytes to 1 MiB, as many in each power of two. */
const LEAST_BYTES = 256;
const MOST_BYTES = 2 ** 20;

/** Graphs of several lengths, each without conflicts and with one for every other item. O(n). */
export function randomGroups(seed: number): LifetimeGroup[] {
  return COUNTS.flatMap((count) => [
    { name: `random, ${count}`, items: randomItems(count, 0, new XorShift32(seed)) },
    { name: `random, ${count}, conflicts`, items: randomItems(count, 0.5, new XorShift32(seed)) },
  ]);
}

/** Most lifetimes are short, a few last 200 steps. */
function randomItems(count: number, conflictShare: number, random: XorShift32): LifetimeItem[] {
  const stepCount = Math.max(25, count);
  const mostSteps = Math.min(200, stepCount);
  return Array.from({ length: count }, (_, index) => {
    const size = random.logUniform(LEAST_BYTES, MOST_BYTES);
    const firstUse = random.below(stepCount);
    const lastUse = firstUse + Math.floor(random.uniform() ** 3 * mostSteps);
    const hasConflict = index > 0 && random.uniform() < conflictShare;
    return { size, firstUse, lastUse, conflictsWith: hasConflict ? [random.below(index)] : [] };
  });
}
