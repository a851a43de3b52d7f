/**
 * Assertions without a test framework.
 *
 * Promise  each throws a `BackendContractViolation` that says what was looked at, what was there and what
 *          belongs there.
 */
import { GpuMemoryError } from '@gpuheap/core/errors';

/** A sentence of the port does not hold. */
export class BackendContractViolation extends Error {
  override readonly name = 'BackendContractViolation';
}

/** Throws unless `holds`. */
export function expectThat(holds: boolean, what: string): asserts holds {
  if (!holds) throw new BackendContractViolation(`${what}: does not hold`);
}

/** Throws unless both are the same value. */
export function expectEqual(actual: unknown, expected: unknown, what: string): void {
  if (!Object.is(actual, expected)) {
    throw new BackendContractViolation(`${what}: is ${String(actual)}, not ${String(expected)}`);
  }
}

/** Throws unless `actual` is a Uint8Array with the bytes of `expected`. O(bytes) */
export function expectBytes(actual: unknown, expected: Uint8Array, what: string): void {
  if (!(actual instanceof Uint8Array)) throw new BackendContractViolation(`${what}: is no Uint8Array`);
  expectEqual(actual.length, expected.length, `${what}: byte length`);
  for (let at = 0; at < expected.length; at++) {
    if (actual[at] === expected[at]) continue;
    throw new BackendContractViolation(`${what}: byte ${at} is ${actual[at]}, not ${expected[at]}`);
  }
}

/** Throws unless `act` throws at once an error of ours with one of `codes`. */
export function expectCode(act: () => unknown, codes: string | readonly string[], what: string): void {
  let answer: unknown;
  try {
    answer = act();
  } catch (error) {
    expectErrorCode(error, codes, what);
    return;
  }
  // What was wrongly promised must not surface later, as a rejection that nobody handles.
  if (answer instanceof Promise) answer.catch(() => {});
  throw new BackendContractViolation(`${what}: was accepted, not refused with ${String(codes)}`);
}

/** Rejects unless `promise` rejects with an error of ours with one of `codes`. */
export async function expectRejection(
  promise: Promise<unknown>,
  codes: string | readonly string[],
  what: string,
): Promise<void> {
  let answer: unknown;
  try {
    answer = await promise;
  } catch (error) {
    expectErrorCode(error, codes, what);
    return;
  }
  throw new BackendContractViolation(
    `${what}: resolved with ${String(answer)}, not rejected with ${String(codes)}`,
  );
}

function expectErrorCode(error: unknown, codes: string | readonly string[], what: string): void {
  const known = typeof codes === 'string' ? [codes] : codes;
  if (error instanceof GpuMemoryError && known.includes(error.code)) return;
  throw new BackendContractViolation(
    `${what}: failed with ${String(error)}, not with ${known.join(' or ')}`,
    {
      cause: error,
    },
  );
}
