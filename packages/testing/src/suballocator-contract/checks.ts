/**
 * Checks: assertions without a test framework. A check that fails throws; every check is counted, so that a
 * case that checked nothing can be told from one that passed.
 */
import { UsageError } from '@gpuheap/core/errors';

/** A sentence of the contract does not hold. */
export class ContractViolation extends Error {
  override readonly name = 'ContractViolation';
}

/** A text, or how to make it when it is needed. */
export type Text = string | (() => string);

/** The text itself. */
export function textFrom(text: Text): string {
  return typeof text === 'string' ? text : text();
}

/** Counts what it checks; one per case. */
export class Checks {
  /** Checks made so far. */
  count = 0;

  /** Throws ContractViolation unless `holds`; the message is only made when needed. */
  that(holds: boolean, message: Text): asserts holds {
    this.count++;
    if (!holds) throw new ContractViolation(textFrom(message));
  }

  /** Throws ContractViolation. For what was found wrong without a check of its own. */
  fail(message: string): never {
    this.count++;
    throw new ContractViolation(message);
  }

  /** Throws ContractViolation unless both are the same value. */
  same(actual: unknown, expected: unknown, what: string): void {
    this.that(Object.is(actual, expected), () => `${what} is ${shown(actual)}, not ${shown(expected)}.`);
  }

  /** Throws ContractViolation unless `act` throws a UsageError with one of the codes. */
  refuses(act: () => unknown, codes: readonly string[], what: Text): void {
    let answer: unknown;
    try {
      answer = act();
    } catch (error) {
      const code = error instanceof UsageError ? error.code : undefined;
      this.that(
        code !== undefined && codes.includes(code),
        () => `${textFrom(what)} threw ${String(error)}, not a UsageError ${codes.join(' or ')}.`,
      );
      return;
    }
    this.that(false, () => `${textFrom(what)} was accepted and answered ${shown(answer)}.`);
  }
}

/** A value in a few words, for messages; safe for values that refuse to be printed. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'bigint') return `${value}n`;
  if (Object.is(value, -0)) return '-0';
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return String(value);
  return Array.isArray(value) ? `an array of ${value.length}` : `a ${typeof value}`;
}
