/**
 * Suballocator contract: every sentence of the contract in `@gpuheap/core/ranges` as cases that any kind must
 * pass.
 *
 * Promise  driven by the kind's own `capabilities`: what a kind does not claim is not asked of it, and has no
 *          case. Needs no test framework; `@gpuheap/testing/vitest` runs it under vitest.
 */
import { argumentCases } from './argument-cases.ts';
import { boundaryCases } from './boundary-cases.ts';
import { constructionCases } from './construction-cases.ts';
import {
  type ContractCase,
  type ContractOptions,
  contractOf,
  type MakeSuballocator,
} from './contract-case.ts';
import { exhaustiveCases } from './exhaustive-cases.ts';
import { handleCases } from './handle-cases.ts';
import { largestCases } from './largest-cases.ts';
import { manyCases } from './many-cases.ts';
import { markCases } from './mark-cases.ts';
import { metamorphicCases } from './metamorphic-cases.ts';
import { placeCases } from './place-cases.ts';
import { placementCases } from './placement-cases.ts';
import { randomCases } from './random-cases.ts';
import { regionCases } from './region-cases.ts';
import { resizeCases } from './resize-cases.ts';
import { restoreCases } from './restore-cases.ts';
import { spanCases } from './span-cases.ts';
import { strategyCases } from './strategy-cases.ts';
import { workloadCases } from './workload-cases.ts';

/** All cases for one kind, quick ones first. Makes one suballocator, to ask what it can do; runs nothing. */
export function suballocatorContract(make: MakeSuballocator, options: ContractOptions = {}): ContractCase[] {
  const contract = contractOf(make, options);
  const { strategies, allocateAt, resize, grow, shrinkTo, track, freeUpTo } = contract.capabilities;
  return [
    ...constructionCases(contract),
    ...argumentCases(contract),
    ...handleCases(contract),
    ...placementCases(contract),
    ...manyCases(contract),
    ...(strategies.length > 0 ? strategyCases(contract) : []),
    ...(allocateAt ? placeCases(contract) : []),
    ...(resize ? resizeCases(contract) : []),
    ...(grow || shrinkTo ? spanCases(contract) : []),
    ...(track ? regionCases(contract) : []),
    ...(freeUpTo ? markCases(contract) : []),
    ...restoreCases(contract),
    ...boundaryCases(contract),
    ...largestCases(contract),
    ...(contract.workloads === false ? [] : workloadCases(contract)),
    ...metamorphicCases(contract),
    ...exhaustiveCases(contract),
    ...randomCases(contract),
  ];
}
