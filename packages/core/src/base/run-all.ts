/**
 * Run all: steps of an end, each of which is taken whatever becomes of the others.
 *
 * Promise  every step has run once, in order, when it returns or throws; the first error is thrown then.
 */
export function runAll(steps: readonly (() => void)[]): void {
  const errors: unknown[] = [];
  for (const step of steps) {
    try {
      step();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}
