import {
  BestFit,
  Binned,
  Buddy,
  Fixed,
  Linear,
  Ring,
  type Suballocator,
  type SuballocatorOptions,
  Tlsf,
} from '@gpuheap/core/ranges';

/** Makes a suballocator of one kind. */
export type Make = (options: SuballocatorOptions) => Suballocator;

/** The seven kinds by name. */
export const KINDS: readonly (readonly [string, Make])[] = [
  ['linear', (options) => new Linear(options)],
  ['ring', (options) => new Ring(options)],
  ['fixed', (options) => new Fixed(options)],
  ['buddy', (options) => new Buddy(options)],
  ['tlsf', (options) => new Tlsf(options)],
  ['best-fit', (options) => new BestFit(options)],
  ['binned', (options) => new Binned(options)],
];
