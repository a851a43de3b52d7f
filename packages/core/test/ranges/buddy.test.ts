import { describeSuballocatorContract } from '../../../testing/src/vitest.ts';
import { Buddy } from '../../src/ranges/index.ts';

describeSuballocatorContract('buddy', (options) => new Buddy(options));
