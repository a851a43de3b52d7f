/**
 * Argument checks: one line a rule, the same words everywhere.
 *
 * Cost     O(1); a passed check allocates nothing.
 * Promise  throws a `UsageError` that names the argument, the value and what would be accepted.
 */
import { type UsageCode, UsageError } from './errors.ts';

/**
 * How a value is shown in an error: short, and safe for anything, also for values that refuse to be printed.
 */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'symbol') return 'a symbol';
  if (value === null || typeof value !== 'object') return String(value);
  return Array.isArray(value) ? 'an array' : 'an object';
}

/** Throws unless `value` is an integer in [least, most]. */
export function checkInteger(
  value: unknown,
  name: string,
  least: number,
  most: number,
  code: UsageCode,
): asserts value is number {
  if (!Number.isSafeInteger(value) || (value as number) < least || (value as number) > most) {
    throw new UsageError(
      code,
      `${name} is ${show(value)}; pass an integer from ${least} to ${most === Number.MAX_SAFE_INTEGER ? '2^53-1' : most}`,
    );
  }
}

/** Throws unless `value` is an object whose keys are all in `known`; absent options are fine. */
export function checkOptions(
  value: unknown,
  name: string,
  known: readonly string[],
): asserts value is object {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new UsageError('bad-argument', `${name} is ${show(value)}; pass an object`);
  }
  // Inherited ones are options too: whoever reads them finds them.
  for (const key in value) {
    if (!known.includes(key)) throw unknownOption(name, key, known);
  }
}

/** The error for an option that nobody knows. */
export function unknownOption(name: string, key: string, known: Iterable<string>): UsageError {
  return new UsageError(
    'unknown-option',
    `${name} has no option ${show(key)}; known are ${[...known].join(', ')}`,
  );
}

/** Throws unless `value` is one of `known`. */
export function checkOneOf<T extends string>(
  value: unknown,
  name: string,
  known: readonly T[],
): asserts value is T {
  if (!known.includes(value as T)) {
    throw new UsageError('bad-argument', `${name} is ${show(value)}; pass one of ${known.join(', ')}`);
  }
}

/** Throws unless `value` is a string. */
export function checkText(value: unknown, name: string): asserts value is string {
  if (typeof value === 'string') return;
  throw new UsageError('bad-argument', `${name} is ${show(value)}; pass a string`);
}
