import { describeSuballocatorContract } from '../../../testing/src/vitest.ts';
import { Binned } from '../../src/ranges/index.ts';

// Derived classes leave small spans to the parent: binned-classes.test.ts has given ones.
describeSuballocatorContract('binned', (options) => new Binned(options));
