export { BackendContractViolation } from './assertions.ts';
export { backendContract, backendContractFor } from './backend-contract.ts';
export type {
  BackendContractCapability,
  BackendContractCase,
  BackendContractEnvironment,
  OpenedBackend,
} from './contract-case.ts';
