/**
 * Ranges in regions: linked ranges whose span is one region at first and may become several, and may grow and
 * shrink.
 *
 * Layout   between two regions stands a wall, a record that looks live and is as long as the gap (0 where the
 *          regions touch), so that nothing merges across a border that may be removed. The wall around them
 *          all is record 0; its length is the gap in front of the first region.
 *
 *            wall [ live 12 ][ free 20 ][ live 8 ] wall [ free 60 ] wall       the last wall is the first
 *
 * Cost     track, untrack, regions: O(regions); grow, shrinkTo: O(1) beside what the kind does; reset:
 *          O(ranges).
 * Promise  a region with a live range in it is never let go.
 */
import { UsageError } from '../base/errors.ts';
import { MAX_UNITS, type Units } from '../base/quantities.ts';
import { NIL } from '../tables/record-table.ts';
import { LinkedRanges } from './linked-ranges.ts';
import type { RangeParts } from './state.ts';
import type { RegionView, Suballocator, SuballocatorCapabilities } from './suballocator.ts';

// Cells of a record, as in linked-ranges.ts.
const NAME = 0; // negative while the range is free
const SIZE = 1; // units
const OFFSET = 2; // live or wall: first unit
const PREVIOUS = 4; // the range to the left
const NEXT = 5; // the range to the right
/** The wall before the first region and behind the last. */
const WALL = 0;

/** What the kinds over this class have in common. */
export const CAPABILITIES_IN_REGIONS: SuballocatorCapabilities = {
  freesInAnyOrder: true,
  anyAlignment: true,
  exact: true,
  exactSizes: true,
  mergesNeighbours: true,
  exactLargestFree: true,
  strategies: ['min-time', 'min-waste', 'min-offset', 'max-offset'],
  allocateAt: true,
  resize: true,
  grow: true,
  shrinkTo: true,
  track: true,
  freeUpTo: false,
};

/** See the head of the file. */
export abstract class RangesInRegions extends LinkedRanges implements Suballocator {
  /** The walls between regions, in offset order; the one around them all is not listed. */
  private walls: number[] = [];

  /** Forgets all holes. */
  protected abstract clearHoles(): void;

  /** Holes may be as long as `capacityUnits` from now on. */
  protected abstract makeRoom(): void;

  reset(): void {
    const regions = this.regions();
    this.clear();
    this.clearHoles();
    this.makeRegions(regions);
    this.countReset(regions.length);
  }

  grow(capacity: number): void {
    const more = this.unitsOfCapacity(capacity) - this.capacityUnits;
    this.checkOneRegion(capacity, more >= 0);
    if (more === 0) return;
    const last = this.cells[WALL + PREVIOUS];
    const isHole = this.cells[last + NAME] < 0;
    const hole = isHole ? last : this.take();
    if (hole === NIL) throw this.tooFullToGrow();
    this.capacityUnits += more;
    this.makeRoom();
    if (isHole) {
      this.resizeHole(hole, this.cells[hole + SIZE] + more);
      return;
    }
    this.cells[hole + SIZE] = more;
    this.linkAfter(last, hole);
    this.addHole(hole);
    this.addedCount++;
  }

  shrinkTo(capacity: number): boolean {
    const less = this.capacityUnits - this.unitsOfCapacity(capacity);
    this.checkOneRegion(capacity, less >= 0);
    if (less === 0) return true;
    const last = this.cells[WALL + PREVIOUS];
    const free = this.cells[last + NAME] < 0 ? this.cells[last + SIZE] : 0;
    if (free < less) return false;
    this.capacityUnits -= less;
    if (free > less) {
      this.resizeHole(last, free - less);
      return true;
    }
    this.removeHole(last);
    this.unlink(last);
    this.give(last);
    this.addedCount--;
    return true;
  }

  track(offset: number, size: number): void {
    const from = this.unitsOfOffset(offset);
    const units = this.unitsOfSize(size);
    if (size % this.granularity !== 0) {
      throw new UsageError(
        'bad-size',
        `size ${size} is not a multiple of the granularity ${this.granularity}`,
      );
    }
    const to = from + units;
    if (to > MAX_UNITS) {
      throw new UsageError('bad-region', `the region would end at unit ${to}, the last is ${MAX_UNITS}`);
    }
    const regions = this.regions();
    const end = offset + size;
    const other = regions.find((region) => offset < region.offset + region.size && region.offset < end);
    if (other !== undefined) {
      const { offset: otherOffset, size: otherSize } = other;
      throw new UsageError(
        'bad-region',
        `[${offset}, ${end}) overlaps the region [${otherOffset}, ${otherOffset + otherSize}); track each byte once`,
      );
    }
    this.insertRegion(from, units);
  }

  untrack(offset: number): boolean {
    const at = this.unitsOfOffset(offset);
    const cells = this.cells;
    const before = [WALL, ...this.walls].find((wall) => cells[wall + OFFSET] + cells[wall + SIZE] === at);
    if (before === undefined || cells[before + NEXT] === WALL) {
      const known = this.regions().map((region) => region.offset);
      throw new UsageError(
        'bad-region',
        `no region begins at ${offset}; regions begin at ${known.join(', ')}`,
      );
    }
    const hole = cells[before + NEXT];
    const after = cells[hole + NEXT];
    if (cells[hole + NAME] > 0 || !this.isWall(after)) return false;
    const units = cells[hole + SIZE];
    this.removeHole(hole);
    this.unlink(hole);
    this.give(hole);
    this.addedCount--;
    this.capacityUnits -= units;
    if (after === WALL) {
      if (before !== WALL) this.dropWall(before);
      return true;
    }
    cells[before + SIZE] += units + cells[after + SIZE];
    this.dropWall(after);
    return true;
  }

