export type { Handle } from '../base/quantities.ts';
export { BestFit, type BestFitOptions, type FitPolicy } from './best-fit.ts';
export { Binned } from './binned.ts';
export { Buddy } from './buddy.ts';
export { Fixed } from './fixed.ts';
export { type HistogramBar, histogram } from './histogram.ts';
export { Linear } from './linear.ts';
export { Ring } from './ring.ts';
export type { BinnedOptions, BinnedParent, BinnedParentClass } from './slabs.ts';
export {
  MAX_ALIGNMENT,
  NO_SPACE,
  type RangeRequest,
  type RangeView,
  type RegionView,
  type Strategy,
  type Suballocator,
  type SuballocatorCapabilities,
  type SuballocatorOptions,
  type SuballocatorState,
  type SuballocatorStatistics,
} from './suballocator.ts';
export { Tlsf } from './tlsf.ts';
