export { describeSuballocatorContract } from './suballocator-contract/describe.ts';
