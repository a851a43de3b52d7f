/**
 * Texture room: the budget of a heap for its textures, with all that is tried before one is refused.
 *
 * Promise  what is due is reclaimed, what lies idle goes where that helps, and the application is asked, as
 *          for a buffer. What was claimed before a loss of the device counts no more.
 */
import type { Memory } from './memory.ts';
import type { TextureBudget } from './texture-claims.ts';

/** The budget of a heap as long as it stays on its device. */
export function textureBudgetOf(memory: Memory<unknown>): TextureBudget {
  const { backend, epoch } = memory;
  return {
    claim: (bytes) => {
      if (memory.epoch !== epoch) return;
      if (!backend.mayReserve(bytes)) makeRoom(memory, bytes);
      const mayTry = !backend.mayReserve(bytes) && memory.ladder.askForMemory(bytes, 'over-budget');
      // Asked for memory, the application may have rebuilt the heap.
      if (memory.epoch !== epoch) return;
      if (mayTry) makeRoom(memory, bytes);
      backend.claim(bytes);
    },
    unclaim: (bytes) => {
      if (memory.epoch === epoch) backend.unclaim(bytes);
    },
  };
}

function makeRoom(memory: Memory<unknown>, bytes: number): void {
  const { backend, followers } = memory;
  memory.reclaim();
  // Nothing is given back in vain.
  const idleBytes = memory.pools.reduce(
    (sum, pool) => sum + pool.shrinkable((chunk) => chunk.rangeCount === 0).bytes,
    followers.idleBytes,
  );
  if (!backend.mayReserve(bytes - idleBytes)) return;
  memory.chunks.trimTo(Math.max(0, backend.budgetBytes - bytes));
  if (!backend.mayReserve(bytes)) followers.trim();
}
