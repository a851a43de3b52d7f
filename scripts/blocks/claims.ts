/** What the claims in the blocks of documents are checked with. */
import { strictEqual } from 'node:assert/strict';
import { inspect } from 'node:util';

/** Throws unless `value` reads as `expected`: as text, or as `console.log` shows it. */
export function check(value: unknown, expected: string): void {
  const shown = inspect(value, { breakLength: Number.POSITIVE_INFINITY, depth: 4 });
  if (String(value) !== expected) strictEqual(shown, expected);
}

/** Throws unless `act` fails with an error whose code is `expected`. */
export async function checkThrows(act: () => Promise<void>, expected: string): Promise<void> {
  let code: unknown = 'nothing was thrown';
  try {
    await act();
  } catch (error) {
    code = (error as { code?: unknown }).code ?? error;
  }
  strictEqual(code, expected);
}
