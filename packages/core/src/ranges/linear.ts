/**
 * Linear: one offset after the other, from both ends. A bump suballocator, a stack, and a double-ended stack:
 * for what ends together, such as a load's staging from below and a frame's constants from above.
 *
 * Layout   the chain of `live-ranges.ts`; `front` is the top of the stack that grows from below, and what
 *          follows it is the top of the one that grows from above.
 *
 *            [ live 12 ][ buried 20 ][ live 8 ][ middle 60 ][ live 30 ]
 *                                        ↑ front                ↑ from above
 *
 *          Only the middle serves requests. Freeing `live 8` makes it 88, freeing `live 30` makes it 90.
 * Cost     everything O(1), statistics too, without a search of any kind; `reset`, `serialize` and a walk
 *          over `ranges()`: O(ranges).
 * Promise  offsets from below ascend, and those from above descend, until a top is freed. The top of either
 *          stack gives its space back at once, with whatever lay buried beside it. Where everything has been
 *          freed, all is as it was at first.
 * Refusal  what lies buried (freed under a top, left by `resize`, or skipped for alignment) is free, and
 *          shown by `ranges()`, yet serves no request: ask `largestAllocatable`, not
 *          `statistics().largestFree`, which is the middle or, where that is more, the free space shared out
 *          among the holes. What `grow` gains while ranges live at the upper end lies buried above them. 2^21
 *          - 1 live ranges at most: then NO_SPACE.
 * Source   arena and stack allocators, e.g. D. Hanson, "Fast allocation and deallocation of memory based on
 *          object lifetimes", Software: Practice and Experience 20 (1990).
 */
import { type Handle, paddingAt, type Units } from '../base/quantities.ts';
import { checkStrategy } from './arguments.ts';
import { LiveRanges } from './live-ranges.ts';
import { optionsOf, type RangeParts } from './state.ts';
import {
  NO_SPACE,
  type Strategy,
  type SuballocatorCapabilities,
  type SuballocatorOptions,
  type SuballocatorState,
} from './suballocator.ts';

// Cells of a record, as in live-ranges.ts; constants of this file are faster than imports.
const SIZE = 1; // units
const OFFSET = 2; // first unit
const PREVIOUS = 4; // the range to the left
const NEXT = 5; // the range to the right
const STRIDE = 6;
const NIL = 0;

const CAPABILITIES: SuballocatorCapabilities = {
  freesInAnyOrder: false,
  anyAlignment: true,
  exact: false,
  exactSizes: true,
  mergesNeighbours: true,
  exactLargestFree: false,
  strategies: ['min-time', 'min-offset', 'max-offset'],
  allocateAt: false,
  resize: true,
  grow: true,
  shrinkTo: true,
  track: false,
  freeUpTo: false,
};

/** One offset after the other, from both ends, for what ends together. O(1), without a search. */
export class Linear extends LiveRanges {
  readonly kind = 'linear';
  readonly capabilities: SuballocatorCapabilities = CAPABILITIES;
  private highUnits: Units = 0;

  /** @throws UsageError `bad-argument`, `unknown-option`, `bad-capacity`, `bad-granularity` */
  constructor(options: SuballocatorOptions) {
    super(options, STRIDE);
  }

  /**
   * The suballocator that `serialize` was asked of, as it was then; its handles are valid in this one.
   * O(ranges).
   * @throws UsageError `bad-state`
   */
  static restore(state: SuballocatorState): Linear {
    return new Linear(optionsOf(state, 'linear')).load(state);
  }

  /** Takes the lowest offset of the middle. */
  allocate(size: number, alignment = 1): Handle {
    return this.allocateLow(this.unitsOfSize(size), this.unitsOfAlignment(alignment), size);
  }

  /** `max-offset`: from the upper end of the span; the others: as `allocate`. */
  allocateBy(strategy: Strategy, size: number, alignment = 1): Handle {
    checkStrategy(strategy, this.capabilities.strategies);
    const units = this.unitsOfSize(size);
    const alignmentUnits = this.unitsOfAlignment(alignment);
    const isHigh = strategy === 'max-offset';
    return isHigh
      ? this.allocateHigh(units, alignmentUnits, size)
      : this.allocateLow(units, alignmentUnits, size);
  }

  private allocateLow(units: Units, alignment: Units, requested: number): Handle {
    const { cells, front } = this;
    const from = cells[front + OFFSET] + cells[front + SIZE];
    const padding = alignment === 1 ? 0 : paddingAt(from, alignment);
    if (units > cells[cells[front + NEXT] + OFFSET] - from - padding) return NO_SPACE;
    const n = this.take();
    if (n === NIL) return NO_SPACE;
    this.insert(n, front, from + padding, units);
    this.front = n;
    this.noteHigh();
    return this.begin(n, units, requested);
  }

  private allocateHigh(units: Units, alignment: Units, requested: number): Handle {
    const low = this.endOf(this.front);
    const highest = this.cells[this.cells[this.front + NEXT] + OFFSET] - units;
    // Below 0 the remainder would round up.
    const offset = highest < low ? highest : highest - (highest % alignment);
    if (offset < low) return NO_SPACE;
    const n = this.take();
    if (n === NIL) return NO_SPACE;
    this.insert(n, this.front, offset, units);
    return this.begin(n, units, requested);
  }

  free(handle: Handle): void {
    const n = this.find(handle);
    if (n === this.front) this.front = this.cells[n + PREVIOUS];
    this.remove(n);
  }

  override resize(handle: Handle, size: number): boolean {
    const isDone = super.resize(handle, size);
    this.noteHigh();
    return isDone;
  }

  /**
   * What the middle can hold; holes that lie buried do not count. O(1). @throws UsageError `bad-alignment`
   */
  largestAllocatable(alignment = 1): number {
    return this.alignedRoomBehind(this.front, this.unitsOfAlignment(alignment)) * this.granularity;
  }

  /**
   * Bytes up to the highest end that a range from below ever had, since construction. While nothing is
   * allocated from the upper end: the capacity that would have been enough. Ranges from the upper end do not
   * count.
   */
  get highWater(): number {
    return this.highUnits * this.granularity;
  }

  private noteHigh(): void {
    const end = this.endOf(this.front);
    if (end > this.highUnits) this.highUnits = end;
  }

  protected longestHole(): Units {
    return this.boundFrom(this.roomBehind(this.front));
  }

  protected override saveParts(parts: RangeParts): void {
    parts.more = Float64Array.of(this.front, this.highUnits);
  }

  protected override loadParts(parts: Readonly<RangeParts>): boolean {
    if (!super.loadParts(parts) || parts.more?.length !== 2) return false;
    this.highUnits = parts.more[1];
    return Number.isInteger(this.highUnits) && this.highUnits >= this.endOf(this.front);
  }
}
