/** Allocation movers: the allocations of a heap, as a pass of moves sees them. */
import type { Chunk, RangeOwner } from '../memory/chunk.ts';
import type { Movable, Movers } from '../movement/movable.ts';
import type { Allocation } from './allocation.ts';
import { allocationOf } from './books.ts';
import type { Keeper } from './keeper.ts';
import { chunksOf } from './mover.ts';

export class AllocationMovers<Buffer> implements Movers<Buffer> {
  private readonly keeper: Keeper<Buffer>;

  constructor(keeper: Keeper<Buffer>) {
    this.keeper = keeper;
  }

  movableOf(owner: RangeOwner): Movable<Buffer> | undefined {
    const allocation = allocationOf<Buffer>(owner);
    // What other timelines use is not in order with copies on the first.
    return allocation?.timelines === undefined ? allocation : undefined;
  }

  apartFrom(movable: Movable<Buffer>): readonly Chunk<Buffer>[] {
    const { apart } = movable as Allocation<Buffer>;
    return apart === undefined ? [] : (chunksOf(apart) ?? []);
  }

  moved(movable: Movable<Buffer>, used: number): void {
    this.keeper.noteSize(movable as Allocation<Buffer>, movable.size, used);
  }
}
