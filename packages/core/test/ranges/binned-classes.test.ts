import { scale } from '../../../testing/src/scale.ts';
import { describeSuballocatorContract } from '../../../testing/src/vitest.ts';
import { Binned, type BinnedOptions, type SuballocatorOptions } from '../../src/ranges/index.ts';
import { withMore } from './more-options.ts';

// Given classes make slabs of every span. As many operations in the deep tier as in the quick one.
describeSuballocatorContract(
  'binned with classes',
  (options) => {
    const { granularity = 1 } = Object(options) as SuballocatorOptions;
    const unit = Number.isSafeInteger(granularity) ? granularity : 1;
    const classes = [1, 2, 3, 5, 8].map((units) => units * unit).filter(Number.isSafeInteger);
    return new Binned(withMore<BinnedOptions>(options, { classes }));
  },
  { randomOperations: scale(60_000, 60_000, 1500), seeds: scale(60, 60, 3), shorterBy: 2 },
);
