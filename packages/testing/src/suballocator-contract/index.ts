export { Checks, ContractViolation } from './checks.ts';
export type {
  Contract,
  ContractCase,
  ContractOptions,
  MakeSuballocator,
  RestoreSuballocator,
} from './contract-case.ts';
export { suballocatorContract } from './suballocator-contract.ts';
