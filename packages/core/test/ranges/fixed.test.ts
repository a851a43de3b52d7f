import { describeSuballocatorContract } from '../../../testing/src/vitest.ts';
import { Fixed } from '../../src/ranges/index.ts';

describeSuballocatorContract('fixed', (options) => new Fixed(options));
