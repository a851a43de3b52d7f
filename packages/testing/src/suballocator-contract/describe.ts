/** The suballocator contract under vitest. */
import { describe, expect, it } from 'vitest';
import { Checks } from './checks.ts';
import type { ContractOptions, MakeSuballocator } from './contract-case.ts';
import { suballocatorContract } from './suballocator-contract.ts';

/**
 * Declares the whole contract as vitest tests:
 * `describeSuballocatorContract('tlsf', (options) => new Tlsf(options))`.
 */
export function describeSuballocatorContract(
  name: string,
  make: MakeSuballocator,
  options: ContractOptions = {},
): void {
  describe(`${name}: suballocator contract`, () => {
    for (const { group, name: what, run } of suballocatorContract(make, options)) {
      it(`${group}: ${what}`, () => {
        const check = new Checks();
        run(check);
        expect(check.count).toBeGreaterThan(0);
      });
    }
  });
}
