export { Checks, ContractViolation } from './checks.ts';
export type { ContractCase, ContractOptions, MakeSuballocator } from './contract-case.ts';
export { suballocatorContract } from './suballocator-contract.ts';
export { Witness, type WitnessedRange } from './witness.ts';
