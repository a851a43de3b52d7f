/** Arguments: checks that several kinds share beyond those of `RangeRecords`. */
import { show } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';
import type { Strategy } from './suballocator.ts';

/** @throws UsageError `bad-argument` unless the strategy is one of `known` */
export function checkStrategy(strategy: unknown, known: readonly Strategy[]): asserts strategy is Strategy {
  if (known.includes(strategy as Strategy)) return;
  throw new UsageError('bad-argument', `strategy is ${show(strategy)}; pass one of ${known.join(', ')}`);
}
