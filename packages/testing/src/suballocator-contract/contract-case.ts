/** Contract case: one named piece of a contract suite, runnable by any test framework or none. */
import type { Suballocator, SuballocatorOptions } from '@gpuheap/core/ranges';
import { BigIntOracle } from '../oracles/bigint-oracle.ts';
import { BitmapOracle } from '../oracles/bitmap-oracle.ts';
import { IntervalOracle } from '../oracles/interval-oracle.ts';
import type { SpaceOracle } from '../oracles/space-oracle.ts';
import type { Checks } from './checks.ts';
import { Witness } from './witness.ts';

/** Makes the suballocator under test. */
export type MakeSuballocator = (options: SuballocatorOptions) => Suballocator;

/** How a suite is run. */
export interface ContractOptions {
  /** Random operations, all seeds together. Default 60,000, in the deep tier 2,000,000. */
  readonly randomOperations?: number;
  /** Seeds that they are spread over. Default 60, in the deep tier 2,000. */
  readonly seeds?: number;
  /** Length of the sequences that are tried exhaustively. Default 5, in the deep tier 7. */
  readonly depth?: number;
}

/** A named piece of the suite. `run` throws at the first check that fails. */
export interface ContractCase {
  readonly group: string;
  readonly name: string;
  readonly run: (check: Checks) => void;
}

/** Alignments that the suite uses, powers of two and others. Bytes. */
export const ALIGNMENTS: readonly number[] = [1, 2, 3, 4, 5, 8, 12, 16, 36, 100, 256, 1000];

/** Granularities that the suite uses. Bytes. */
export const GRANULARITIES: readonly number[] = [1, 4, 36, 256, 65_536];

/** Whether a subject says that it serves this alignment. */
export function serves(subject: Suballocator, alignment: number): boolean {
  const { capabilities, granularity } = subject;
  return capabilities.anyAlignment || alignment % granularity === 0 || granularity % alignment === 0;
}

/** A witness over a fresh subject, with every oracle that suits its size. */
export function makeWitness(make: MakeSuballocator, options: SuballocatorOptions, check: Checks): Witness {
  const subject = make(options);
  const { capacity, granularity } = subject;
  const oracles: SpaceOracle[] = [
    new IntervalOracle(capacity, granularity),
    new BigIntOracle(capacity, granularity),
  ];
  // Looking at more units than this after every operation takes too long.
  if (capacity / granularity <= 2048) oracles.push(new BitmapOracle(capacity, granularity));
  return new Witness(subject, oracles, check);
}
