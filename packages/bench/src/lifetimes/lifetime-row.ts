/**
 * Lifetime row: what planning ahead comes to, beside ways that do not plan.
 *
 * Promise  every plan is checked by the oracle, item by item; a fault is counted, never hidden.
 */
import { type LifetimePlan, planLifetimes } from '@gpuheap/core/planning';
import { faultsOfPlan } from '@gpuheap/testing';
import { showCount } from 'gpuheap';
import { formatTable } from '../table.ts';
import { type LifetimeGroup, pooledBytes } from './trace-lifetimes.ts';

/** One group of lifetimes. Bytes unless the name says otherwise. */
export interface LifetimeRow {
  readonly name: string;
  readonly itemCount: number;
  /** Every item has bytes of its own. */
  readonly sumBytes: number;
  /** A pool by exact size, and one that rounds up to powers of two. */
  readonly exactPoolBytes: number;
  readonly powerPoolBytes: number;
  readonly boundBytes: number;
  readonly greedyBytes: number;
  readonly greedyMs: number;
  readonly searchedBytes: number;
  /** The searched plan. */
  readonly gap: number;
  readonly strategy: string;
  readonly reason: string;
  readonly faultCount: number;
}

/** How rows are made. */
export interface LifetimeRun {
  readonly searchMs: number;
  readonly seed: number;
  readonly clock: () => number;
}

/** Plans one group, greedily and with a search. O(n² + the search). */
export function measureLifetimes({ name, items }: LifetimeGroup, run: LifetimeRun): LifetimeRow {
  const { clock, seed, searchMs } = run;
  const from = clock();
  const greedy = planLifetimes(items);
  const greedyMs = clock() - from;
  const isBest = greedy.reason === 'optimal';
  const searched = isBest ? greedy : planLifetimes(items, { timeLimitMs: searchMs, clock, seed });
  const plans: readonly LifetimePlan[] = isBest ? [greedy] : [greedy, searched];
  return {
    name,
    itemCount: items.length,
    sumBytes: items.reduce((sum, { size }) => sum + size, 0),
    exactPoolBytes: pooledBytes(items, (size) => size),
    powerPoolBytes: pooledBytes(items, (size) => 2 ** Math.ceil(Math.log2(size))),
    boundBytes: greedy.lowerBoundBytes,
    greedyBytes: greedy.peakBytes,
    greedyMs,
    searchedBytes: searched.peakBytes,
    gap: searched.gap,
    strategy: searched.strategy,
    reason: searched.reason,
    faultCount: plans.reduce((sum, plan) => sum + faultsOfPlan(items, plan).length, 0),
  };
}

const COLUMNS = [
  '  lifetimes, MB',
  'buffers',
  'no reuse',
  'pool, exact',
  'pool, 2^n',
  'greedy',
  'searched',
  'bound',
  'gap',
  'greedy ms',
  'found by',
  'end',
  'faults',
];

/** A row a group. */
export function formatLifetimes(rows: readonly LifetimeRow[]): string {
  const cells = rows.map((row) => [
    `  ${row.name}`,
    showCount(row.itemCount),
    ...[row.sumBytes, row.exactPoolBytes, row.powerPoolBytes].map(megabytes),
    ...[row.greedyBytes, row.searchedBytes, row.boundBytes].map(megabytes),
    `${(row.gap * 100).toFixed(2)} %`,
    row.greedyMs.toFixed(0),
    row.strategy,
    row.reason,
    String(row.faultCount),
  ]);
  return formatTable([COLUMNS, ...cells]);
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(2);
}
