export type { Defragmentation, DefragmentationReport } from './defragmentation.ts';
export type { AutomaticDefragmentation, DefragmentationOptions } from './defragmentation-options.ts';
export type { EvictionOrder } from './eviction-round.ts';
export type {
  AbortSignalLike,
  EnsureOptions,
  ResidencyOptions,
  ResidencyProgress,
  Thrashing,
} from './residency-options.ts';
