export type { Defragmentation, DefragmentationReport } from './defragmentation/defragmentation.ts';
export type {
  AutomaticDefragmentation,
  DefragmentationOptions,
} from './defragmentation/defragmentation-options.ts';
export type { EvictionOrder } from './residency/eviction-round.ts';
export type {
  AbortSignalLike,
  EnsureOptions,
  ResidencyOptions,
  ResidencyProgress,
  Thrashing,
} from './residency/residency-options.ts';
