export type { HeapStatistics } from './heap-statistics.ts';
export type { ChunkSnapshot, HeapSnapshot, RangeSnapshot } from './snapshot.ts';
