import { describeSuballocatorContract } from '../../../testing/src/vitest.ts';
import { Linear } from '../../src/ranges/index.ts';

describeSuballocatorContract('linear', (options) => new Linear(options));
