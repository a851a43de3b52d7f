/**
 * The suballocator contract under vitest: one test a case.
 *
 *     describeSuballocatorContract('ring', (options) => new Ring(options));
 *
 * Promise  cases are made for what the kind's capabilities name, and no others; none is skipped. The class's
 *          static `restore` is found by itself. A failure prints the seed, the shortest program found and the
 *          command that replays it.
 * Refusal  what the contract leaves to the kind must be said, if it is to be checked: which alignments are
 *          served (`servesAlignment`), what an inexact kind must serve all the same (`mustServe`), how to
 *          restore when the class alone can not (`restore`). See `ContractOptions`.
 *
 *     describeSuballocatorContract('buddy', (options) => new Buddy(options), {
 *       servesAlignment: (alignment, granularity) => isPowerOfTwo(alignment / granularity),
 *       mustServe: ({ size }, holes) => holes.some((hole) => hole.size >= size),
 *     });
 */
import { describe, expect, it } from 'vitest';
import { Checks } from './checks.ts';
import type { ContractOptions, MakeSuballocator } from './contract-case.ts';
import { suballocatorContract } from './suballocator-contract.ts';

/** Declares the whole contract as vitest tests. */
export function describeSuballocatorContract(
  name: string,
  make: MakeSuballocator,
  options: ContractOptions = {},
): void {
  describe(`${name}: suballocator contract`, () => {
    for (const { group, name: what, run } of suballocatorContract(make, { name, ...options })) {
      it(`${group}: ${what}`, () => {
        const check = new Checks();
        run(check);
        expect(check.count).toBeGreaterThan(0);
      });
    }
  });
}
