export { describeBackendContract } from './backend-contract/describe.ts';
export { describeSuballocatorContract } from './suballocator-contract/describe.ts';
