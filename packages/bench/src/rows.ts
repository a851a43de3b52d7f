/**
 * Rows: which workloads the table of times has, and the figures that others reached elsewhere.
 */
import {
  makeWorkload,
  WORKLOAD_NAMES,
  type WorkloadName,
  type WorkloadOptions,
} from '@gpuheap/testing/workloads';
import { type Program, readTracePrograms } from './trace-program.ts';

/** A seeded workload, or the recorded applications. */
export type RowName = WorkloadName | 'real';

/** The names that rows are chosen by. */
export const ROW_NAMES: readonly RowName[] = [...WORKLOAD_NAMES, 'real'];

/** One line of the table. */
export interface Row {
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
  /** Nanoseconds an operation on another machine; see {@link REFERENCE_TITLES}. */
  readonly reference?: readonly (number | undefined)[];
}

/** What the columns of `Row.reference` are. */
export const REFERENCE_TITLES: readonly string[] = ['OffsetAllocator C++', 'VMA virtual block C++'];

const FULL_ROWS: readonly Row[] = [
  { title: 'W1 churn, 256', name: 'W1', options: {}, liveCount: 1500, reference: [19.9, 37.8] },
  { title: 'W1 churn, 16', name: 'W1', options: { alignment: 16 }, liveCount: 1500 },
  { title: 'W2 small 64k, 16', name: 'W2', options: {}, liveCount: 65_536, reference: [28.0, 58.5] },
  { title: 'W2 small 64k, 256', name: 'W2', options: { alignment: 256 }, liveCount: 65_536 },
  {
    title: 'W2 small 1M, 16',
    name: 'W2',
    options: { live: 1_048_576 },
    liveCount: 1_048_576,
    oursOnly: true,
    reference: [122.6, 296.8],
  },
  { title: 'W3 frames', name: 'W3', options: {}, liveCount: 1500, reference: [14.9, 21.7] },
  { title: 'W3 frames reversed', name: 'W3', options: { reverse: true }, liveCount: 1500 },
  { title: 'W4 powers', name: 'W4', options: {}, liveCount: 500, reference: [13.6, 34.3] },
  { title: 'W5 checkerboard', name: 'W5', options: {}, liveCount: 32_768, reference: [16.6, 23.6] },
  { title: 'W6 scale 1e2', name: 'W6', options: { live: 100 }, liveCount: 100, reference: [22, 34] },
  { title: 'W6 scale 1e3', name: 'W6', options: { live: 1000 }, liveCount: 1000, reference: [17, 34] },
  {
    title: 'W6 scale 1e4',
    name: 'W6',
    options: { live: 10_000 },
    liveCount: 10_000,
    reference: [17, 37],
  },
  {
    title: 'W6 scale 1e5',
    name: 'W6',
    options: { live: 100_000 },
    liveCount: 100_000,
    reference: [24, 62],
  },
  {
    title: 'W6 scale 1e6',
    name: 'W6',
    options: { live: 1_000_000 },
    liveCount: 1_000_000,
    oursOnly: true,
    reference: [86, 237],
  },
];

/** Rows that decide a target, shortened: for a quick look and for CI. */
const QUICK_TITLES: readonly string[] = [
  'W1 churn, 256',
  'W2 small 64k, 16',
  'W3 frames',
  'W6 scale 1e3',
  'W6 scale 1e4',
  'W6 scale 1e5',
];

/** The rows called `name`, or all; fewer when quick. Reads the recorded applications. */
export async function chooseRows(name: RowName | undefined, quick: boolean): Promise<readonly Row[]> {
  const recorded = quick && name !== 'real' ? [] : await readTracePrograms();
  const rows: Row[] = FULL_ROWS.filter(({ title }) => !quick || QUICK_TITLES.includes(title));
  for (const program of recorded) rows.push({ ...program, name: 'real', options: {} });
  return rows.filter((row) => name === undefined || row.name === name);
}

const STEPS: Readonly<Record<WorkloadName, number>> = {
  W1: 1_000_000,
  W2: 1_000_000,
  W3: 2_000,
  W4: 1_000_000,
  W5: 32_768,
  W6: 1_000_000,
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
