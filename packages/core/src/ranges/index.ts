export type { Handle } from '../base/quantities.ts';
export { BestFit } from './best-fit.ts';
export { Linear } from './linear.ts';
export { Ring } from './ring.ts';
export {
  MAX_ALIGNMENT,
  NO_SPACE,
  type RangeView,
  type Suballocator,
  type SuballocatorCapabilities,
  type SuballocatorOptions,
  type SuballocatorStatistics,
} from './suballocator.ts';
export { Tlsf } from './tlsf.ts';
