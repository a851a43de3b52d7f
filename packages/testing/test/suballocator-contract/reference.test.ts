import { ReferenceSuballocator } from '../../src/index.ts';
import { describeSuballocatorContract } from '../../src/vitest.ts';

describeSuballocatorContract('reference', (options) => new ReferenceSuballocator(options), {
  randomOperations: 10_000,
  seeds: 20,
  depth: 4,
});
