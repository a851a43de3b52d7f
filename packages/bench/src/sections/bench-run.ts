/**
 * Bench run: what every section is given, and where its figures go.
 */
import type { Threads } from '../isolation/threads.ts';
import type { Ageing } from '../measures/ageing.ts';
import type { Latency } from '../measures/latency.ts';
import type { MetadataUse } from '../measures/metadata.ts';
import type { Steadiness } from '../measures/steadiness.ts';
import type { TableGrowth } from '../measures/table-growth.ts';
import type { Tightness } from '../measures/tightness.ts';
import type { Timing } from '../measures/times.ts';
import type { PeerFile, PeerResult } from '../peers.ts';
import type { ReferenceFigures, RowName } from '../programs/rows.ts';
import type { SectionName, TargetName, Verdict } from '../verdict.ts';

/** What to run. */
export interface BenchOptions {
  readonly quick: boolean;
  readonly sections: readonly SectionName[];
  /** Only rows of this name. */
  readonly workload?: RowName;
  /** Timed repeats. */
  readonly repeats: number;
  /** Start of the workloads' random numbers. */
  readonly seed?: number;
  /** Results of native programs on the exported workloads. */
  readonly peers?: PeerFile;
}

/** One row of the table of times. */
export interface TimedRow {
  readonly id: string;
  readonly title: string;
  readonly name: RowName;
  readonly liveCount: number;
  readonly reference: ReferenceFigures;
  readonly timings: readonly Timing[];
  readonly peers: readonly PeerResult[];
}

/** Latencies of some kinds on one workload. */
export interface LatencyRow {
  readonly title: string;
  readonly latencies: readonly Latency[];
}

/** Everything measured. */
export interface BenchRecord {
  readonly times: TimedRow[];
  readonly tightness: Tightness[];
  readonly metadata: MetadataUse[];
  readonly steadiness: Steadiness[];
  readonly layers: Timing[];
  readonly latency: LatencyRow[];
  readonly growth: TableGrowth[];
  readonly ageing: Ageing[];
  readonly verdicts: Verdict[];
}

/** A run under way. */
export interface BenchRun {
  readonly options: BenchOptions;
  readonly record: BenchRecord;
  readonly threads: Threads;
  print(text: string): void;
}

/** Whether any of these sections is asked for. */
export function asks({ options }: BenchRun, ...targets: readonly TargetName[]): boolean {
  return options.sections.some((section) => targets.includes(section));
}

/** Passes of which none is measured; short ones settle later. */
export function warmUpsOf({ quick }: BenchOptions): number {
  return quick ? 10 : 3;
}