  regions(): readonly RegionView[] {
    const { cells, granularity } = this;
    const regions: RegionView[] = [];
    let from = cells[WALL + SIZE];
    for (const wall of [...this.walls, WALL]) {
      const to = wall === WALL ? this.endOfSpan() : cells[wall + OFFSET];
      if (to > from) regions.push({ offset: from * granularity, size: (to - from) * granularity });
      from = cells[wall + OFFSET] + cells[wall + SIZE];
    }
    return regions;
  }

  protected saveParts(parts: RangeParts): void {
    parts.walls = Int32Array.from(this.walls);
  }

  protected loadParts(parts: Readonly<RangeParts>): boolean {
    if (!(parts.walls instanceof Int32Array)) return false;
    this.walls = [...parts.walls];
    return this.hasSoundLinks();
  }

  /** Manages the regions given in bytes, with a hole in each; the table is empty. */
  protected makeRegions(regions: readonly RegionView[]): void {
    this.walls = [];
    this.cells[WALL + SIZE] = 0;
    this.unlinkAll();
    this.capacityUnits = 0;
    for (const { offset, size } of regions) {
      this.insertRegion(offset / this.granularity, size / this.granularity);
    }
  }

  private insertRegion(from: Units, units: Units): void {
    const isOnly = this.cells[WALL + NEXT] === WALL;
    const hole = this.take();
    const wall = isOnly ? WALL : this.take();
    if (hole === NIL || (!isOnly && wall === NIL)) {
      if (hole !== NIL) this.give(hole);
      throw new UsageError('bad-region', 'the tables are full; free some ranges before you track a region');
    }
    const cells = this.cells;
    cells[hole + SIZE] = units;
    if (isOnly) {
      cells[WALL + SIZE] = from;
      this.linkAfter(WALL, hole);
    } else this.insertBesideOthers(hole, wall, from);
    this.capacityUnits += units;
    this.makeRoom();
    this.addHole(hole);
    this.addedCount++;
  }

  /**
   * Puts a hole that begins at `from`, and a wall that parts it from the regions there are, in their place.
   */
  private insertBesideOthers(hole: number, wall: number, from: Units): void {
    const cells = this.cells;
    const to = from + cells[hole + SIZE];
    const end = this.endOfSpan();
    this.makeNameless(wall);
    if (from >= end) {
      cells[wall + OFFSET] = end;
      cells[wall + SIZE] = from - end;
      this.linkAfter(cells[WALL + PREVIOUS], wall);
      this.linkAfter(wall, hole);
      this.walls.push(wall);
      return;
    }
    // The gap that the region lies in: in front of all, or at one of the walls.
    const at = this.walls.findIndex(
      (each) => from < cells[each + OFFSET] + cells[each + SIZE] && from >= cells[each + OFFSET],
    );
    const gap = from < cells[WALL + SIZE] ? WALL : this.walls[at];
    cells[wall + OFFSET] = to;
    cells[wall + SIZE] = cells[gap + OFFSET] + cells[gap + SIZE] - to;
    cells[gap + SIZE] = from - cells[gap + OFFSET];
    this.linkAfter(gap, hole);
    this.linkAfter(hole, wall);
    this.walls.splice(at + 1, 0, wall);
  }

  private dropWall(wall: number): void {
    this.walls.splice(this.walls.indexOf(wall), 1);
    this.unlink(wall);
    this.giveNameless(wall);
  }

  private checkOneRegion(capacity: number, isPossible: boolean): void {
    if (this.walls.length > 0 || this.cells[WALL + SIZE] !== 0 || this.capacityUnits === 0) {
      throw new UsageError(
        'bad-region',
        'grow and shrinkTo are for a span that is one region from 0; use track',
      );
    }
    if (!isPossible) throw this.wrongSide(capacity);
  }

  /** The first unit behind everything. */
  private endOfSpan(): Units {
    const last = this.cells[WALL + PREVIOUS];
    if (last === WALL) return 0;
    return (
      (this.isLive(last) ? this.cells[last + OFFSET] : this.offsetOfHole(last)) + this.cells[last + SIZE]
    );
  }

  /** Whether the ranges form one closed chain that tiles the regions and agrees with the figures. */
  private hasSoundLinks(): boolean {
    const { cells } = this;
    const counts = { live: 0, holes: 0, used: 0, free: 0, walls: 0 };
    let reached = cells[WALL + SIZE];
    let previous = WALL;
    if (cells[WALL + OFFSET] !== 0 || reached < 0) return false;
    // It ends: each range has one on its left, so that the way never leads back into itself.
    for (let n = cells[WALL + NEXT]; n !== WALL; n = cells[n + NEXT]) {
      const isThere = this.isRecord(n) && cells[n + PREVIOUS] === previous;
      if (!isThere || cells[n + SIZE] < (this.isWall(n) ? 0 : 1)) return false;
      if (this.isLive(n) && cells[n + OFFSET] !== reached) return false;
      if (!this.isLive(n) && !this.isLive(previous)) return false;
      if (this.isWall(n)) {
        if (this.walls[counts.walls++] !== n) return false;
      } else if (this.isLive(n)) {
        counts.live++;
        counts.used += cells[n + SIZE];
      } else {
        counts.holes++;
        counts.free += cells[n + SIZE];
      }
      reached += cells[n + SIZE];
      previous = n;
    }
    return (
      cells[WALL + PREVIOUS] === previous &&
      reached <= MAX_UNITS &&
      counts.walls === this.walls.length &&
      counts.live === this.liveCount &&
      counts.holes === this.holeCount &&
      counts.used === this.usedUnits &&
      counts.used + counts.free === this.capacityUnits
    );
  }
}
