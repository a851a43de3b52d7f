export { runBench, SECTION_NAMES } from './bench.ts';
export { type ExportOptions, exportWorkloads } from './export-workloads.ts';
export type { BenchOptions, BenchRecord } from './sections/bench-run.ts';
export type { SectionName } from './verdict.ts';
