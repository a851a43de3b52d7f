import { describeSuballocatorContract } from '../../../testing/src/vitest.ts';
import { BestFit, Binned, type BinnedOptions, type SuballocatorOptions } from '../../src/ranges/index.ts';

/** Options with more of them, unless they are none at all. */
function withMore(options: SuballocatorOptions, more: Partial<BinnedOptions>): BinnedOptions {
  return Object(options) === options && !Array.isArray(options) ? { ...options, ...more } : options;
}

describeSuballocatorContract('binned', (options) => new Binned(options));

// Derived classes leave small spans to the parent; given ones make slabs of every span.
describeSuballocatorContract('binned with classes', (options) => {
  const { granularity = 1 } = Object(options) as SuballocatorOptions;
  const classes = [1, 2, 3, 5, 8].map((units) => units * granularity).filter(Number.isSafeInteger);
  return new Binned(withMore(options, { classes: granularity > 0 ? classes : [] }));
});

describeSuballocatorContract(
  'binned over best-fit',
  (options) => new Binned(withMore(options, { parent: BestFit })),
  { restore: (state) => Binned.restore(state, BestFit) },
);
