/** Contract case: one named piece of a contract suite, runnable by any test framework or none. */
import type {
  RangeRequest,
  RegionView,
  Suballocator,
  SuballocatorCapabilities,
  SuballocatorOptions,
  SuballocatorState,
} from '@gpuheap/core/ranges';
import { scale } from '../scale.ts';
import { type Checks, ContractViolation } from './checks.ts';

/** Makes the suballocator under test. */
export type MakeSuballocator = (options: SuballocatorOptions) => Suballocator;

/** Makes one in the state that another has serialized. */
export type RestoreSuballocator = (state: SuballocatorState) => Suballocator;

/** How a suite is run, and what the contract leaves to the kind. All may be left out. */
export interface ContractOptions {
  /** What the tests are called after, so that a failure can name them. Default: the kind. */
  readonly name?: string;
  /** Default: the static `restore` of the class. */
  readonly restore?: RestoreSuballocator;
  /**
   * Which alignments a kind without `anyAlignment` serves, by its header. Default: those for which an empty
   * suballocator does not throw.
   */
  readonly servesAlignment?: (alignment: number, granularity: number) => boolean;
  /**
   * What a kind that is not `exact` must serve, by its header, given the free ranges that it shows: the
   * bound of its refusals as code. Default: whatever is no larger than its `largestAllocatable`.
   */
  readonly mustServe?: (
    request: Required<RangeRequest>,
    holes: readonly RegionView[],
    subject: Suballocator,
  ) => boolean;
  /** Random operations, all seeds together. Default 60,000, in the deep tier 2,000,000. */
  readonly randomOperations?: number;
  /** Seeds that they are spread over. Default 60, in the deep tier 2,000. */
  readonly seeds?: number;
  /** Whether to run W1 to W6, thousands of operations on up to 1,500 live ranges. Default true. */
  readonly workloads?: boolean;
  /** How many operations the exhaustive sequences have fewer than in the deep tier. Default 2, there 0. */
  readonly shorterBy?: number;
}

/** What every case works with: the options, with what was left out filled in. */
export interface Contract extends ContractOptions {
  readonly name: string;
  readonly make: MakeSuballocator;
  readonly restore: RestoreSuballocator;
  readonly capabilities: SuballocatorCapabilities;
  readonly randomOperations: number;
  readonly seeds: number;
  readonly shorterBy: number;
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

/** The contract of a kind. Makes one, to ask what it can do. */
export function contractOf(make: MakeSuballocator, options: ContractOptions = {}): Contract {
  const sample = make({ capacity: 2 ** 20 });
  return {
    ...options,
    name: options.name ?? sample.kind,
    make,
    restore: options.restore ?? restoreOf(sample),
    capabilities: sample.capabilities,
    randomOperations: options.randomOperations ?? scale(60_000, 2_000_000, 1500),
    seeds: options.seeds ?? scale(60, 2000),
    shorterBy: options.shorterBy ?? scale(2, 0),
  };
}

/** Programs of a case: `most`, but no more than so many for each seed of the random operations. */
export function programCount({ seeds }: Contract, most: number, perSeed: number): number {
  return Math.min(most, perSeed * seeds);
}

function restoreOf(sample: Suballocator): RestoreSuballocator {
  const maker = sample.constructor as { restore?: RestoreSuballocator };
  return (state) => {
    if (maker.restore !== undefined) return maker.restore(state);
    throw new ContractViolation('The class has no static restore(); pass { restore } to the suite.');
  };
}

/** Whether a subject says that it serves this alignment. O(ranges). */
export function serves(subject: Suballocator, alignment: number): boolean {
  if (subject.capabilities.anyAlignment) return true;
  try {
    subject.largestAllocatable(alignment);
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'bad-alignment') return false;
    throw error;
  }
}

/** The alignments of a list that a kind serves at a granularity. */
export function servedAlignments(
  { make }: Contract,
  granularity: number,
  alignments: readonly number[] = ALIGNMENTS,
): number[] {
  const sample = make({ capacity: 1024 * granularity, granularity });
  return alignments.filter((alignment) => serves(sample, alignment));
}
