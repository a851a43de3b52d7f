/** Validate capabilities: a kind has the methods that its capabilities name, and no others. */
import type { Suballocator } from '../ranges/suballocator.ts';

/** The methods that a capability stands for. `strategies` stands for `allocateBy`. */
const METHODS = [
  ['allocateAt', 'allocateAt'],
  ['resize', 'resize'],
  ['grow', 'grow'],
  ['shrinkTo', 'shrinkTo'],
  ['track', 'track'],
  ['track', 'untrack'],
  ['track', 'regions'],
  ['freeUpTo', 'mark'],
  ['freeUpTo', 'freeUpTo'],
] as const;

const STRATEGIES: readonly unknown[] = ['min-time', 'min-waste', 'min-offset', 'max-offset'];

/** Adds a sentence for every capability without its methods, and every method without its capability. */
export function checkCapabilities(suballocator: Suballocator, violations: string[]): void {
  const { capabilities } = suballocator;
  for (const [capability, method] of METHODS) {
    checkMethod(suballocator, method, capabilities[capability], capability, violations);
  }
  const { strategies } = capabilities;
  checkMethod(suballocator, 'allocateBy', strategies.length > 0, 'strategies', violations);
  for (const strategy of strategies) {
    if (!STRATEGIES.includes(strategy)) violations.push(`There is no strategy ${String(strategy)}.`);
  }
}

function checkMethod(
  suballocator: Suballocator,
  method: keyof Suballocator,
  isClaimed: boolean,
  capability: string,
  violations: string[],
): void {
  if ((typeof suballocator[method] === 'function') === isClaimed) return;
  violations.push(
    isClaimed
      ? `The capability ${capability} is claimed, but there is no ${method}().`
      : `There is a method ${method}(), but the capability ${capability} is not claimed.`,
  );
}
