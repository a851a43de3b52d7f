/** Validate capabilities: a kind has the methods that its capabilities name, and no others. */
import type { Suballocator, SuballocatorCapabilities } from '../ranges/suballocator.ts';

/** Which methods a capability stands for. `strategies` stands for its own. */
const METHODS: Readonly<Partial<Record<keyof SuballocatorCapabilities, readonly (keyof Suballocator)[]>>> = {
  allocateAt: ['allocateAt'],
  resize: ['resize'],
  grow: ['grow'],
  shrinkTo: ['shrinkTo'],
  track: ['track', 'untrack', 'regions'],
  freeUpTo: ['mark', 'freeUpTo'],
};

const STRATEGIES: readonly unknown[] = ['min-time', 'min-waste', 'min-offset', 'max-offset'];

/** Adds a sentence for every capability without its methods, and every method without its capability. */
export function checkCapabilities(suballocator: Suballocator, violations: string[]): void {
  const { capabilities } = suballocator;
  for (const name in METHODS) {
    const isClaimed = capabilities[name as 'resize'];
    for (const method of METHODS[name as 'resize'] as readonly (keyof Suballocator)[]) {
      checkMethod(suballocator, method, isClaimed, name, violations);
    }
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
