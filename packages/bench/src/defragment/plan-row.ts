/**
 * Plan row: one strategy on one heap, planned pass by pass and checked move by move.
 *
 * Promise  times are the least of the repeats, after two that do not count: a machine that does something
 *          else takes ten milliseconds at once. What is moved is checked anew: nothing goes over anything,
 *          and nothing moves twice.
 */
import {
  type DefragmentationMove,
  type DefragmentationPlan,
  DefragmentationPlanner,
  type DefragmentationStrategy,
  type Fragments,
  planDefragmentation,
} from '@gpuheap/core';
import type { FragmentedHeap } from './fragmented-heaps.ts';

/** What was found. Bytes and milliseconds. */
export interface PlanRow {
  readonly heap: string;
  readonly strategy: DefragmentationStrategy;
  readonly plan: Omit<DefragmentationPlan, 'passes' | 'kept'>;
  /** All planning, and the slowest pass. */
  readonly totalMs: number;
  readonly slowestPassMs: number;
  readonly passCount: number;
  /** Chunks in which all that lives would fit, by the bound of the targets; per pool. */
  readonly chunkBound: number;
  /** The bytes that live in as many of the chunks as were emptied, those with the least. */
  readonly leastBytes: number;
  /** Moves that do what no move may. */
  readonly faults: number;
}

/** What a frame of 16 ms might do. */
const LIMITS = { millisecondsPerPass: 0.5, bytesPerPass: 16 * 1024 * 1024, movesPerPass: 1024 };
const WARM_UP_RUNS = 2;

/** Measures. `clock` in milliseconds. */
export function measurePlan(
  { name, fragments }: FragmentedHeap,
  strategy: DefragmentationStrategy,
  repeats: number,
  clock: () => number,
): PlanRow {
  const totals: number[] = [];
  const slowest: number[] = [];
  const passCounts: number[] = [];
  for (let run = 0; run < WARM_UP_RUNS + repeats; run++) {
    // What others have left is not collected while this one is timed.
    globalThis.gc?.();
    const times = timePasses(fragments, strategy, clock);
    if (run < WARM_UP_RUNS) continue;
    totals.push(times.reduce((sum, time) => sum + time, 0));
    slowest.push(Math.max(...times));
    passCounts.push(times.length);
  }
  const { passes, kept: _, ...plan } = planDefragmentation(fragments, { strategy });
  return {
    heap: name,
    strategy,
    plan,
    totalMs: Math.min(...totals),
    slowestPassMs: Math.min(...slowest),
    passCount: Math.min(...passCounts),
    chunkBound: boundOf(fragments),
    leastBytes: leastOf(fragments, plan.emptiedChunks),
    faults: countFaults(
      fragments,
      passes.flatMap(({ moves }) => moves),
    ),
  };
}

function timePasses(fragments: Fragments, strategy: DefragmentationStrategy, clock: () => number): number[] {
  const planner = new DefragmentationPlanner(fragments, { strategy, clock, ...LIMITS });
  const times: number[] = [];
  while (!planner.isDone) {
    const from = clock();
    planner.nextPass();
    times.push(clock() - from);
  }
  return times;
}

/** What lives in each chunk that serves many, by pool. */
function loadsOf({
  chunks,
}: Fragments): { pool: string; sizeBytes: number; live: number; largest: number }[] {
  return chunks
    .filter(({ dedicated }) => !dedicated)
    .map(({ pool, sizeBytes, ranges }) => {
      const sizes = [...ranges].flatMap(({ state, size }) => (state === 'live' ? [size] : []));
      const live = sizes.reduce((sum, size) => sum + size, 0);
      return { pool, sizeBytes, live, largest: sizes.reduce((most, size) => Math.max(most, size), 0) };
    });
}

/** With chunks of several sizes: as many of the largest of their pool. */
function boundOf(fragments: Fragments): number {
  const loads = loadsOf(fragments);
  let bound = 0;
  for (const name of new Set(loads.map(({ pool }) => pool))) {
    const own = loads.filter(({ pool }) => pool === name);
    const live = own.reduce((sum, load) => sum + load.live, 0);
    const largest = Math.max(...own.map((load) => load.largest));
    bound +=
      live === 0 ? 0 : Math.ceil(live / (Math.max(...own.map(({ sizeBytes }) => sizeBytes)) - largest));
  }
  return bound;
}

function leastOf(fragments: Fragments, count: number): number {
  const loads = loadsOf(fragments)
    .map(({ live }) => live)
    .filter((live) => live > 0);
  return loads
    .sort((a, b) => a - b)
    .slice(0, count)
    .reduce((sum, live) => sum + live, 0);
}

/** Moves of what is not there, or has moved already, or to where something is. */
function countFaults({ chunks }: Fragments, moves: readonly DefragmentationMove[]): number {
  const places = new Map<string, boolean>();
  for (const { id, ranges } of chunks) {
    for (const { offset, state } of ranges) if (state === 'live') places.set(`${id} ${offset}`, false);
  }
  let faults = 0;
  for (const { fromChunk, fromOffset, toChunk, toOffset } of moves) {
    const from = `${fromChunk} ${fromOffset}`;
    const to = `${toChunk} ${toOffset}`;
    if (places.get(from) !== false || places.has(to)) faults++;
    places.delete(from);
    places.set(to, true);
  }
  return faults;
}
