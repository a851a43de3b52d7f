export { BigIntOracle } from './bigint-oracle.ts';
export { BitmapOracle } from './bitmap-oracle.ts';
export { IntervalOracle } from './interval-oracle.ts';
export { ReferenceSuballocator } from './reference-suballocator.ts';
export type { FreeRange, SpaceOracle } from './space-oracle.ts';
