import type { ContractOptions } from '../../../testing/src/index.ts';
import { scale } from '../../../testing/src/scale.ts';
import { describeSuballocatorContract } from '../../../testing/src/vitest.ts';
import { BestFit, Binned, type BinnedOptions, type SuballocatorOptions } from '../../src/ranges/index.ts';
import { withMore } from './more-options.ts';

describeSuballocatorContract('binned', (options) => new Binned(options));

/** As many as the quick tier has, in the deep one too. */
const QUICK: ContractOptions = {
  randomOperations: scale(60_000, 60_000, 1500),
  seeds: scale(60, 60, 3),
  shorterBy: scale(2, 2, 4),
};

// Derived classes leave small spans to the parent; given ones make slabs of every span.
describeSuballocatorContract(
  'binned with classes',
  (options) => {
    const { granularity = 1 } = Object(options) as SuballocatorOptions;
    const unit = Number.isSafeInteger(granularity) ? granularity : 1;
    const classes = [1, 2, 3, 5, 8].map((units) => units * unit).filter(Number.isSafeInteger);
    return new Binned(withMore<BinnedOptions>(options, { classes }));
  },
  QUICK,
);

describeSuballocatorContract(
  'binned over best-fit',
  (options) => new Binned(withMore<BinnedOptions>(options, { parent: BestFit })),
  { ...QUICK, restore: (state) => Binned.restore(state, BestFit) },
);
