/**
 * Backend contract: every sentence of the port in `@gpuheap/core/backend` as cases that any backend must
 * pass.
 *
 * Promise  needs no test framework, no clock and nothing of Node; `@gpuheap/testing/vitest` runs it under
 *          vitest.
 */
import { adoptionCases } from './adoption-cases.ts';
import { clearCases } from './clear-cases.ts';
import type { BackendContractCase, BackendContractEnvironment } from './contract-case.ts';
import { copyCases } from './copy-cases.ts';
import { creationCases } from './creation-cases.ts';
import { destructionCases } from './destruction-cases.ts';
import { endingCases } from './ending-cases.ts';
import { fenceCases } from './fence-cases.ts';
import { mappingCases } from './mapping-cases.ts';
import { mappingRefusalCases } from './mapping-refusal-cases.ts';
import { readCases } from './read-cases.ts';
import { surfaceCases } from './surface-cases.ts';
import { timelineCases } from './timeline-cases.ts';
import { writeCases } from './write-cases.ts';

/** All cases, in the order of the port. */
export const backendContract: readonly BackendContractCase[] = [
  ...surfaceCases,
  ...creationCases,
  ...adoptionCases,
  ...writeCases,
  ...clearCases,
  ...copyCases,
  ...readCases,
  ...mappingCases,
  ...mappingRefusalCases,
  ...fenceCases,
  ...timelineCases,
  ...destructionCases,
  ...endingCases,
];

/** The cases that make sense in an environment: those that need nothing which it does not claim. */
export function backendContractFor<Buffer>(
  environment: BackendContractEnvironment<Buffer>,
): readonly BackendContractCase[] {
  return backendContract.filter(({ needs = [] }) =>
    [needs].flat().every((capability) => environment.capabilities.includes(capability)),
  );
}
