import type { SuballocatorOptions } from '@gpuheap/core/ranges';
import { describe, expect, it } from 'vitest';
import { type ContractOptions, ReferenceSuballocator, suballocatorContract } from '../../src/index.ts';
import { describeSuballocatorContract } from '../../src/vitest.ts';
import { Bare, FewAlignments, Pairs, RingLike, Stack } from './stand-ins.ts';

// Their operations are O(ranges), some O(ranges²).
const SHORT: ContractOptions = { randomOperations: 6_000, seeds: 20, shorterBy: 3, workloads: false };

describeSuballocatorContract('reference', (options) => new ReferenceSuballocator(options), SHORT);

type Kind = new (options: SuballocatorOptions) => ReferenceSuballocator;

function optionsOf(StandIn: Kind): ContractOptions {
  return {
    ...SHORT,
    restore: (state) => ReferenceSuballocator.restore(state, (options) => new StandIn(options)),
  };
}

for (const StandIn of [Bare, Pairs, Stack, RingLike]) {
  describeSuballocatorContract(StandIn.name, (options) => new StandIn(options), optionsOf(StandIn));
}

describeSuballocatorContract('FewAlignments', (options) => new FewAlignments(options), {
  ...optionsOf(FewAlignments),
  servesAlignment: (alignment, granularity) => alignment % granularity === 0 || granularity % alignment === 0,
});

describe('cases', () => {
  const groupsOf = (StandIn: Kind): Set<string> => {
    const cases = suballocatorContract((options) => new StandIn(options), optionsOf(StandIn));
    return new Set(cases.map(({ group }) => group));
  };

  it('are those that the capabilities name', () => {
    const all = groupsOf(ReferenceSuballocator);
    const optional = ['allocateBy', 'allocateAt', 'resize', 'grow and shrinkTo', 'track and untrack'];
    expect([...all]).toEqual(expect.arrayContaining([...optional, 'mark and freeUpTo']));
    const bare = groupsOf(Bare);
    expect([...all].filter((group) => !bare.has(group))).toEqual([...optional, 'mark and freeUpTo']);
    expect(groupsOf(RingLike)).toContain('mark and freeUpTo');
    expect(groupsOf(FewAlignments)).toContain('allocateBy');
    expect(groupsOf(Stack)).not.toContain('accepts what the reference accepts');
  });
});
