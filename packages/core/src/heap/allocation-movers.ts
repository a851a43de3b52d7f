/** Allocation movers: the allocations of a heap, as a pass of moves sees them. */
import type { Chunk, RangeOwner } from '../memory/chunk.ts';
import type { Movable, Movers } from '../movement/defragmentation/movable.ts';
import type { Allocation } from './allocation.ts';
import type { Keeper } from './keeper.ts';

export class AllocationMovers<Buffer> implements Movers<Buffer> {
  private readonly keeper: Keeper<Buffer>;

  constructor(keeper: Keeper<Buffer>) {
    this.keeper = keeper;
  }

  movableOf(owner: RangeOwner): Movable<Buffer> | undefined {
    // Who can be copied away to be evicted can be copied elsewhere.
    return this.keeper.evictions.residentOf(owner);
  }

  apartFrom(movable: Movable<Buffer>): readonly Chunk<Buffer>[] {
    return this.keeper.evictions.apartFrom(movable as Allocation<Buffer>);
  }

  moved(movable: Movable<Buffer>, used: number): void {
    this.keeper.noteSize(movable as Allocation<Buffer>, movable.size, used);
  }
}
