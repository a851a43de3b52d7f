export { type BenchOptions, type BenchRecord, runBench, SECTION_NAMES, type SectionName } from './bench.ts';
