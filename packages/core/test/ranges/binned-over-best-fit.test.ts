import { scale } from '../../../testing/src/scale.ts';
import { describeSuballocatorContract } from '../../../testing/src/vitest.ts';
import { BestFit, Binned, type BinnedOptions } from '../../src/ranges/index.ts';
import { withMore } from './more-options.ts';

// As many operations in the deep tier as in the quick one.
describeSuballocatorContract(
  'binned over best-fit',
  (options) => new Binned(withMore<BinnedOptions>(options, { parent: BestFit })),
  {
    randomOperations: scale(60_000, 60_000, 1500),
    seeds: scale(60, 60, 3),
    shorterBy: 2,
    restore: (state) => Binned.restore(state, BestFit),
  },
);
