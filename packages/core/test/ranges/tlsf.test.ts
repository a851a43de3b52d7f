import { describeSuballocatorContract } from '../../../testing/src/vitest.ts';
import { Tlsf } from '../../src/ranges/index.ts';

describeSuballocatorContract('tlsf', (options) => new Tlsf(options));
