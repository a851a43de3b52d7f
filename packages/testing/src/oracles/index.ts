export { BigIntOracle } from './bigint-oracle.ts';
export { BitmapOracle } from './bitmap-oracle.ts';
export { IntervalOracle } from './interval-oracle.ts';
export { faultsOfPlan } from './lifetime-oracle.ts';
export type { ReferencePlace } from './reference-ranges.ts';
export type { ReferenceRange } from './reference-state.ts';
export { REFERENCE_CAPABILITIES, ReferenceSuballocator } from './reference-suballocator.ts';
export type { FreeRange, SpaceOracle } from './space-oracle.ts';
