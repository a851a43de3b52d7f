import { describe, expect, it } from 'vitest';
import {
  Checks,
  ContractViolation,
  type MakeSuballocator,
  ReferenceSuballocator,
  suballocatorContract,
} from '../../src/index.ts';
import { BROKEN } from './broken-suballocators.ts';

const SHORT = { randomOperations: 6000, seeds: 20, shorterBy: 4, workloads: false };

/** What a run of all cases, or of those of one group, throws first. */
function complaintOf(make: MakeSuballocator, group?: string): unknown {
  for (const contractCase of suballocatorContract(make, SHORT)) {
    if (group !== undefined && contractCase.group !== group) continue;
    try {
      contractCase.run(new Checks());
    } catch (error) {
      return error;
    }
  }
  return undefined;
}

/** Faults that need a second instance, or options that no program has. */
const HARD_FOR_RANDOM = new Set([
  'handles of another instance are accepted',
  'a string is taken for a handle',
  'placement depends on what other instances did',
  'unknown options are ignored',
]);

describe('canary: the contract suite refuses', () => {
  it.each(BROKEN)('%s', (_fault, Kind) => {
    expect(complaintOf((options) => new Kind(options))).toBeInstanceOf(Error);
  });

  const easy = BROKEN.filter(([fault]) => !HARD_FOR_RANDOM.has(fault));
  it.each(easy)('%s, by random operations alone', (_fault, Kind) => {
    const complaint = complaintOf((options) => new Kind(options), 'random operations');
    expect(complaint).toBeInstanceOf(ContractViolation);
    const { message } = complaint as ContractViolation;
    expect(message).toMatch(/seed \d+: /);
    expect(message).toMatch(/shortest program found, [12]?\d of \d+ operations/);
    expect(message).toMatch(/GPUHEAP_SEED=\d+ npx vitest/);
  });

  it('nothing about the reference', () => {
    const make: MakeSuballocator = (options) => new ReferenceSuballocator(options);
    for (const group of ['construction', 'arguments', 'handles', 'placement', 'random operations']) {
      expect(complaintOf(make, group)).toBeUndefined();
    }
  });
});
