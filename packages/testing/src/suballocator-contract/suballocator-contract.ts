/**
 * Suballocator contract: every sentence of the contract in `@gpuheap/core/ranges` as cases that any kind must
 * pass.
 *
 * Promise  driven by the subject's own `capabilities`: what a kind does not claim is not asked of it. Needs
 *          no test framework; `@gpuheap/testing/vitest` runs it under vitest.
 */
import { argumentCases } from './argument-cases.ts';
import { boundaryCases } from './boundary-cases.ts';
import { constructionCases } from './construction-cases.ts';
import type { ContractCase, ContractOptions, MakeSuballocator } from './contract-case.ts';
import { exhaustiveCases } from './exhaustive-cases.ts';
import { handleCases } from './handle-cases.ts';
import { largestCases } from './largest-cases.ts';
import { placementCases } from './placement-cases.ts';
import { randomCases } from './random-cases.ts';
import { workloadCases } from './workload-cases.ts';

/** All cases for one kind, quick ones first. Nothing runs until a case's `run` is called. */
export function suballocatorContract(make: MakeSuballocator, options: ContractOptions = {}): ContractCase[] {
  return [
    ...constructionCases(make),
    ...argumentCases(make),
    ...handleCases(make),
    ...placementCases(make),
    ...boundaryCases(make),
    ...largestCases(make),
    ...workloadCases(make),
    ...exhaustiveCases(make, options),
    ...randomCases(make, options),
  ];
}
