/**
 * Bench: runs the sections that are asked for and prints each figure beside its baseline and its target.
 *
 * Promise  everything that is printed is also in the record that is answered.
 */
import { compileAssemblyScript } from './competitors/assembly-script.ts';
import type { CompetitorName } from './competitors/by-name.ts';
import { NPM_MALLOC } from './competitors/npm-malloc.ts';
import { THI_NG } from './competitors/thi-ng.ts';
import { SEPARATE_THREADS, type Threads } from './isolation/threads.ts';
import { runAgeing } from './sections/ageing.ts';
import { asks, type BenchOptions, type BenchRecord, type BenchRun } from './sections/bench-run.ts';
import { runGrowth } from './sections/growth.ts';
import { runLatency } from './sections/latency.ts';
import { runMetadata } from './sections/metadata.ts';
import { runObjectLayers } from './sections/object-layers.ts';
import { runSteadiness } from './sections/steadiness.ts';
import { runTightness } from './sections/tightness.ts';
import { runTimes } from './sections/times.ts';
import { formatVerdicts } from './table.ts';
import type { SectionName } from './verdict.ts';

/** P1 to P6 time, P6 and P7 tightness, P8 metadata, P9 steadiness, P10 object layers; three have none. */
export const SECTION_NAMES: readonly SectionName[] = [
  'P1',
  'P2',
  'P3',
  'P4',
  'P5',
  'P6',
  'P7',
  'P8',
  'P9',
  'P10',
  'latency',
  'growth',
  'ageing',
];

/** Runs the sections in order. Minutes, unless quick. */
export async function runBench(
  options: BenchOptions,
  print: (text: string) => void,
  threads: Threads = SEPARATE_THREADS,
): Promise<BenchRecord> {
  const record: BenchRecord = {
    times: [],
    tightness: [],
    metadata: [],
    steadiness: [],
    layers: [],
    latency: [],
    growth: [],
    ageing: [],
    verdicts: [],
  };
  const run: BenchRun = { options, record, threads, print };
  const baselines = asks(run, 'P4', 'P7') ? await listBaselines() : [];
  if (asks(run, 'P1', 'P2', 'P3', 'P4', 'P5', 'P6')) await runTimes(run, baselines);
  if (asks(run, 'P6', 'P7')) runTightness(run, baselines);
  if (asks(run, 'P8')) runMetadata(run);
  if (asks(run, 'P9')) await runSteadiness(run);
  if (asks(run, 'P10')) await runObjectLayers(run);
  if (asks(run, 'latency')) await runLatency(run);
  if (asks(run, 'growth')) await runGrowth(run);
  if (asks(run, 'ageing')) await runAgeing(run);
  if (record.verdicts.length > 0) print(formatVerdicts(record.verdicts));
  return record;
}

async function listBaselines(): Promise<CompetitorName[]> {
  const assemblyScript = { name: 'AssemblyScript', module: await compileAssemblyScript() };
  return [assemblyScript, { name: NPM_MALLOC.name }, { name: THI_NG.name }];
}
