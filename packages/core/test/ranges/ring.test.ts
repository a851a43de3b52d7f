import { describeSuballocatorContract } from '../../../testing/src/vitest.ts';
import { Ring } from '../../src/ranges/index.ts';

describeSuballocatorContract('ring', (options) => new Ring(options));
