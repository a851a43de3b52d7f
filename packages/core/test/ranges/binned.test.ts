import { describeSuballocatorContract } from '../../../testing/src/vitest.ts';
import { BestFit, Binned, type BinnedOptions, type SuballocatorOptions } from '../../src/ranges/index.ts';
import { withMore } from './more-options.ts';

describeSuballocatorContract('binned', (options) => new Binned(options));

// Derived classes leave small spans to the parent; given ones make slabs of every span.
describeSuballocatorContract('binned with classes', (options) => {
  const { granularity = 1 } = Object(options) as SuballocatorOptions;
  const unit = Number.isSafeInteger(granularity) ? granularity : 1;
  const classes = [1, 2, 3, 5, 8].map((units) => units * unit).filter(Number.isSafeInteger);
  return new Binned(withMore<BinnedOptions>(options, { classes }));
});

describeSuballocatorContract(
  'binned over best-fit',
  (options) => new Binned(withMore<BinnedOptions>(options, { parent: BestFit })),
  { restore: (state) => Binned.restore(state, BestFit) },
);
