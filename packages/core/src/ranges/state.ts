/**
 * State: checks on what `restore` is given, before a suballocator is made of it.
 *
 * Promise  throws `bad-state` for anything that is not a record of `serialize`, before anything is made.
 */
import { show } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';
import type { TableParts } from '../tables/record-table.ts';
import type { SuballocatorOptions, SuballocatorState } from './suballocator.ts';

/** Parts that a saved state may have, all kinds together; each kind looks at its own. */
export interface RangeParts extends TableParts {
  capacityUnits?: number;
  figures?: Float64Array;
  /** Record, slack, record, slack … */
  wideSlacks?: Float64Array;
  walls?: Int32Array;
  bins?: Int32Array;
  /** Whatever else a kind counts or points at, in an order of its own. */
  more?: Float64Array;
}

/**
 * Options of a suballocator that can take a state over: its granularity, and capacity enough to be made.
 * @throws UsageError `bad-state`
 */
export function optionsOf(state: SuballocatorState, kind: string): SuballocatorOptions {
  checkState(state, kind);
  return { capacity: state.granularity, granularity: state.granularity };
}

function checkState(state: SuballocatorState, kind: string): void {
  if (state === null || typeof state !== 'object' || Array.isArray(state))
    refuse(`the state is ${show(state)}`);
  if (state.format !== 'gpuheap-suballocator') refuse(`the state's format is ${show(state.format)}`);
  if (state.version !== 1) refuse(`the state's version is ${show(state.version)}, this one reads 1`);
  if (state.kind !== kind) refuse(`the state's kind is ${show(state.kind)}, not ${kind}`);
  if (!Number.isSafeInteger(state.granularity) || state.granularity < 1) {
    refuse(`the state's granularity is ${show(state.granularity)}`);
  }
  if (state.parts === null || typeof state.parts !== 'object')
    refuse(`the state's parts are ${show(state.parts)}`);
}

function refuse(what: string): never {
  throw new UsageError('bad-state', `${what}; pass what serialize() returned`);
}
