/**
 * Rows: which workloads are timed, and the figures that native programs reached elsewhere.
 */
import {
  HOME_WORKLOAD_NAMES,
  type HomeWorkloadName,
  makeWorkload,
  WORKLOAD_NAMES,
  type WorkloadName,
  type WorkloadOptions,
} from '@gpuheap/testing/workloads';
import type { PeerName } from '../peers.ts';
import type { Program } from './program.ts';
import { readTracePrograms } from './trace-program.ts';

/** A seeded workload, or the recorded applications. */
export type RowName = WorkloadName | HomeWorkloadName | 'real';

/** The names that rows are chosen by. */
export const ROW_NAMES: readonly RowName[] = [...WORKLOAD_NAMES, ...HOME_WORKLOAD_NAMES, 'real'];

/** Nanoseconds an operation, by peer. */
export type ReferenceFigures = Readonly<Partial<Record<PeerName, number>>>;

/** One line of the table. */
export interface Row {
  /** What an exported file of it is called, without its ending, and peers' results name: `w2-64k-16`. */
  readonly id: string;
  /** As printed: `W2 small 64k, 16`. */
  readonly title: string;
  readonly name: RowName;
  readonly options: WorkloadOptions;
  /** Live ranges, about. */
  readonly liveCount: number;
  /** Only ours: the baselines would need gigabytes, or minutes. */
  readonly oursOnly?: boolean;
  /** A recorded program; then `options` say nothing. */
  readonly program?: Program;
  /** What native programs took on another machine: TARGETS says how. */
  readonly reference?: ReferenceFigures;
}

/** From here on only ours are timed. */
const MOST_LIVE_OF_BASELINES = 500_000;

const FULL_ROWS: readonly Row[] = [
  makeRow('w1-256', 'W1 churn, 256', 'W1', 1500, {}, [19.9, 37.8], { 'OTK HeapSuballocator': 148 }),
  makeRow('w1-16', 'W1 churn, 16', 'W1', 1500, { alignment: 16 }),
  makeRow('w2-64k-16', 'W2 small 64k, 16', 'W2', 65_536, {}, [28, 58.5], {
    'OTK HeapSuballocator': 298,
    'OTK BinnedSuballocator': 17.2,
  }),
  makeRow('w2-64k-256', 'W2 small 64k, 256', 'W2', 65_536, { alignment: 256 }),
  makeRow('w2-1m-16', 'W2 small 1M, 16', 'W2', 1_048_576, { live: 1_048_576 }, [122.6, 296.8]),
  makeRow('w3', 'W3 frames', 'W3', 1500, {}, [14.9, 21.7], { ring: 4.4 }),
  makeRow('w3-reversed', 'W3 frames reversed', 'W3', 1500, { reverse: true }),
  makeRow('w4', 'W4 powers', 'W4', 500, {}, [13.6, 34.3]),
  makeRow('w5', 'W5 checkerboard', 'W5', 32_768, {}, [16.6, 23.6]),
  makeRow('w6-1e2', 'W6 scale 1e2', 'W6', 100, { live: 100 }, [22, 34]),
  makeRow('w6-1e3', 'W6 scale 1e3', 'W6', 1000, { live: 1000 }, [17, 34]),
  makeRow('w6-1e4', 'W6 scale 1e4', 'W6', 10_000, { live: 10_000 }, [17, 37]),
  makeRow('w6-1e5', 'W6 scale 1e5', 'W6', 100_000, { live: 100_000 }, [24, 62]),
  makeRow('w6-1e6', 'W6 scale 1e6', 'W6', 1_000_000, { live: 1_000_000 }, [86, 237]),
  makeRow('equal', 'equal slots', 'equal', 49_152, {}, undefined, { 'free stack': 2 }),
  makeRow('powers-1e2', 'powers of two 1e2', 'powers', 100, { live: 100 }),
  makeRow('powers-1e3', 'powers of two 1e3', 'powers', 1000, { live: 1000 }),
  makeRow('powers-1e4', 'powers of two 1e4', 'powers', 10_000, { live: 10_000 }),
  makeRow('powers-1e5', 'powers of two 1e5', 'powers', 100_000, { live: 100_000 }),
  makeRow('powers-1e6', 'powers of two 1e6', 'powers', 1_000_000, { live: 1_000_000 }),
  makeRow('stack', 'stack', 'stack', 10_000, {}),
];

function makeRow(
  id: string,
  title: string,
  name: WorkloadName | HomeWorkloadName,
  liveCount: number,
  options: WorkloadOptions,
  pair?: readonly [number, number],
  others: ReferenceFigures = {},
): Row {
  const known: ReferenceFigures =
    pair === undefined ? {} : { OffsetAllocator: pair[0], 'VMA virtual block': pair[1] };
  const reference = { ...known, ...others };
  const oursOnly = liveCount > MOST_LIVE_OF_BASELINES;
  return { id, title, name, liveCount, options, reference, oursOnly };
}

/** Rows that decide a target, shortened: for a quick look. */
const QUICK_IDS: readonly string[] = [
  'w1-256',
  'w2-64k-16',
  'w3',
  'w4',
  'w6-1e2',
  'w6-1e3',
  'w6-1e4',
  'w6-1e5',
  'equal',
];

/**
 * The rows of these names; when quick, fewer, and the recorded applications only if nothing else is asked
 * for.
 */
export async function chooseRows(names: readonly RowName[], quick: boolean): Promise<readonly Row[]> {
  const rows = FULL_ROWS.filter(({ id, name }) => names.includes(name) && (!quick || QUICK_IDS.includes(id)));
  if (!names.includes('real') || (quick && names.length > 1)) return rows;
  const recorded = await readTracePrograms();
  return [...rows, ...recorded.map((trace) => ({ ...trace, name: 'real' as const, options: {} }))];
}

/** The first row of W1, of W2, and of each of these names. */
export function rowsAtHome(names: readonly RowName[]): readonly Row[] {
  const asked = ROW_NAMES.filter((name) => name === 'W1' || name === 'W2' || names.includes(name));
  return asked.flatMap((name) => FULL_ROWS.filter((row) => row.name === name).slice(0, 1));
}

const STEPS: Readonly<Record<WorkloadName | HomeWorkloadName, number>> = {
  W1: 1_000_000,
  W2: 1_000_000,
  W3: 2_000,
  W4: 1_000_000,
  W5: 32_768,
  W6: 1_000_000,
  equal: 1_000_000,
  powers: 1_000_000,
  stack: 1_000_000,
};

/** Records a row's workload; quick ones are a tenth as long. O(operations). */
export function recordRow(row: Row, quick: boolean, seed: number | undefined): Program {
  if (row.program !== undefined || row.name === 'real') return row.program as Program;
  const steps = STEPS[row.name];
  return makeWorkload(row.name, {
    ...row.options,
    steps: quick ? steps / 10 : steps,
    ...(seed === undefined ? {} : { seed }),
  });
}

/** Timed operations of one step. */
const STEP_OPERATIONS: Readonly<Record<WorkloadName | HomeWorkloadName, number>> = {
  W1: 1,
  W2: 2,
  W3: 1000,
  W4: 1,
  W5: 2,
  W6: 2,
  equal: 2,
  powers: 2,
  stack: 1,
};

/** Records a workload with at least this many timed operations. O(operations). */
export function recordOperations(
  name: WorkloadName | HomeWorkloadName,
  operations: number,
  options: Pick<WorkloadOptions, 'live'> = {},
): Program {
  // Three frames of W3 are its fill.
  return makeWorkload(name, { ...options, steps: Math.ceil(operations / STEP_OPERATIONS[name]) + 3 });
}
