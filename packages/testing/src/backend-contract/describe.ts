/** The backend contract under vitest. */
import { describe, expect, it } from 'vitest';
import { backendContractFor } from './backend-contract.ts';
import type { BackendContractEnvironment } from './contract-case.ts';

/**
 * Declares every case that makes sense in `environment` as a test: `describeBackendContract('mock',
 * environment)`.
 */
export function describeBackendContract<Buffer>(
  name: string,
  environment: BackendContractEnvironment<Buffer>,
): void {
  describe(`${name}: backend contract`, () => {
    for (const { name: sentence, run } of backendContractFor(environment)) {
      it(sentence, async () => {
        await expect(run(environment)).resolves.toBeUndefined();
      });
    }
  });
}
