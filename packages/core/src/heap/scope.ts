/**
 * Scope: moves what must move so that one dispatch or render pass may bind a set of allocations.
 */

import type { ScopeBinding } from '../backend/scope-bindings.ts';
import { planScope } from '../backend/scope-plan.ts';
import { checkScope } from '../backend/usage-scope.ts';
import { show } from '../base/check.ts';
import { UsageError } from '../base/errors.ts';
import type { Chunk } from '../memory/chunk.ts';
import type { Pool } from '../memory/pool.ts';
import type { Allocation } from './allocation.ts';
import type { Keeper } from './keeper.ts';

/** One binding of a scope: which allocation, and how a shader or a draw uses it. */
export type HeapBinding<Buffer> = ScopeBinding<Buffer, Allocation<Buffer>>;

/**
 * Answers the allocations that were moved.
 * @throws UsageError `bad-argument`, `foreign-object`, `dead-allocation`
 * @throws UsageError `scope-conflict` when no move can make the scope legal, and then nothing has moved
 * @throws OutOfMemoryError · BackendError; what was moved before has moved
 */
export function resolveScope<Buffer>(
  keeper: Keeper<Buffer>,
  bindings: readonly HeapBinding<Buffer>[],
): Allocation<Buffer>[] {
  const unchecked: unknown = bindings;
  if (!Array.isArray(unchecked)) {
    throw new UsageError('bad-argument', `bindings is ${show(unchecked)}; pass an array of bindings`);
  }
  for (const binding of bindings) keeper.own(binding?.allocation, "a binding's allocation");
  if (checkScope(bindings) === undefined) return [];
  const wholes = bindings.map((binding) => asWhole(binding));
  const { moves, unresolved } = planScope(wholes, {
    isMovable: (allocation) => keeper.mover.isMovable(allocation),
  });
  const [conflict] = unresolved;
  if (conflict !== undefined) throw new UsageError('scope-conflict', conflict.message);
  for (const { allocation, apartFrom } of moves) {
    const apart = apartFrom.map((other) => other.home());
    keeper.mover.move(allocation, poolOf(allocation), allocation.size, [...new Set<Chunk<Buffer>>(apart)]);
  }
  const left = checkScope(bindings);
  if (left !== undefined) throw new UsageError('scope-conflict', left.message);
  return moves.map(({ allocation }) => allocation);
}

/** A member of a block moves as the block does. */
function asWhole<Buffer>(binding: HeapBinding<Buffer>): HeapBinding<Buffer> {
  const { allocation, offset = 0, size = Math.ceil((allocation.size - offset) / 4) * 4 } = binding;
  const { block } = allocation;
  if (block === undefined) return binding;
  return { ...binding, allocation: block, offset: allocation.delta + offset, size };
}

function poolOf<Buffer>(allocation: Allocation<Buffer>): Pool<Buffer> {
  return allocation.home().pool as Pool<Buffer>;
}
